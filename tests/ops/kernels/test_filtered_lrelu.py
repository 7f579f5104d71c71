"""The kernels that keep the fine grid out of memory do what the operation's steps do."""

from typing import Any, NamedTuple

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from allaprima.ops import plain
from allaprima.ops.upfirdn2d import Plan
from tests.conftest import assert_near
from tests.ops.kernels.conftest import DEVICE

CASES = {  # taps of fu, taps of fd, up, down, padding, clamp
    "separable": ((12,), (12,), 2, 2, (9, 8, 9, 8), None),
    "doubling": ((24,), (12,), 4, 2, (17, -1, -2, 19), 0.7),
    "radial": ((8,), (6, 5), 2, 2, (5, 4, 3, 6), 0.9),
    "only up": ((4, 5), (1, 1), 2, 1, (3, 3, 1, 1), 0.5),
    "only down": ((1, 1), (5,), 1, 4, (2, 2, 2, 2), 0.5),
}
each_case = pytest.mark.parametrize("case", CASES.values(), ids=CASES)
SLOPE = 0.2


class Case(NamedTuple):
    fu: Tensor
    fd: Tensor
    before: Plan
    after: Plan
    clamp: float | None


def prepare(case: Any) -> Case:
    fu, fd, up, down, padding, clamp = case
    filters = [f / f.sum() for f in (torch.rand(fu), torch.rand(fd))]
    before, after = Plan((up, up), (1, 1), padding, False, up**2), Plan((1, 1), (down, down), (0, 0, 0, 0), False, 1.0)
    return Case(*(f.to(DEVICE) for f in filters), before, after, clamp)


def on_plan(x: Tensor, f: Tensor, plan: Plan) -> Tensor:
    top, bottom, left, right = plan.padding
    return plain.upfirdn2d(
        x.cpu(),
        f.cpu(),
        up=plan.up,
        down=plan.down,
        padding=(top, bottom, left, right),
        gain=plan.gain,
        flip_filter=plan.flip,
    )


def in_steps(x: Tensor, bias: Tensor | None, case: Case) -> tuple[Tensor, Tensor]:
    """Output and sides."""
    fine = on_plan(x if bias is None else x + bias[:, None, None], case.fu, case.before)
    side = torch.where(fine > 0, 1, -1)
    fine = F.leaky_relu(fine, SLOPE)
    if case.clamp is not None:
        side = torch.where(fine.abs() < case.clamp, side, 0)
        fine = fine.clamp(-case.clamp, case.clamp)
    return on_plan(fine, case.fd, case.after), side


def adjoint_of(case: Case, sizes: tuple[Tensor, Tensor, Tensor]) -> tuple[Plan, Plan]:
    x, side, y = (t.shape for t in sizes)
    taps = [(f.shape[0], f.shape[-1]) for f in (case.fu, case.fd)]
    return case.after.adjoint(side, y, taps[1]), case.before.adjoint(x, side, taps[0])


@each_case
@pytest.mark.parametrize("biased", [True, False])
def test_equals_the_steps(case: Any, biased: bool) -> None:
    from allaprima.ops.kernels.filtered_lrelu import bend, fits

    case = prepare(case)
    x = torch.randn(2, 2, 13, 9, device=DEVICE)
    bias = torch.randn(2, device=DEVICE) if biased else None
    assert fits(case.fu, case.fd, (case.before, case.after))
    y, side = bend(x, bias, case.fu, case.fd, (case.before, case.after), SLOPE, case.clamp, keep_side=True)
    wanted, wanted_side = in_steps(x.cpu(), None if bias is None else bias.cpu(), case)
    assert_near(y.cpu(), wanted, 1e-5)
    assert side is not None
    assert side.dtype == torch.int8
    assert (side.cpu() != wanted_side).sum() <= 1  # nearly 0, or nearly clamped
    without, none = bend(x, bias, case.fu, case.fd, (case.before, case.after), SLOPE, case.clamp, keep_side=False)
    assert none is None
    assert torch.equal(without, y)


