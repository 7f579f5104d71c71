"""Laws of the layers whose kernels are scaled by a style."""

from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from allaprima.layers import StyledConv2d, ToRGB
from allaprima.ops import modulated_conv2d, setup_filter, upsampling_conv2d


def styled(*, noise_strength: float = 0.0, **keywords: Any) -> StyledConv2d:
    layer = StyledConv2d(4, 3, w_dim=5, **{"size": (6, 8), **keywords})
    torch.nn.init.normal_(layer.bias)
    if layer.use_noise:
        torch.nn.init.constant_(layer.noise_strength, noise_strength)
    return layer


def inputs(size: tuple[int, int] = (6, 8)) -> tuple[Tensor, Tensor]:
    return torch.randn(2, 4, *size), torch.randn(2, 5)


@pytest.mark.parametrize("up", [False, True])
def test_is_modulation_noise_bias_activation_in_this_order(up: bool) -> None:
    layer, (x, w) = styled(noise_strength=0.7, up=up, resample_filter=(1, 2, 4, 3)), inputs((3, 4) if up else (6, 8))
    style = w @ layer.affine.weight.T / 5**0.5 + layer.affine.bias
    if up:
        f = setup_filter([1, 2, 4, 3])
        y = modulated_conv2d(x, layer.weight, style, convolve=lambda x, weight: upsampling_conv2d(x, weight, f))
    else:
        y = modulated_conv2d(x, layer.weight, style)
    y = y + 0.7 * layer.noise_const + layer.bias[:, None, None]
    torch.testing.assert_close(layer(x, w, noise_mode="const"), F.leaky_relu(y, 0.2) * 2**0.5)


def test_noise_of_strength_zero_has_no_effect() -> None:
    layer, (x, w) = styled(), inputs()
    assert layer.noise_strength.item() == 0
    none = layer(x, w, noise_mode="none")
    assert torch.equal(layer(x, w, noise_mode="random"), none)
    assert torch.equal(layer(x, w, noise_mode="const"), none)


def test_constant_noise_repeats_and_random_noise_does_not() -> None:
    layer, (x, w) = styled(noise_strength=0.5), inputs()
    assert torch.equal(layer(x, w, noise_mode="const"), layer(x, w, noise_mode="const"))
    assert not torch.equal(layer(x, w, noise_mode="random"), layer(x, w, noise_mode="random"))
    assert not torch.equal(layer(x, w, noise_mode="const"), layer(x, w, noise_mode="none"))


def test_a_layer_without_noise_is_the_same_in_every_mode() -> None:
    layer, (x, w) = styled(use_noise=False), inputs()
    assert torch.equal(layer(x, w, noise_mode="random"), layer(x, w, noise_mode="none"))


def test_noise_comes_from_the_generators_one_for_each_image() -> None:
    layer, (x, w) = styled(noise_strength=0.5), inputs()

    def generators(*seeds: int) -> list[torch.Generator]:
        return [torch.Generator().manual_seed(seed) for seed in seeds]

    together = layer(x, w, generators=generators(1, 2))
    torch.testing.assert_close(together[1:], layer(x[1:], w[1:], generators=generators(2)))
    assert not torch.allclose(together[1:], layer(x[1:], w[1:], generators=generators(3)))


def test_every_style_starts_near_one() -> None:
    assert torch.equal(styled().affine(torch.zeros(1, 5)), torch.ones(1, 4))
    assert torch.equal(ToRGB(4, 3, w_dim=5).affine(torch.zeros(1, 5)), torch.ones(1, 4))


@pytest.mark.parametrize("activation", ["lrelu", "swish"])
def test_gain_multiplies_the_activations_gain_and_the_clamp(activation: str) -> None:
    layer, (x, w) = styled(noise_strength=0.5, activation=activation, conv_clamp=0.5), inputs()
    y = layer(x, w, noise_mode="const")
    assert y.abs().max() == 0.5
    torch.testing.assert_close(layer(x, w, noise_mode="const", gain=0.5**0.5), y * 0.5**0.5)


def test_torgb_is_not_demodulated_and_has_no_activation() -> None:
    layer, (x, w) = ToRGB(4, 3, w_dim=5), inputs()
    torch.nn.init.normal_(layer.bias)
    style = layer.affine(w)
    for image, s, y in zip(x, style, layer(x, w), strict=True):
        wanted = F.conv2d(image[None], layer.weight * s[:, None, None] / 4**0.5, layer.bias)
        torch.testing.assert_close(y[None], wanted)


def test_torgb_clamps() -> None:
    layer, (x, w) = ToRGB(4, 3, w_dim=5, conv_clamp=0.125), inputs()
    assert layer(x, w).abs().max() == 0.125


def test_names_are_the_published_ones() -> None:
    names = {"affine.weight", "affine.bias", "weight", "bias", "resample_filter", "noise_const", "noise_strength"}
    assert set(styled().state_dict()) == names
    assert set(styled(use_noise=False).state_dict()) == names - {"noise_const", "noise_strength"}
    assert set(ToRGB(4, 3, w_dim=5).state_dict()) == {"affine.weight", "affine.bias", "weight", "bias"}
