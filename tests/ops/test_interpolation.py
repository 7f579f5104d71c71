"""Between two latents."""

import math

import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.autograd import gradcheck

from allaprima.ops import lerp, slerp
from tests.conftest import assert_near

SIZES = st.integers(2, 9)
SHARES = st.floats(0, 1)


def pair(d: int, seed: int) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    a, b = torch.randn(2, d, generator=generator, dtype=torch.float64)
    return a, b


def angle(a: torch.Tensor, b: torch.Tensor) -> float:
    return math.acos(max(-1.0, min(1.0, float(a @ b / (a.norm() * b.norm())))))


@given(SIZES, st.integers(0, 10**6), SHARES)
def test_the_arc_is_walked_at_constant_speed(d, seed, t):
    a, b = pair(d, seed)
    between = slerp(a, b, torch.tensor(t, dtype=torch.float64))
    whole = angle(a, b)
    assert abs(angle(a, between) - t * whole) < 1e-5
    assert abs(float(between.norm()) - float(a.norm() + t * (b.norm() - a.norm()))) < 1e-9
    plane = torch.stack([a, b, between])
    assert torch.linalg.svdvals(plane).numel() < 3 or torch.linalg.svdvals(plane)[2] < 1e-9


@given(SIZES, st.integers(0, 10**6))
def test_both_ends_are_reached(d, seed):
    a, b = pair(d, seed)
    zero, one = torch.zeros([], dtype=torch.float64), torch.ones([], dtype=torch.float64)
    for between in (lerp, slerp):
        assert_near(between(a, b, zero), a, 1e-12)
        assert_near(between(a, b, one), b, 1e-12)


@given(SIZES, st.integers(0, 10**6), SHARES)
def test_the_way_back_is_the_way(d, seed, t):
    a, b = pair(d, seed)
    share = torch.tensor(t, dtype=torch.float64)
    for between in (lerp, slerp):
        assert_near(between(a, b, share), between(b, a, 1 - share), 1e-9)


def test_parallel_opposite_and_empty_vectors_stay_finite():
    a = torch.tensor([[1.0, 2.0], [1.0, 2.0], [0.0, 0.0], [1.0, 0.0]])
    b = torch.tensor([[2.0, 4.0], [-1.0, -2.0], [3.0, 1.0], [1.0, 1e-9]])
    half = torch.full((4,), 0.5)
    assert_near(slerp(a, b, half), lerp(a, b, half), 1e-6)


def test_gradients_do_not_break_where_there_is_no_arc():
    a = torch.tensor([[1.0, 2.0], [0.3, -1.0]], dtype=torch.float64, requires_grad=True)
    b = torch.tensor([[2.0, 4.0], [1.0, 1.0]], dtype=torch.float64)
    t = torch.tensor([0.3, 0.6], dtype=torch.float64)
    assert gradcheck(lambda x: slerp(x[1:], b[1:], t[1:]), [a])
    slerp(a, b, t).sum().backward()
    assert a.grad is not None
    assert torch.isfinite(a.grad).all()


def test_rows_are_walked_apart():
    a, b = torch.randn(2, 3, 4, 5)
    t = torch.rand(3, 4)
    whole = slerp(a, b, t)
    assert_near(whole[1, 2], slerp(a[1, 2], b[1, 2], t[1, 2]), 1e-6)
