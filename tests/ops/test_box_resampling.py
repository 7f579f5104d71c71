"""The fused forms equal the slow ones, which are equal to their definitions."""

import pytest
import torch
from einops import reduce, repeat
from torch import Tensor
from torch.autograd import gradcheck, gradgradcheck

from allaprima.ops import (
    conv2d,
    downsample_mean,
    downsampling_conv2d_mean,
    upsample_nearest,
    upsampling_conv2d_nearest,
)

SIZES = [(4, 4), (6, 10), (1, 1), (7, 3)]  # of the small image
TOLERANCE = {"rtol": 1e-12, "atol": 1e-12}


def images(height: int, width: int, channels: int = 3) -> Tensor:
    return torch.randn(2, channels, height, width, dtype=torch.float64)


def kernel(outputs: int = 4, inputs: int = 3) -> Tensor:
    return torch.randn(outputs, inputs, 3, 3, dtype=torch.float64)


@pytest.mark.parametrize(("height", "width"), SIZES)
@pytest.mark.parametrize("factor", [1, 2, 4])
def test_resampling_is_what_it_says(height: int, width: int, factor: int) -> None:
    small, large = images(height, width), images(height * factor, width * factor)
    squares = repeat(small, "n c h w -> n c (h a) (w b)", a=factor, b=factor)
    torch.testing.assert_close(upsample_nearest(small, factor), squares, rtol=0, atol=0)
    means = reduce(large, "n c (h a) (w b) -> n c h w", "mean", a=factor, b=factor)
    torch.testing.assert_close(downsample_mean(large, factor), means, **TOLERANCE)
    torch.testing.assert_close(downsample_mean(squares, factor), small, **TOLERANCE)


def test_halving_twice_is_quartering() -> None:
    x = images(8, 12)
    torch.testing.assert_close(downsample_mean(downsample_mean(x)), downsample_mean(x, 4), **TOLERANCE)


@pytest.mark.parametrize(("height", "width"), SIZES)
def test_fused_doubling_equals_the_slow_form(height: int, width: int) -> None:
    x, weight = images(height, width), kernel()
    wanted = conv2d(upsample_nearest(x), weight)
    torch.testing.assert_close(upsampling_conv2d_nearest(x, weight), wanted, **TOLERANCE)


@pytest.mark.parametrize(("height", "width"), SIZES)
def test_fused_halving_equals_the_slow_form(height: int, width: int) -> None:
    x, weight = images(2 * height, 2 * width), kernel()
    wanted = downsample_mean(conv2d(x, weight))
    torch.testing.assert_close(downsampling_conv2d_mean(x, weight), wanted, **TOLERANCE)


@pytest.mark.parametrize("convolution", [upsampling_conv2d_nearest, downsampling_conv2d_mean])
def test_gradients_and_gradients_of_gradients(convolution: object) -> None:
    x = images(2, 4, channels=2).requires_grad_()
    weight = kernel(2, 2).requires_grad_()
    assert gradcheck(convolution, (x, weight))
    assert gradgradcheck(convolution, (x, weight))
