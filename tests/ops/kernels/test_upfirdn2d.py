"""The kernel does what the PyTorch twin does, in every form of the plan and layout of the image."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor
from torch.autograd import gradcheck, gradgradcheck

from allaprima.ops import plain, upfirdn2d
from tests.conftest import assert_near

PLANS = {
    "filter": {"padding": (2, 1, 3, 0)},
    "up": {"up": 2, "padding": (3, 2, 4, 1), "gain": 4.0},
    "down": {"down": 2, "padding": (5, -1, 3, 3), "flip_filter": True},
    "both": {"up": (2, 3), "down": (3, 2), "padding": (7, 6, -1, 9), "flip_filter": True, "gain": 0.7},
    "crop": {"up": (4, 1), "padding": (-9, 2, 3, -3)},
}
each_plan = pytest.mark.parametrize("keywords", PLANS.values(), ids=PLANS)
each_filter = pytest.mark.parametrize("taps", [(4, 4), (3, 5), (6,), (1, 1)], ids=str)
LAYOUTS: dict[str, Callable[[Tensor], Tensor]] = {
    "contiguous": lambda x: x.contiguous(),
    "channels last": lambda x: x.contiguous(memory_format=torch.channels_last),
    "transposed": lambda x: x.transpose(2, 3).contiguous().transpose(2, 3),
    "every second": lambda x: torch.stack([x, x], 4).flatten(3)[:, :, :, ::2],
    "one for all": lambda x: x[:, :, :1, :1].expand(x.shape),
}


@each_filter
@each_plan
def test_equals_the_twin(keywords: dict, taps: tuple[int, ...], device: torch.device, on_kernels: None) -> None:
    x, f = torch.randn(2, 3, 9, 11), torch.rand(taps)
    got = upfirdn2d(x.to(device), f.to(device), **keywords)
    assert_near(got.cpu(), plain.upfirdn2d(x, f, **keywords), 1e-5)


@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS)
def test_takes_every_layout_and_keeps_channels_last(
    layout: Callable[[Tensor], Tensor], device: torch.device, on_kernels: None
) -> None:
    x, f = layout(torch.randn(2, 5, 9, 7, device=device)), torch.rand(4, 4, device=device)
    got = upfirdn2d(x, f, up=2, padding=(3, 2, 1, 2))
    assert_near(got, plain.upfirdn2d(x.contiguous(), f, up=2, padding=(3, 2, 1, 2)), 1e-5)
    last = x.is_contiguous(memory_format=torch.channels_last)
    assert got.is_contiguous(memory_format=torch.channels_last if last else torch.contiguous_format)


@pytest.mark.parametrize("size", [(1, 1, 1), (1, 17, 3), (1, 35, 67), (66, 2, 5)], ids=str)
def test_blocks_cover_every_size(size: tuple[int, ...], device: torch.device, on_kernels: None) -> None:
    x, f = torch.randn(1, *size, device=device), torch.rand(2, 2, device=device)
    for image in (x, x.to(memory_format=torch.channels_last)):
        assert_near(upfirdn2d(image, f, padding=1), plain.upfirdn2d(x, f, padding=1), 1e-5)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_is_rounded_once_a_pass(dtype: torch.dtype, device: torch.device, on_kernels: None) -> None:
    x = torch.randn(2, 3, 9, 11, device=device).to(dtype)
    rounding = torch.finfo(dtype).eps
    for taps, passes in (((4, 4), 1), ((12,), 2)):
        f = torch.rand(taps, device=device)
        got = upfirdn2d(x, f, up=2, padding=(6, 5, 6, 5))
        assert got.dtype == dtype
        assert_near(got.float(), plain.upfirdn2d(x.float(), f, up=2, padding=(6, 5, 6, 5)), passes * rounding)


def test_no_image_no_output(device: torch.device, on_kernels: None) -> None:
    f = torch.rand(4, 4, device=device)
    assert upfirdn2d(torch.zeros(0, 3, 8, 8, device=device), f, down=2).shape == (0, 3, 3, 3)
    assert upfirdn2d(torch.zeros(2, 0, 8, 8, device=device), f, down=2).shape == (2, 0, 3, 3)


def test_a_crop_that_leaves_nothing_is_an_error(device: torch.device, on_kernels: None) -> None:
    with pytest.raises(ValueError, match="leave nothing of 8 pixels"):
        upfirdn2d(torch.zeros(1, 1, 8, 8, device=device), torch.rand(4, 4, device=device), padding=-3)


@each_plan
def test_derivatives_equal_the_twins(keywords: dict, device: torch.device, on_kernels: None) -> None:
    x = torch.randn(1, 2, 9, 11, dtype=torch.float64, device=device, requires_grad=True)
    f = torch.rand(3, 4, dtype=torch.float64, device=device)
    found = []
    for function in (upfirdn2d, plain.upfirdn2d):
        y = function(x, f, **keywords)
        (first,) = torch.autograd.grad(y.square().sum(), x, create_graph=True)
        found.append((y, first, *torch.autograd.grad(first.square().sum(), x)))
    for got, wanted in zip(*found, strict=True):
        assert_near(got, wanted, 1e-6)


def test_first_and_second_derivative(device: torch.device, on_kernels: None) -> None:
    x = torch.randn(1, 1, 3, 4, dtype=torch.float64, device=device, requires_grad=True)
    f = torch.rand(3, dtype=torch.float64, device=device)
    for check in (gradcheck, gradgradcheck):
        assert check(lambda x: upfirdn2d(x, f, up=2, down=3, padding=(3, 2, 1, 2)), (x,), fast_mode=True)


def test_offsets_of_64_bits_change_nothing(
    device: torch.device, on_kernels: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    x, f = torch.randn(2, 3, 9, 11, device=device), torch.rand(4, 4, device=device)
    near = upfirdn2d(x, f, up=2, padding=3)
    monkeypatch.setattr("allaprima.ops.kernels.launch.FAR", 200)
    assert torch.equal(upfirdn2d(x, f, up=2, padding=3), near)
