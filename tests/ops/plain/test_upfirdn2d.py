"""The plain resampling equals its definition, and the fast one's derivatives."""

from typing import Any

import pytest
import torch
from hypothesis import given, settings
from torch import Tensor

from allaprima import ops
from allaprima.ops import plain, setup_filter
from allaprima.ops.plain.upfirdn2d import insert_zeros
from tests.ops.test_upfirdn2d import by_definition, calls


@settings(max_examples=100)
@given(calls())
def test_equals_the_definition(call: tuple[Tensor, Tensor, dict[str, Any]]) -> None:
    x, f, keywords = call
    y = plain.upfirdn2d(x, f, **keywords)
    torch.testing.assert_close(y, by_definition(x, f, **keywords), atol=1e-10, rtol=1e-10)


def test_zeros_follow_every_pixel() -> None:
    x = torch.tensor([[[[1.0, 2], [3, 4]]]])
    assert insert_zeros(x, (2, 3))[0, 0].tolist() == [
        [1, 0, 0, 2, 0, 0],
        [0] * 6,
        [3, 0, 0, 4, 0, 0],
        [0] * 6,
    ]


@pytest.mark.parametrize("taps", [[1, 3], [1, 2, 4, 3], [1, 2, 4, 6, 6, 4, 2, 5]], ids=len)
@pytest.mark.parametrize("name", ["upsample2d", "downsample2d"])
def test_doubles_and_halves_as_the_fast_twin_does(name: str, taps: list[float]) -> None:
    x, f = torch.randn(2, 3, 6, 9, dtype=torch.float64), setup_filter(taps)
    torch.testing.assert_close(getattr(plain, name)(x, f), getattr(ops, name)(x, f))


def test_no_filter_is_the_tap_1() -> None:
    x = torch.randn(1, 2, 3, 4)
    assert torch.equal(plain.upfirdn2d(x, None), x)


def test_derivatives_equal_those_of_the_fast_twin() -> None:
    x, f = torch.randn(2, 3, 5, 6, dtype=torch.float64, requires_grad=True), torch.rand(4, 3, dtype=torch.float64)
    found = []
    for twin in (ops.upfirdn2d, plain.upfirdn2d):
        y = twin(x, f, up=(2, 1), down=(1, 2), padding=(2, 1, -1, 2), gain=3.0)
        (first,) = torch.autograd.grad(y.pow(3).sum(), x, create_graph=True)
        found.append((first, *torch.autograd.grad(first.square().sum(), x)))
    for got, wanted in zip(*found, strict=True):
        torch.testing.assert_close(got, wanted)
