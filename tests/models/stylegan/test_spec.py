"""What cannot work is refused with the field, its value and the range."""

from typing import Any

import pytest

from allaprima.errors import ConfigError
from tests.models.stylegan.small import small_discriminator, small_generator

ODD = "it must be an odd number of taps, of a sum other than 0, or none"
OF_GENERATORS = [
    ("height", 0, "an image of 0×8 pixels"),
    ("z_dim", 0, "z_dim is 0: it must be at least 1"),
    ("w_dim", 0, "w_dim is 0: it must be at least 1"),
    ("map_depth", -1, "map_depth is -1: it must be at least 0"),
    ("map_lr_multiplier", 0, "map_lr_multiplier is 0: it must be more than 0"),
    ("w_avg_beta", 1.5, "w_avg_beta is 1.5: it must be between 0 and 1"),
    ("use_styles", False, "const_input is True: it must be False if use_styles is False, or no layer would see w"),
    ("blur_filter", (1, 1), f"blur_filter is (1, 1): {ODD}"),
    ("blur_filter", (1, -2, 1), f"blur_filter is (1, -2, 1): {ODD}"),
]
OF_DISCRIMINATORS = [
    ("width", 0, "an image of 8×0 pixels"),
    ("mbstd_group", 0, "mbstd_group is 0: it must be at least 1, or None"),
    ("blur_filter", (1, 3, 3, 1), f"blur_filter is (1, 3, 3, 1): {ODD}"),
]


@pytest.mark.parametrize(("field", "value", "sentence"), OF_GENERATORS)
def test_fields_of_a_generator(field: str, value: Any, sentence: str) -> None:
    with pytest.raises(ConfigError) as error:
        small_generator(**{"height": 8, "width": 8, field: value})
    assert sentence in str(error.value)


@pytest.mark.parametrize(("field", "value", "sentence"), OF_DISCRIMINATORS)
def test_fields_of_a_discriminator(field: str, value: Any, sentence: str) -> None:
    with pytest.raises(ConfigError) as error:
        small_discriminator(**{"height": 8, "width": 8, field: value})
    assert sentence in str(error.value)


def test_without_a_mapping_w_is_z_and_must_have_its_size() -> None:
    small_generator(8, 8, map_depth=0)
    small_generator(8, 8, map_depth=0, c_dim=3, w_dim=16)
    with pytest.raises(ConfigError, match="w_dim is 8: it must be 16, the size of z with its label, if map_depth is 0"):
        small_generator(8, 8, map_depth=0, c_dim=3)


def test_two_styles_for_each_resolution() -> None:
    assert small_generator(1024, 1024).num_ws == 18
    assert small_generator(24, 24).num_ws == 6
    assert small_generator(3, 9).num_ws == 2
