"""What cannot work is refused with the field, its value and the range."""

from typing import Any

import pytest

from allaprima.errors import ConfigError
from tests.models.stylegan3.small import small_generator


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("height", 0, "an image of 0×8 pixels"),
        ("width", -1, "an image of 8×-1 pixels"),
        ("img_channels", 0, "img_channels is 0: it must be at least 1"),
        ("z_dim", 0, "z_dim is 0: it must be at least 1"),
        ("w_dim", 0, "w_dim is 0: it must be at least 1"),
        ("c_dim", -1, "c_dim is -1: it must be at least 0"),
        ("map_depth", 0, "map_depth is 0: it must be at least 1"),
        ("map_lr_multiplier", 0, "map_lr_multiplier is 0: it must be more than 0"),
        ("w_avg_beta", 1.5, "w_avg_beta is 1.5: it must be between 0 and 1"),
        ("magnitude_ema_beta", -0.1, "magnitude_ema_beta is -0.1: it must be between 0 and 1"),
        ("channel_base", 0, "channel_base is 0: it must be at least 1"),
        ("channel_max", 0, "channel_max is 0: it must be at least 1"),
        ("num_layers", 0, "num_layers is 0: it must be at least 1"),
        ("num_critical", 0, "num_critical is 0: it must be at least 1 and less than num_layers"),
        ("num_critical", 6, "num_critical is 6: it must be at least 1 and less than num_layers"),
        ("first_cutoff", 0, "first_cutoff is 0: it must be more than 0"),
        ("first_stopband", 2, "first_stopband is 2: it must be more than first_cutoff"),
        ("last_stopband_rel", 1, "last_stopband_rel is 1: it must be more than 1"),
        ("margin_size", -1, "margin_size is -1: it must be at least 0"),
        ("output_scale", 0, "output_scale is 0: it must be more than 0"),
        ("conv_kernel", 2, "conv_kernel is 2: it must be odd"),
        ("conv_kernel", -1, "conv_kernel is -1: it must be odd"),
        ("filter_size", 0, "filter_size is 0: it must be at least 1"),
        ("lrelu_upsampling", 0, "lrelu_upsampling is 0: it must be at least 1"),
        ("conv_clamp", 0, "conv_clamp is 0: it must be more than 0, or None"),
        ("num_fp16_res", -1, "num_fp16_res is -1: it must be at least 0"),
    ],
)
def test_fields(field: str, value: Any, sentence: str) -> None:
    with pytest.raises(ConfigError) as error:
        small_generator(**{"height": 8, "width": 8, field: value})
    assert sentence in str(error.value)


def test_one_style_for_the_input_for_each_layer_and_for_torgb() -> None:
    assert small_generator(64, 64, num_layers=14).num_ws == 16
    assert small_generator(24, 16).num_ws == 8
