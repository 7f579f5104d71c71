"""Laws of the convolution with fewer multiplications, first among them: equality with its definition."""

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor
from torch.autograd import gradcheck, gradgradcheck

from allaprima.ops import fast, winograd, winograd_compiled, winograd_conv2d
from allaprima.ops.toom_cook import toom_cook
from tests.conftest import assert_near

each_padding = pytest.mark.parametrize("padding", [0, 1, 2])


def tensors(*size: int, dtype: torch.dtype = torch.float64, o: int = 5) -> tuple[Tensor, Tensor]:
    return torch.randn(*size, dtype=dtype), torch.randn(o, size[1], 3, 3, dtype=dtype)


@each_padding
@pytest.mark.parametrize("size", [(8, 8), (5, 7), (4, 6), (9, 3), (3, 4)], ids=str)
def test_is_the_correlation(size: tuple[int, int], padding: int) -> None:
    x, weight = tensors(3, 4, *size)
    assert_near(winograd_conv2d(x, weight, padding=padding), F.conv2d(x, weight, padding=padding), tolerance=1e-11)


@pytest.mark.parametrize("limit", [1, 600, 4000, 40000])
def test_its_strips_do_not_show(monkeypatch: pytest.MonkeyPatch, limit: int) -> None:
    x, weight = tensors(3, 6, 13, 22, o=7)
    monkeypatch.setattr(winograd, "STRIP", limit)
    monkeypatch.setattr(winograd, "LONG_STRIP", limit)
    monkeypatch.setattr(winograd, "TILES", 1)
    monkeypatch.setattr(winograd, "SLICE", 1)
    x.requires_grad_()
    weight.requires_grad_()
    y, expected = winograd_conv2d(x, weight), F.conv2d(x, weight, padding=1)
    assert_near(y, expected, tolerance=1e-11)
    grad = torch.randn_like(y)
    for ours, theirs in zip(
        torch.autograd.grad(y, (x, weight), grad), torch.autograd.grad(expected, (x, weight), grad), strict=True
    ):
        assert_near(ours, theirs, tolerance=1e-11)


@pytest.mark.parametrize("channels", [1, 3, 7, 9])
def test_the_slices_of_the_kernels_do_not_show(monkeypatch: pytest.MonkeyPatch, channels: int) -> None:
    x, weight = tensors(2, 6, 9, 11, o=7)
    monkeypatch.setattr(winograd, "SLICE", 36 * 6 * channels)
    assert_near(winograd_conv2d(x, weight), F.conv2d(x, weight, padding=1), tolerance=1e-11)


@each_padding
def test_derivatives(padding: int) -> None:
    x, weight = tensors(2, 2, 4, 5, o=3)
    inputs = (x.requires_grad_(), weight.requires_grad_())
    assert gradcheck(lambda x, weight: winograd_conv2d(x, weight, padding=padding), inputs)
    assert gradgradcheck(lambda x, weight: winograd_conv2d(x, weight, padding=padding), inputs)


def test_float32_loses_little() -> None:
    x, weight = tensors(1, 128, 24, 24, dtype=torch.float32, o=128)
    exact = F.conv2d(x.double(), weight.double(), padding=1)
    error = (winograd_conv2d(x, weight) - exact).abs().max() / exact.std()
    assert error < 6e-5


def test_memory_layout() -> None:
    x, weight = tensors(2, 3, 8, 12)
    y = winograd_conv2d(x, weight)
    assert y.is_contiguous(memory_format=torch.channels_last)
    assert torch.equal(y, winograd_conv2d(x.contiguous(memory_format=torch.channels_last), weight))


@pytest.mark.parametrize(
    ("outputs", "taps", "points"), [(4, 3, (0, 1, -1, 2, -2)), (2, 3, (0, 1, -1)), (3, 2, (0, 1, -1)), (1, 2, (0,))]
)
def test_toom_cook_correlates(outputs: int, taps: int, points: tuple[int, ...]) -> None:
    kernel, into, out = (torch.from_numpy(matrix) for matrix in toom_cook(outputs, taps, points))
    k, x = torch.randn(taps, dtype=torch.float64), torch.randn(outputs + taps - 1, dtype=torch.float64)
    assert_near(out @ ((kernel @ k) * (into @ x)), x.unfold(0, taps, 1) @ k, tolerance=1e-12)


def derivatives(y: Tensor, inputs: tuple[Tensor, Tensor], grad: Tensor) -> tuple[Tensor, ...]:
    """The first ones, and those of their squares."""
    first = torch.autograd.grad(y, inputs, grad, create_graph=True)
    return (*first, *torch.autograd.grad(sum(g.square().sum() for g in first), inputs))


compiled = pytest.mark.skipif(not fast.available(), reason="passes.c was not compiled here")


@compiled
@each_padding
@pytest.mark.parametrize("size", [(8, 8), (5, 7), (13, 22), (3, 4)], ids=str)
@pytest.mark.parametrize("strip", [1, 36 * 32 * 5, winograd_compiled.STRIP])
def test_compiled_it_is_the_correlation_with_its_derivatives(
    size: tuple[int, int], padding: int, strip: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(winograd_compiled, "STRIP", strip)
    x, weight = torch.randn(3, 16, *size).requires_grad_(), torch.randn(32, 16, 3, 3).requires_grad_()
    exact = (x.detach().double().requires_grad_(), weight.detach().double().requires_grad_())
    y, expected = winograd_conv2d(x, weight, padding=padding), F.conv2d(*exact, padding=padding)
    assert_near(y.double(), expected, tolerance=1e-4)
    down = torch.randn_like(y)
    found, wanted = derivatives(y, (x, weight), down), derivatives(expected, exact, down.double())
    for ours, theirs in zip(found, wanted, strict=True):
        ours, theirs = ours.detach().double(), theirs.detach()
        assert (ours - theirs).abs().max() < 1e-5 * theirs.abs().max()


@compiled
def test_the_compiled_passes_are_used_where_they_can_be(monkeypatch: pytest.MonkeyPatch) -> None:
    called: list[str] = []
    monkeypatch.setattr(fast.tiles, "call", lambda name, arguments: called.append(name))
    x, weight = torch.randn(1, 16, 8, 8, requires_grad=True), torch.randn(16, 16, 3, 3, requires_grad=True)
    winograd_conv2d(x, weight).sum().backward()
    names = {"into_tiles", "out_of_tiles", "gradients_into_tiles"}
    assert set(called) == names
    called.clear()
    winograd_conv2d(x[:, :15], weight[:, :15])  # 15 channels are no multiple of a register
    winograd_conv2d(x.double(), weight.double())
    assert not called
