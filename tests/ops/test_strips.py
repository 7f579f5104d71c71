"""Laws of the strips: how high and how many they are changes nothing, and they are the only fine grid in memory."""

import math
from typing import Any

import pytest
import torch
from torch import Tensor

from allaprima.ops import strips
from allaprima.ops.strips import Steps, in_strips, size_after, suits
from allaprima.ops.upfirdn2d import Plan, apply_plan

PLANS = {  # up, down, paddings before the one and the other filter, taps of the filters
    "doubling": (4, 2, (-3, 5, 7, -2), (0, 0, 0, 0), (24,), (12,)),
    "same rate": (2, 2, (9, 8, 9, 8), (0, 0, 0, 0), (12,), (5, 6)),
    "padded twice": (3, 4, (0, 4, 1, 0), (5, 3, -2, 11), (6, 5), (7,)),
    "cropped twice": (1, 1, (-1, 0, 0, -1), (-2, -3, -1, 0), (3,), (1, 1)),
    "only down": (1, 3, (2, 2, 2, 2), (0, 0, 0, 0), (1, 1), (4,)),
}
each_plan = pytest.mark.parametrize("plans", PLANS.values(), ids=PLANS)


def steps_of(plans: Any, *, flip: bool = False) -> tuple[Steps, tuple[Tensor, Tensor]]:
    up, down, pad, pad_after, taps_up, taps_down = plans
    steps = Steps(Plan((up, up), (1, 1), pad, flip, 1.5), Plan((1, 1), (down, down), pad_after, not flip, 0.7))
    return steps, (torch.randn(taps_up).double(), torch.randn(taps_down).double())


def square_(fine: Tensor, beside: Tensor | None) -> None:
    fine.square_()
    if beside is not None:
        beside.copy_(fine)


@each_plan
@pytest.mark.parametrize("num_bytes", [1, 20_000, 50_000, 1 << 22], ids=["low", "some rows", "some maps", "all"])
@pytest.mark.parametrize("size", [(2, 3, 21, 30), (1, 1, 35, 18), (3, 5, 11, 12)])
def test_equals_its_steps(plans: Any, num_bytes: int, size: tuple[int, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(strips, "STRIP_BYTES", num_bytes)
    steps, filters = steps_of(plans, flip=num_bytes == 1)
    x, bias = torch.randn(size).double(), torch.randn(size[1]).double()
    fine = apply_plan(x + bias[:, None, None], filters[0], steps.before).square()
    beside = torch.full_like(fine, math.nan)
    y = in_strips(x, bias, filters, steps, square_, beside)
    wanted = apply_plan(fine, filters[1], steps.after)
    assert y.shape[2:] == size_after(fine.shape, filters[1], steps.after)
    torch.testing.assert_close(y, wanted)
    seen = ~beside.isnan()  # rows or columns that the second filter never reads need not be there
    torch.testing.assert_close(beside[seen], fine[seen])
    rows, columns = (fine.shape[axis] - plans[1] + 1 for axis in (2, 3))
    if max(steps.after.padding) == 0 == min(steps.after.padding):
        assert seen[:, :, :rows, :columns].all()


@each_plan
def test_each_image_is_as_if_it_were_alone(plans: Any) -> None:
    steps, filters = steps_of(plans)
    x, bias = torch.randn(3, 4, 16, 15).double().to(memory_format=torch.channels_last), torch.randn(4).double()
    together = in_strips(x, bias, filters, steps, square_)
    alone = torch.cat([in_strips(image[None], bias, filters, steps, square_) for image in x])
    torch.testing.assert_close(together, alone)


def test_the_buffers_are_as_small_as_was_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of 64 maps of 200² fine samples, 10 MB, a strip of 64 kB."""
    monkeypatch.setattr(strips, "STRIP_BYTES", 1 << 16)
    monkeypatch.setattr(torch, "get_num_threads", lambda: 1)
    f, largest = torch.rand(12), 0

    def look(fine: Tensor, _: Tensor | None) -> None:
        nonlocal largest
        largest = max(largest, fine.untyped_storage().nbytes())

    steps = Steps(Plan((2, 2), (1, 1), (6, 5, 6, 5), False, 1.0), Plan((1, 1), (2, 2), (0, 0, 0, 0), False, 1.0))
    in_strips(torch.randn(1, 64, 100, 100), None, (f, f), steps, look)
    assert 0 < largest <= 1.7 * (1 << 16)  # blocks are whole


def test_what_suits() -> None:
    steps, _ = steps_of(PLANS["doubling"])
    enough = math.isqrt(strips.LEAST_SAMPLES // 16)
    x = torch.zeros(1, 1, enough, enough)
    assert suits(x, steps)
    assert not suits(x[:, :, 1:], steps)
    assert not suits(x.bfloat16(), steps)
    assert not suits(x.to("meta"), steps)