def test_the_second_step_pads_with_zeros() -> None:
    from allaprima.ops.kernels.filtered_lrelu import bend

    case = prepare(CASES["separable"])
    case = case._replace(after=case.after._replace(padding=(5, 3, 0, 4)))
    x = torch.randn(1, 2, 7, 6, device=DEVICE)
    y, _ = bend(x, None, case.fu, case.fd, (case.before, case.after), SLOPE, case.clamp, keep_side=False)
    assert_near(y.cpu(), in_steps(x.cpu(), None, case)[0], 1e-5)


@each_case
def test_slopes_are_the_derivative_and_their_own_adjoint(case: Any) -> None:
    from allaprima.ops.kernels.filtered_lrelu import bend, multiply_slopes

    case = prepare(case)
    steps = (case.before, case.after)
    x = torch.randn(1, 2, 13, 9)
    y, side = bend(x.to(DEVICE), None, case.fu, case.fd, steps, SLOPE, case.clamp, keep_side=True)
    assert side is not None
    grad = torch.randn(y.shape)
    got = multiply_slopes(grad.to(DEVICE), case.fd, case.fu, side, SLOPE, adjoint_of(case, (x, side, y))).cpu()
    x.requires_grad_()
    (wanted,) = torch.autograd.grad(in_steps(x, None, case)[0], x, grad)
    assert_near(got, wanted, 1e-5)
    v = torch.randn(x.shape)
    forward = multiply_slopes(v.to(DEVICE), case.fu, case.fd, side, SLOPE, steps).cpu()
    torch.testing.assert_close((got * v).sum(), (forward * grad).sum(), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("size", [(70, 3), (3, 75)], ids=str)
@pytest.mark.parametrize("fd", [(12,), (4, 4)], ids=str)
def test_blocks_meet_without_a_seam(size: tuple[int, int], fd: tuple[int, ...]) -> None:
    from allaprima.ops.kernels.filtered_lrelu import bend, multiply_slopes

    case = prepare(((12,), fd, 2, 2, (9, 8, 9, 8), 0.8))
    x = torch.randn(1, 1, *size, device=DEVICE)
    steps = (case.before, case.after)
    y, side = bend(x, None, case.fu, case.fd, steps, SLOPE, case.clamp, keep_side=True)
    assert side is not None
    wanted, wanted_side = in_steps(x.cpu(), None, case)
    assert_near(y.cpu(), wanted, 1e-5)
    assert (side.cpu() != wanted_side).sum() <= 1
    grad = torch.randn_like(y)
    got = multiply_slopes(grad, case.fd, case.fu, side, SLOPE, adjoint_of(case, (x, side, y)))
    fine = on_plan(grad, case.fd, adjoint_of(case, (x, side, y))[0])
    fine = fine * torch.tensor([0.0, 1.0, SLOPE])[side.cpu().int()]  # sides 0, 1 and -1
    assert_near(got.cpu(), on_plan(fine, case.fu, adjoint_of(case, (x, side, y))[1]), 1e-5)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_keeps_its_layout(dtype: torch.dtype) -> None:
    from allaprima.ops.kernels.filtered_lrelu import bend

    case = prepare(CASES["separable"])
    x = torch.randn(2, 3, 8, 9, device=DEVICE).to(dtype).contiguous(memory_format=torch.channels_last)
    y, _ = bend(x, None, case.fu, case.fd, (case.before, case.after), SLOPE, None, keep_side=False)
    assert y.dtype == dtype
    assert y.is_contiguous(memory_format=torch.channels_last)
    assert_near(y.float().cpu(), in_steps(x.float().cpu(), None, case)[0], 2 * torch.finfo(dtype).eps)


def test_what_does_not_fit_is_said() -> None:
    from allaprima.ops.kernels.filtered_lrelu import fits

    one, long = torch.ones(1, 1), torch.ones(60)
    nothing = Plan((1, 1), (1, 1), (0, 0, 0, 0), False, 1.0)
    up = nothing._replace(up=(2, 2))
    assert not fits(one, one, (nothing, nothing))
    assert not fits(torch.ones(12), long, (up, nothing))
    assert not fits(torch.ones(12), torch.ones(12), (nothing, nothing))
    assert not fits(torch.ones(12), one, (nothing._replace(up=(2, 1)), nothing))
    assert fits(torch.ones(12), one, (up, nothing))
