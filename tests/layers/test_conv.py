"""Laws of the convolution with an equalised learning rate."""

from typing import Any

import pytest
import torch
import torch.nn.functional as F

from allaprima.layers import EqualizedConv2d
from allaprima.ops import bias_act, downsampling_conv2d, setup_filter, upsampling_conv2d

each_kernel = pytest.mark.parametrize("kernel_size", [1, 3])


@each_kernel
def test_is_the_scaled_convolution(kernel_size: int) -> None:
    layer, x = EqualizedConv2d(4, 3, kernel_size=kernel_size), torch.randn(2, 4, 5, 6)
    torch.nn.init.normal_(layer.bias)
    weight = layer.weight / (4 * kernel_size**2) ** 0.5
    torch.testing.assert_close(layer(x), F.conv2d(x, weight, layer.bias, padding=kernel_size // 2))


@each_kernel
def test_unit_variance_in_gives_unit_variance_out(kernel_size: int) -> None:
    layer = EqualizedConv2d(64, 64, kernel_size=kernel_size)
    assert layer(torch.randn(4, 64, 20, 20))[:, :, 1:-1, 1:-1].var().item() == pytest.approx(1, abs=0.1)
    assert layer.weight.var().item() == pytest.approx(1, abs=0.1)


@each_kernel
@pytest.mark.parametrize(("direction", "resample"), [("up", upsampling_conv2d), ("down", downsampling_conv2d)])
def test_resamples_with_its_own_filter(direction: str, resample: Any, kernel_size: int) -> None:
    keywords: dict[str, Any] = {direction: True, "resample_filter": (1, 2, 4, 3)}
    layer, x = EqualizedConv2d(4, 3, kernel_size=kernel_size, **keywords), torch.randn(2, 4, 6, 8)
    wanted = resample(x, layer.weight * layer.weight_gain, setup_filter([1, 2, 4, 3]))
    torch.testing.assert_close(layer(x), wanted)


@pytest.mark.parametrize("activation", ["lrelu", "linear", "swish"])
def test_gain_multiplies_the_activations_gain_and_the_clamp(activation: str) -> None:
    x = torch.randn(2, 4, 5, 6)
    layer = EqualizedConv2d(4, 3, kernel_size=3, activation=activation, conv_clamp=0.5)
    torch.nn.init.normal_(layer.bias)
    assert layer(x).abs().max() == 0.5
    torch.testing.assert_close(layer(x, gain=0.5**0.5), layer(x) * 0.5**0.5)
    free = EqualizedConv2d(4, 3, kernel_size=3, activation=activation)
    free.load_state_dict(layer.state_dict())
    torch.testing.assert_close(layer(x), free(x).clamp(-0.5, 0.5))
    torch.testing.assert_close(free(x, gain=0.7), 0.7 * free(x))


def test_activates_after_the_bias() -> None:
    layer, x = EqualizedConv2d(4, 3, kernel_size=1, activation="lrelu"), torch.zeros(1, 4, 1, 1)
    bias = torch.tensor([1.0, -1.0, 0.5])
    layer.load_state_dict({**layer.state_dict(), "bias": bias})
    torch.testing.assert_close(layer(x)[0, :, 0, 0], bias_act(bias[None], activation="lrelu")[0])


def test_names_are_the_published_ones() -> None:
    assert set(EqualizedConv2d(4, 3, kernel_size=3).state_dict()) == {"weight", "bias", "resample_filter"}
    assert set(EqualizedConv2d(4, 3, kernel_size=1, bias=False).state_dict()) == {"weight", "resample_filter"}
