"""What cannot work is refused with the field, its value and the range."""

from typing import Any

import pytest

from allaprima.errors import ConfigError
from allaprima.models import Spec
from tests.models.stylegan2.small import small_discriminator, small_generator

BOTH = [
    ("height", 0, "an image of 0×8 pixels"),
    ("img_channels", 0, "img_channels is 0: it must be at least 1"),
    ("c_dim", -1, "c_dim is -1: it must be at least 0"),
    ("channel_base", 0, "channel_base is 0: it must be at least 1"),
    ("channel_max", 0, "channel_max is 0: it must be at least 1"),
    ("num_fp16_res", -1, "num_fp16_res is -1: it must be at least 0"),
    ("architecture", "unet", "architecture is unet: it must be skip, resnet or orig"),
    ("resample_filter", (1, 2, 1), "resample_filter is (1, 2, 1): it must be an even number of taps"),
    ("resample_filter", (), "resample_filter is (): it must be an even number of taps, of a sum other than 0"),
    ("resample_filter", (1, -1), "of a sum other than 0"),
    ("conv_clamp", 0, "conv_clamp is 0: it must be more than 0, or None"),
]
OF_GENERATORS = [
    ("z_dim", 0, "z_dim is 0: it must be at least 1"),
    ("w_dim", 0, "w_dim is 0: it must be at least 1"),
    ("map_depth", 0, "map_depth is 0: it must be at least 1"),
    ("map_lr_multiplier", 0, "map_lr_multiplier is 0: it must be more than 0"),
    ("w_avg_beta", 1.5, "w_avg_beta is 1.5: it must be between 0 and 1"),
]
OF_DISCRIMINATORS = [
    ("mbstd_group", 0, "mbstd_group is 0: it must be at least 1, or None"),
    ("mbstd_num_channels", 3, "mbstd_num_channels is 3: it must be 0 or a divisor of the 8 feature maps"),
    ("mbstd_num_channels", -1, "mbstd_num_channels is -1"),
    ("cmap_dim", 0, "cmap_dim is 0: it must be at least 1, or None"),
    ("map_depth", -1, "map_depth is -1: it must be at least 0"),
]


@pytest.mark.parametrize(("field", "value", "sentence"), BOTH + OF_GENERATORS)
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
@pytest.mark.parametrize(
    ("num_fp16_res", "halves"), [(0, set()), (1, {32}), (2, {16, 32}), (4, {8, 16, 32}), (9, {8, 16, 32})]
)
def test_the_finest_resolutions_but_never_4_may_be_half(make: Any, num_fp16_res: int, halves: set[int]) -> None:
    spec: Spec = make(32, 32, num_fp16_res=num_fp16_res)
    assert {r for r in spec.geometry.resolutions if spec.is_half(r)} == halves


def test_two_styles_for_each_resolution() -> None:
    assert small_generator(1024, 1024).num_ws == 18
    assert small_generator(24, 24).num_ws == 6
    assert small_generator(3, 9).num_ws == 2
