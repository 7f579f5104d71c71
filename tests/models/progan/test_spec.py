"""What cannot work is refused with the field, its value and the range."""

from typing import Any

import pytest

from allaprima.errors import ConfigError
from tests.models.progan.small import small_discriminator, small_generator

BOTH = [
    ("height", 0, "an image of 0×8 pixels"),
    ("img_channels", 0, "img_channels is 0: it must be at least 1"),
    ("c_dim", -1, "c_dim is -1: it must be at least 0"),
    ("channel_base", 0, "channel_base is 0: it must be at least 1"),
    ("channel_max", 0, "channel_max is 0: it must be at least 1"),
    ("num_fp16_res", -1, "num_fp16_res is -1: it must be at least 0"),
    ("conv_clamp", 0, "conv_clamp is 0: it must be more than 0, or None"),
]
OF_DISCRIMINATORS = [
    ("mbstd_group", 0, "mbstd_group is 0: it must be at least 1, or None"),
    ("mbstd_num_channels", 3, "mbstd_num_channels is 3: it must be 0 or a divisor of the 8 feature maps"),
    ("mbstd_num_channels", -1, "mbstd_num_channels is -1"),
]


@pytest.mark.parametrize(("field", "value", "sentence"), [*BOTH, ("z_dim", 0, "z_dim is 0: it must be at least 1")])
def test_fields_of_a_generator(field: str, value: Any, sentence: str) -> None:
    with pytest.raises(ConfigError) as error:
        small_generator(**{"height": 8, "width": 8, field: value})
    assert sentence in str(error.value)


@pytest.mark.parametrize(("field", "value", "sentence"), BOTH + OF_DISCRIMINATORS)
def test_fields_of_a_discriminator(field: str, value: Any, sentence: str) -> None:
    with pytest.raises(ConfigError) as error:
        small_discriminator(**{"height": 8, "width": 8, field: value})
    assert sentence in str(error.value)


@pytest.mark.parametrize("make", [small_generator, small_discriminator])
def test_the_finest_resolutions_but_never_4_may_be_half(make: Any) -> None:
    for count, halves in ((0, set()), (1, {32}), (2, {16, 32}), (9, {8, 16, 32})):
        spec = make(32, 32, num_fp16_res=count)
        assert {r for r in spec.geometry.resolutions if spec.is_half(r)} == halves


def test_the_label_is_part_of_w() -> None:
    assert (small_generator(8, 8, c_dim=3).w_dim, small_generator(8, 8).w_dim) == (11, 8)
    assert small_generator(8, 8).num_ws == 1
