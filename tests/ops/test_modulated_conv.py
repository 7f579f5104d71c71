"""Laws of the modulated convolution."""

import pytest
import torch
from torch import Tensor
from torch.autograd import gradcheck, gradgradcheck

from allaprima.ops import (
    conv2d,
    demodulation,
    downsampling_conv2d,
    modulated_conv,
    modulated_conv2d,
    plain,
    setup_filter,
    upsampling_conv2d,
)
from tests.conftest import assert_near

each_kernel = pytest.mark.parametrize("k", [1, 3])
with_and_without = pytest.mark.parametrize("demodulate", [True, False])


def batch(k: int, dtype: torch.dtype = torch.float64) -> tuple[Tensor, Tensor, Tensor]:
    """Images, a kernel and styles."""
    x, weight, style = torch.randn(3, 4, 6, 5), torch.randn(5, 4, k, k), 1 + torch.randn(3, 4)
    return x.to(dtype), weight.to(dtype), style.to(dtype)


def kernel_of_one_image(weight: Tensor, style: Tensor, *, demodulate: bool) -> Tensor:
    """Equations 1 and 3, output channel by output channel."""
    kernels = []
    for kernel in weight:
        modulated = torch.stack([s * plane for s, plane in zip(style, kernel, strict=True)])
        kernels.append(modulated / (modulated.square().sum() + 1e-8).sqrt() if demodulate else modulated)
    return torch.stack(kernels)


@with_and_without
@each_kernel
def test_equals_a_loop_over_images(k: int, demodulate: bool) -> None:
    x, weight, style = batch(k)
    kernels = [kernel_of_one_image(weight, s, demodulate=demodulate) for s in style]
    wanted = torch.cat([conv2d(x[i : i + 1], kernel) for i, kernel in enumerate(kernels)])
    torch.testing.assert_close(modulated_conv2d(x, weight, style, demodulate=demodulate), wanted)


@pytest.mark.parametrize("resample", [upsampling_conv2d, downsampling_conv2d])
@each_kernel
def test_any_convolution_can_be_modulated(k: int, resample: object) -> None:
    (x, weight, style), f = batch(k), setup_filter([1, 2, 4, 3])

    def convolve(x: Tensor, weight: Tensor) -> Tensor:
        return resample(x, weight, f)  # type: ignore[operator, no-any-return]

    kernels = [kernel_of_one_image(weight, s, demodulate=True) for s in style]
    wanted = torch.cat([convolve(x[i : i + 1], kernel) for i, kernel in enumerate(kernels)])
    torch.testing.assert_close(modulated_conv2d(x, weight, style, convolve=convolve), wanted)


@with_and_without
@each_kernel
def test_grouped_twin_agrees_in_value_gradient_and_second_gradient(k: int, demodulate: bool) -> None:
    results = []
    inputs = [t.requires_grad_() for t in batch(k)]
    direction = torch.randn(3, 5, 6, 5, dtype=torch.float64)
    for twin in (modulated_conv2d, plain.modulated_conv2d):
        y = twin(*inputs, demodulate=demodulate)
        first = torch.autograd.grad((y * direction).sum() + y.square().sum(), inputs, create_graph=True)
        second = torch.autograd.grad(sum(g.square().sum() for g in first), inputs)
        results.append([y, *first, *second])
    for got, wanted in zip(*results, strict=True):
        torch.testing.assert_close(got, wanted)


@with_and_without
def test_gradient_and_second_gradient(demodulate: bool) -> None:
    inputs = [
        torch.randn(size, dtype=torch.float64, requires_grad=True) for size in [(2, 2, 3, 3), (2, 2, 3, 3), (2, 2)]
    ]
    assert gradcheck(lambda *inputs: modulated_conv2d(*inputs, demodulate=demodulate), inputs)
    assert gradgradcheck(lambda *inputs: modulated_conv2d(*inputs, demodulate=demodulate), inputs)


@each_kernel
def test_demodulated_output_ignores_the_overall_scale_of_the_style(k: int) -> None:
    x, weight, style = batch(k)
    torch.testing.assert_close(modulated_conv2d(x, weight, 7 * style), modulated_conv2d(x, weight, style))
    plain = modulated_conv2d(x, weight, style, demodulate=False)
    torch.testing.assert_close(modulated_conv2d(x, weight, 7 * style, demodulate=False), 7 * plain)


@with_and_without
def test_gain_multiplies_the_output(demodulate: bool) -> None:
    x, weight, style = batch(3)
    plain = modulated_conv2d(x, weight, style, demodulate=demodulate)
    torch.testing.assert_close(modulated_conv2d(x, weight, style, demodulate=demodulate, gain=0.3), 0.3 * plain)


@each_kernel
def test_unit_variance_in_gives_unit_variance_out(k: int) -> None:
    x, weight, style = torch.randn(2, 32, 40, 40), 3 * torch.randn(4, 32, k, k), 5 * torch.randn(2, 32)
    inside = modulated_conv2d(x, weight, style)[:, :, 1:-1, 1:-1]
    torch.testing.assert_close(inside.std(dim=(2, 3)), torch.ones(2, 4), atol=0.1, rtol=0)


def test_demodulated_kernels_have_unit_norm() -> None:
    _, weight, style = batch(3)
    kernels = torch.stack([kernel_of_one_image(weight, s, demodulate=False) for s in style])
    norms = (kernels * demodulation(weight, style)[:, :, None, None, None]).square().sum(dim=(2, 3, 4))
    torch.testing.assert_close(norms, torch.ones_like(norms))


@pytest.mark.parametrize("limit", [1, 100, 10000])
@each_kernel
def test_demodulation_without_gradients_is_the_same(monkeypatch: pytest.MonkeyPatch, k: int, limit: int) -> None:
    _, weight, style = batch(k)
    wanted = demodulation(weight, style)
    monkeypatch.setattr(modulated_conv, "SLICE", limit)
    with torch.no_grad():
        torch.testing.assert_close(demodulation(weight, style), wanted)


@with_and_without
@each_kernel
def test_bfloat16_is_near_float32(k: int, demodulate: bool) -> None:
    x, weight, style = batch(k, torch.float32)
    y = modulated_conv2d(x.bfloat16(), weight, style, demodulate=demodulate)
    assert y.dtype == torch.bfloat16
    assert_near(y.float(), modulated_conv2d(x, weight, style, demodulate=demodulate), 0.02)


def test_gradients_in_bfloat16_are_near_those_in_float32() -> None:
    gradients = []
    x, *parameters = (t.requires_grad_() for t in batch(3, torch.float32))
    direction = torch.randn(3, 5, 6, 5)
    for dtype in (torch.bfloat16, torch.float32):
        y = modulated_conv2d(x.to(dtype), *parameters)
        gradients.append(torch.autograd.grad((y * direction).sum(), parameters))
    for got, wanted in zip(*gradients, strict=True):
        assert_near(got, wanted, 0.03)


def test_styles_and_kernels_of_any_size_fit_float16() -> None:
    x, weight, style = batch(3, torch.float32)
    scales = torch.tensor([[1e-2], [1], [1e4]])  # the largest must not push the smallest below half's range
    weights = weight * torch.logspace(-4, 4, 5)[:, None, None, None]
    y = modulated_conv2d(x.half(), weights, scales * style)
    for image, wanted in zip(y, modulated_conv2d(x, weight, style), strict=True):
        assert_near(image.float(), wanted, 0.01)
