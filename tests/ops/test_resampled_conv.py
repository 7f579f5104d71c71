"""Laws of convolutions that change the resolution, first among them: equality with their definitions."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.autograd import gradcheck, gradgradcheck

from allaprima.ops import conv2d, downsampling_conv2d, setup_filter, upsampling_conv2d
from tests.conftest import assert_near

FILTERS = {"lopsided": [1, 2, 4, 3], "two taps": [1, 3], "separable": [1, 2, 4, 6, 6, 4, 2, 5]}
each_filter = pytest.mark.parametrize("taps", FILTERS.values(), ids=FILTERS)
each_kernel = pytest.mark.parametrize("k", [1, 3])
each_size = pytest.mark.parametrize("size", [(4, 6), (5, 7), (2, 3)], ids=str)
both = pytest.mark.parametrize("resample", [upsampling_conv2d, downsampling_conv2d])
Resample = Callable[[Tensor, Tensor, Tensor], Tensor]


def correlate(x: np.ndarray[Any, Any], kernel: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """[n, i, h, w] with [o, i, k, l], where they overlap wholly: one output pixel after the other."""
    k, m = kernel.shape[2:]
    out = np.zeros((len(x), len(kernel), x.shape[2] - k + 1, x.shape[3] - m + 1))
    for y, z in np.ndindex(out.shape[2:]):
        out[:, :, y, z] = np.tensordot(x[:, :, y : y + k, z : z + m], kernel, axes=([1, 2, 3], [1, 2, 3]))
    return out


def low_pass(x: np.ndarray[Any, Any], f: Tensor) -> np.ndarray[Any, Any]:
    """True convolution of every channel with ``f``, where they overlap wholly."""
    taps = (torch.outer(f, f) if f.ndim == 1 else f).double().numpy()[::-1, ::-1]
    return correlate(x, np.eye(x.shape[1])[:, :, None, None] * taps)


def pad(x: np.ndarray[Any, Any], before: int, after: int) -> np.ndarray[Any, Any]:
    return np.pad(x, ((0, 0), (0, 0), (before, after), (before, after)))


def upsampled_by_definition(x: Tensor, weight: Tensor, f: Tensor) -> Tensor:
    """Zeros after every pixel, a true convolution with the kernel, one with the filter."""
    k, taps = weight.shape[-1], f.shape[-1]
    zeros = np.zeros((*x.shape[:2], 2 * x.shape[2], 2 * x.shape[3]))
    zeros[:, :, ::2, ::2] = x.numpy()
    padded = pad(zeros, (taps + 1) // 2 + k // 2, (taps - 2) // 2 + k // 2)
    return torch.from_numpy(4 * low_pass(correlate(padded, weight.numpy()[:, :, ::-1, ::-1]), f))


def downsampled_by_definition(x: Tensor, weight: Tensor, f: Tensor) -> Tensor:
    """The filter, a correlation with the kernel, every other pixel."""
    k, taps = weight.shape[-1], f.shape[-1]
    padded = pad(x.numpy(), (taps - 1) // 2 + k // 2, (taps - 2) // 2 + k // 2)
    return torch.from_numpy(correlate(low_pass(padded, f), weight.numpy())[:, :, ::2, ::2].copy())


def tensors(k: int, size: tuple[int, int], taps: list[int]) -> tuple[Tensor, Tensor, Tensor]:
    x, weight = torch.randn(2, 3, *size, dtype=torch.float64), torch.randn(4, 3, k, k, dtype=torch.float64)
    return x, weight, setup_filter(taps)


@each_filter
@each_size
@each_kernel
def test_upsampling_equals_its_definition(k: int, size: tuple[int, int], taps: list[int]) -> None:
    x, weight, f = tensors(k, size, taps)
    torch.testing.assert_close(upsampling_conv2d(x, weight, f), upsampled_by_definition(x, weight, f))


@each_filter
@each_size
@each_kernel
def test_downsampling_equals_its_definition(k: int, size: tuple[int, int], taps: list[int]) -> None:
    x, weight, f = tensors(k, size, taps)
    torch.testing.assert_close(downsampling_conv2d(x, weight, f), downsampled_by_definition(x, weight, f))


@each_kernel
def test_convolution_is_a_correlation_that_keeps_the_size(k: int) -> None:
    x, weight, _ = tensors(k, (4, 5), [1, 1])
    wanted = torch.from_numpy(correlate(pad(x.numpy(), k // 2, k // 2), weight.numpy()))
    torch.testing.assert_close(conv2d(x, weight), wanted)


@each_filter
@each_kernel
def test_sizes_double_and_halve(k: int, taps: list[int]) -> None:
    f, weight = setup_filter(taps), torch.zeros(1, 1, k, k)
    for h, w in [(1, 1), (2, 3), (5, 4), (7, 8)]:
        x = torch.zeros(1, 1, h, w)
        assert upsampling_conv2d(x, weight, f).shape == (1, 1, 2 * h, 2 * w)
        if min(h, w) > 1:
            assert downsampling_conv2d(x, weight, f).shape == (1, 1, h // 2, w // 2)


@both
@each_kernel
def test_gradient_is_the_adjoint(k: int, resample: Resample) -> None:
    x, weight, f = tensors(k, (5, 6), [1, 2, 4, 3])
    Ax = resample(x.requires_grad_(), weight, f)
    y = torch.randn_like(Ax)
    (ATy,) = torch.autograd.grad(Ax, x, y)
    torch.testing.assert_close((Ax * y).sum(), (x * ATy).sum())


@both
@each_kernel
def test_gradient_and_second_gradient(k: int, resample: Resample) -> None:
    x = torch.randn(1, 2, 4, 3, dtype=torch.float64, requires_grad=True)
    weight = torch.randn(2, 2, k, k, dtype=torch.float64, requires_grad=True)
    f = setup_filter([1, 2, 4, 3])
    assert gradcheck(lambda x, weight: resample(x, weight, f), (x, weight))
    assert gradgradcheck(lambda x, weight: resample(x, weight, f), (x, weight))


@both
@each_kernel
def test_bfloat16_is_float32_rounded(k: int, resample: Resample) -> None:
    x, weight, f = torch.randn(2, 3, 6, 8).bfloat16(), torch.randn(4, 3, k, k).bfloat16(), setup_filter([1, 3, 3, 1])
    y = resample(x.to(memory_format=torch.channels_last), weight, f)
    assert y.dtype == torch.bfloat16
    assert_near(y.float(), resample(x.float(), weight.float(), f), 3 * 2**-8)
