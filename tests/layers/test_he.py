"""Layers with He's constant."""

from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from allaprima.layers import HeConv2d, HeLinear
from allaprima.ops import downsample_mean, upsample_nearest


def random_bias(layer: Any) -> Any:
    torch.nn.init.normal_(layer.bias)
    return layer.double()


def blur(x: Tensor) -> Tensor:
    taps = torch.tensor([1.0, 2.0, 1.0], dtype=x.dtype) / 4
    kernel = torch.outer(taps, taps).expand(x.shape[1], 1, 3, 3)
    return F.conv2d(x, kernel, padding=1, groups=x.shape[1])


def test_linear_equals_its_definition() -> None:
    layer, x = random_bias(HeLinear(5, 3, gain=0.7, activation="lrelu")), torch.randn(2, 5).double()
    y = F.leaky_relu(x @ (layer.weight * 0.7 / 5**0.5).T + layer.bias, 0.2)
    torch.testing.assert_close(layer(x), y)


@pytest.mark.parametrize("taps", [(), (1, 2, 1)])
@pytest.mark.parametrize("resample", ["up", "down", None])
def test_convolution_equals_its_definition(resample: str | None, taps: tuple[float, ...]) -> None:
    how = {resample: True} if resample else {}
    layer = random_bias(HeConv2d(3, 4, blur_filter=taps, conv_clamp=1.5, **how))
    x = torch.randn(2, 3, 6, 4, dtype=torch.float64)
    y = upsample_nearest(x) if resample == "up" else blur(x) if resample == "down" and taps else x
    y = F.conv2d(y, layer.weight * (2 / 27) ** 0.5, padding=1)
    y = blur(y) if resample == "up" and taps else downsample_mean(y) if resample == "down" else y
    wanted = F.leaky_relu(y + layer.bias[:, None, None], 0.2).clamp(-1.5, 1.5)
    torch.testing.assert_close(layer(x), wanted, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("equalized", [True, False])
def test_equalized_or_not_both_begin_alike(equalized: bool) -> None:
    conv, linear = HeConv2d(64, 64, equalized=equalized), HeLinear(1024, 64, equalized=equalized)
    for layer, fan_in in ((conv, 64 * 9), (linear, 1024)):
        wanted = (2 / fan_in) ** 0.5
        assert (layer.weight * layer.weight_gain).std().item() == pytest.approx(wanted, rel=0.05)
        assert layer.weight.std().item() == pytest.approx(1 if equalized else wanted, rel=0.05)
        assert not layer.bias.any()


@pytest.mark.parametrize("taps", [(), (1, 2, 1)])
def test_halving_last_averages_what_the_activation_gives(taps: tuple[float, ...]) -> None:
    layer = random_bias(HeConv2d(3, 4, down=True, blur_filter=taps, halve_last=True))
    x = torch.randn(2, 3, 6, 4, dtype=torch.float64)
    y = F.conv2d(blur(x) if taps else x, layer.weight * (2 / 27) ** 0.5, padding=1)
    torch.testing.assert_close(layer(x), downsample_mean(F.leaky_relu(y + layer.bias[:, None, None], 0.2)))


def test_unit_mean_square_in_gives_unit_mean_square_out() -> None:
    x = torch.randn(512, 256)
    y = HeLinear(256, 512, activation="relu")(x)
    assert y.square().mean().item() == pytest.approx(1, rel=0.05)


def test_a_blur_is_kept_only_where_the_resolution_changes() -> None:
    assert "blur_filter" not in HeConv2d(3, 3, blur_filter=(1, 2, 1)).state_dict()
    assert HeConv2d(3, 3, blur_filter=(1, 2, 1), up=True).state_dict()["blur_filter"].shape == (3, 3)
