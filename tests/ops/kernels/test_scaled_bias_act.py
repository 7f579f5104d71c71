"""One pass over memory does what the steps do, and so do its derivatives."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.autograd import gradcheck, gradgradcheck

from allaprima.ops import bias_act, plain
from allaprima.ops.scaled_bias_act import scaled_bias_act
from tests.conftest import assert_near

LINES: dict[str, dict[str, Any]] = {
    "linear": {},
    "lrelu": {"activation": "lrelu", "gain": 1.7, "clamp": 0.9},
    "relu": {"activation": "relu", "clamp": 1.1},
}
each_line = pytest.mark.parametrize("line", LINES.values(), ids=LINES)
LAST = torch.channels_last


def in_steps(x: Tensor, scale: Any, noise: Any, bias: Any, **line: Any) -> Tensor:
    x = x if scale is None else x * scale[:, :, None, None]
    return plain.bias_act(x if noise is None else x + noise, bias, **line)


def inputs(device: torch.device, *, noises: int = 2, dtype: torch.dtype = torch.float32) -> list[Tensor]:
    shapes = [(2, 3, 5, 7), (2, 3), (noises, 1, 5, 7), (3,)]
    return [torch.randn(shape, device=device, dtype=dtype) for shape in shapes]


def derivatives(function: Callable[..., Tensor], given: list[Any], line: dict[str, Any]) -> list[Tensor]:
    """The output, and its first and second derivatives."""
    leaves = [t.detach().requires_grad_() for t in given if t is not None]
    arguments = iter(leaves)
    y = function(*(None if t is None else next(arguments) for t in given), **line)
    firsts = torch.autograd.grad(y.mul(y.cos()).sum(), leaves, create_graph=True)
    loss = y.square().sum() + sum(first.square().sum() for first in firsts)
    return [y, *firsts, *torch.autograd.grad(loss, leaves)]


@each_line
@pytest.mark.parametrize("absent", [(), (1,), (2,), (3,), (2, 3), (1, 2, 3)], ids=str)
def test_value_and_derivatives_equal_the_steps(
    absent: tuple[int, ...], line: dict[str, Any], device: torch.device, on_kernels: None
) -> None:
    given = [None if i in absent else t for i, t in enumerate(inputs(device, dtype=torch.float64))]
    found = [derivatives(function, given, line) for function in (scaled_bias_act, in_steps)]
    for got, wanted in zip(*found, strict=True):
        assert_near(got, wanted, 1e-6)


def test_one_map_of_noise_serves_all_images(device: torch.device, on_kernels: None) -> None:
    given = inputs(device, noises=1)
    for got, wanted in zip(*(derivatives(f, given, LINES["lrelu"]) for f in (scaled_bias_act, in_steps)), strict=True):
        assert_near(got, wanted, 1e-5)


def test_channels_last_stays_so(device: torch.device, on_kernels: None) -> None:
    x, *others = inputs(device)
    x = x.to(memory_format=LAST)
    found = [derivatives(f, [x, *others], LINES["lrelu"]) for f in (scaled_bias_act, in_steps)]
    for got, wanted in zip(*found, strict=True):
        assert_near(got, wanted, 1e-5)
    assert found[0][0].is_contiguous(memory_format=LAST)
    assert found[0][1].is_contiguous(memory_format=LAST)


@pytest.mark.parametrize("shape", [(1, 1, 1, 1), (2, 130, 3, 3), (2, 3, 13, 50), (3, 70, 1, 2)], ids=str)
def test_blocks_cover_every_size(shape: tuple[int, ...], device: torch.device, on_kernels: None) -> None:
    n, c, h, w = shape
    given = [torch.randn(size, device=device) for size in (shape, (n, c), (n, 1, h, w), (c,))]
    for x in (given[0], given[0].to(memory_format=LAST)):
        found = [derivatives(f, [x, *given[1:]], LINES["lrelu"]) for f in (scaled_bias_act, in_steps)]
        for got, wanted in zip(*found, strict=True):
            assert_near(got, wanted, 1e-4)  # sums of many squares


def test_first_and_second_derivative(device: torch.device, on_kernels: None) -> None:
    shapes = [(2, 2, 2, 2), (2, 2), (1, 1, 2, 2), (2,)]
    given = [torch.randn(s, device=device, dtype=torch.float64, requires_grad=True) for s in shapes]
    for check in (gradcheck, gradgradcheck):
        assert check(lambda *t: scaled_bias_act(*t, **LINES["lrelu"]), given, fast_mode=True)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_is_rounded_once(dtype: torch.dtype, device: torch.device, on_kernels: None) -> None:
    x, *others = inputs(device)
    x = x.to(dtype).requires_grad_()
    y = scaled_bias_act(x, *others, **LINES["lrelu"])
    assert y.dtype == dtype
    assert_near(y.float(), in_steps(x.float(), *others, **LINES["lrelu"]), torch.finfo(dtype).eps)
    y.sum().backward()
    assert x.grad is not None
    assert x.grad.dtype == dtype


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_the_gradient_at_a_clamped_place_is_zero_however_the_clamp_is_rounded(
    dtype: torch.dtype, device: torch.device, on_kernels: None
) -> None:
    clamp = 256 / 2**0.5  # between two numbers of half precision
    x = torch.tensor([-900.0, 1.0, 0.0, -1.0, 900.0], device=device)[None, :, None, None].to(dtype).requires_grad_()
    bias_act(x, activation="lrelu", gain=2.0, clamp=clamp).sum().backward()
    assert x.grad is not None
    assert_near(x.grad.flatten().float(), torch.tensor([0, 2, 0.4, 0.4, 0], device=device), torch.finfo(dtype).eps)
    assert x.grad[0, [0, -1]].flatten().tolist() == [0, 0]


def test_not_a_number_stays_so(device: torch.device, on_kernels: None) -> None:
    x = torch.tensor([[float("nan"), float("inf"), -float("inf")]], device=device)
    got = bias_act(x, activation="lrelu", gain=2.0, clamp=3.0)[0]
    assert got[0].isnan()
    assert got[1:].tolist() == [3, -3]


@each_line
@pytest.mark.parametrize("shape", [(4, 3), (2, 3, 5), (2, 3, 5, 7)], ids=str)
def test_bias_act_takes_vectors_and_images(
    shape: tuple[int, ...], line: dict[str, Any], device: torch.device, on_kernels: None
) -> None:
    given = [torch.randn(size, dtype=torch.float64, device=device) for size in (shape, (3,))]
    for got, wanted in zip(*(derivatives(f, given, line) for f in (bias_act, plain.bias_act)), strict=True):
        assert_near(got, wanted, 1e-6)


def test_no_image_no_output(device: torch.device, on_kernels: None) -> None:
    x, bias = (
        torch.zeros(0, 3, 4, 4, device=device, requires_grad=True),
        torch.zeros(3, device=device, requires_grad=True),
    )
    y = scaled_bias_act(x, bias=bias, activation="lrelu")
    assert y.shape == x.shape
    y.sum().backward()
    assert bias.grad is not None
    assert bias.grad.tolist() == [0, 0, 0]
