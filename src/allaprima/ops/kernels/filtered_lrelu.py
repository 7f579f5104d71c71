"""Up-sample, bend, down-sample on a GPU without the fine grid in memory; of it, at most one byte a number is written.

Filtering the rows and columns of a block with a separable filter is multiplying it from the left and from the right by
matrices that hold the taps along a diagonal band (up- and down-sampling by steps that the band takes): work for the
matrix units. A filter [k, l] is the sum over k of such products. Each program makes one block of one plane's output,
with as much of the fine grid around it as the taps reach.

Axes: n image, c channel, h w rows and columns.
"""

from typing import Any, NamedTuple, no_type_check

import torch
import triton
import triton.language as tl
from torch import Tensor

from allaprima.ops.kernels.launch import accumulator, block, is_channels_last, launch
from allaprima.ops.kernels.upfirdn2d import filtered_size
from allaprima.ops.upfirdn2d import Plan

Steps = tuple[Plan, Plan]  # before and after the pointwise step

LIFT = tl.constexpr(2**16)  # integers divide towards zero on a GPU: lifted above zero, they divide downwards
FINE = 64  # rows and columns of the fine grid in one program
FEWEST = 6  # rows and columns of output that are worth it


def fits(fu: Tensor, fd: Tensor, steps: Steps) -> bool:
    """Whether one program's share of the fine grid holds what these taps reach, and there is something to filter."""
    before, after = steps
    square = before.up[0] == before.up[1] and after.down[0] == after.down[1]
    plain = before.down == (1, 1) and after.up == (1, 1)
    if not square or not plain or max(*fu.shape, *fd.shape) == 1:
        return False
    return _input_rows(fu, before) <= FINE and _output_rows(fd, after) >= FEWEST


def bend(
    x: Tensor,
    bias: Tensor | None,
    fu: Tensor,
    fd: Tensor,
    steps: Steps,
    slope: float,
    clamp: float | None,
    *,
    keep_side: bool,
) -> tuple[Tensor, Tensor | None]:
    """Add the bias, up-sample by the first step, ``clamp(lrelu(x))``, down-sample by the second.

    Args:
        x: [n, c, h, w].
        bias: [c], or None.
        fu: Filter of the first step, [k, l] or [taps].
        fd: Filter of the second step.
        steps: Of which `fits` is true.
        slope: Of the negative side.
        clamp: Bound of the absolute value on the fine grid.
        keep_side: Whether the sides are wanted.

    Returns:
        The output, and the sides [n, c, fine h, fine w] in int8: 1 positive, -1 not, 0 clamped.
    """
    shape = _fine_shape(x, fu, steps[0])
    side = torch.empty(shape, dtype=torch.int8, device=x.device) if keep_side else None
    return _run(x, bias, (fu, fd), steps, side, slope, clamp, multiply=False), side


def multiply_slopes(grad: Tensor, f1: Tensor, f2: Tensor, side: Tensor, slope: float, steps: Steps) -> Tensor:
    """Filter by the first step, multiply by 1, ``slope`` or 0 as ``side`` says, filter by the second."""
    assert side.shape == _fine_shape(grad, f1, steps[0])
    return _run(grad, None, (f1, f2), steps, side.contiguous(), slope, None, multiply=True)


class _Filter(NamedTuple):
    """A filter as the kernel reads it."""

    taps: Tensor
    rows: int
    columns: int
    separable: bool


def _as_filter(f: Tensor) -> _Filter:
    return _Filter(f.contiguous(), f.shape[0], f.shape[-1], f.ndim == 1)


def _fine_shape(x: Tensor, f: Tensor, plan: Plan) -> tuple[int, int, int, int]:
    (top, bottom, left, right), (h, w) = plan.padding, x.shape[2:]
    fine_h = filtered_size(h, f.shape[0], plan.up[0], 1, top + bottom)
    return (x.shape[0], x.shape[1], fine_h, filtered_size(w, f.shape[-1], plan.up[1], 1, left + right))


def _input_rows(f: Tensor, plan: Plan) -> int:
    """Rows, or columns, of the input that the taps reach from one program's part of the fine grid."""
    return int(triton.cdiv(FINE + max(f.shape) - 2, plan.up[0])) + 1


def _output_rows(f: Tensor, plan: Plan) -> int:
    """Rows, or columns, of the output that one program can make of its part of the fine grid."""
    return (FINE + 1 - max(f.shape)) // plan.down[0]


def _run(
    x: Tensor,
    bias: Tensor | None,
    filters: tuple[Tensor, Tensor],
    steps: Steps,
    side: Tensor | None,
    slope: float,
    clamp: float | None,
    *,
    multiply: bool,
) -> Tensor:
    (f1, f2), (before, after) = filters, steps
    n, c, fine_h, fine_w = _fine_shape(x, f1, before)
    (top, bottom, left, right), step = after.padding, _output_rows(f2, after)
    y_h = filtered_size(fine_h, f2.shape[0], 1, after.down[0], top + bottom)
    y_w = filtered_size(fine_w, f2.shape[-1], 1, after.down[1], left + right)
    y = torch.empty(n, c, y_h, y_w, dtype=x.dtype, device=x.device)
    tiles_y, tiles_x = triton.cdiv(y_h, step), triton.cdiv(y_w, step)
    first, second = _as_filter(f1), _as_filter(f2)
    launch(
        filtered_lrelu_kernel,
        n * c * tiles_y * tiles_x,
        x.contiguous(),  # the planes are worked on one by one
        *(None if bias is None else bias.contiguous(), y, side, first.taps, second.taps),
        *(float(before.gain), float(after.gain), float(slope), None if clamp is None else float(clamp)),
        *(c, *x.shape[2:], fine_h, fine_w, y_h, y_w, tiles_y, tiles_x),
        *(before.padding[0], before.padding[2], top, left),
        UP=before.up[0],
        DOWN=after.down[0],
        MULTIPLY=multiply,
        STEP=step,
        ROWS_1=first.rows,
        COLUMNS_1=first.columns,
        SEPARABLE_1=first.separable,
        FLIP_1=before.flip,
        ROWS_2=second.rows,
        COLUMNS_2=second.columns,
        SEPARABLE_2=second.separable,
        FLIP_2=after.flip,
        INPUT=max(block(_input_rows(f1, before), FINE), 16),
        FINE=FINE,
        OUTPUT=max(block(step, FINE), 16),
        **_numbers(x),
        num_warps=4 if first.separable and second.separable else 8,
    )
    return y.contiguous(memory_format=torch.channels_last) if is_channels_last(x) else y


def _numbers(x: Tensor) -> dict[str, Any]:
    """Half precision counts in tf32, which has as many bits as float16; float32 in three such products."""
    return {"SUM": accumulator(x), "PRECISION": "tf32" if x.element_size() == 2 else "tf32x3"}


@triton.jit
@no_type_check
def taps_at(f, k, TAPS: tl.constexpr, FLIP: tl.constexpr, SUM: tl.constexpr):
    """Tap number ``k`` of a correlation, or of a convolution; 0 where there is none."""
    return tl.load(f + (k if FLIP else TAPS - 1 - k), mask=(k >= 0) & (k < TAPS), other=0.0).to(SUM)


@triton.jit
@no_type_check
def filtered(
    values, f, ky, kx,
    ROWS: tl.constexpr, COLUMNS: tl.constexpr, SEPARABLE: tl.constexpr, FLIP: tl.constexpr,
    OUT: tl.constexpr, SUM: tl.constexpr, PRECISION: tl.constexpr,
):  # fmt: skip
    """``A values B``, where ``ky`` [out, in] and ``kx`` [in, out] say which tap stands where in A and B."""
    if SEPARABLE:
        along = tl.dot(values, taps_at(f, kx, COLUMNS, FLIP, SUM), input_precision=PRECISION, out_dtype=SUM)
        total = tl.dot(taps_at(f, ky, ROWS, FLIP, SUM), along, input_precision=PRECISION, out_dtype=SUM)
    else:
        total = tl.zeros((OUT, OUT), SUM)
        for row in range(ROWS):
            f_row = f + (row if FLIP else ROWS - 1 - row) * COLUMNS
            along = tl.dot(values, taps_at(f_row, kx, COLUMNS, FLIP, SUM), input_precision=PRECISION, out_dtype=SUM)
            total += tl.dot((ky == row).to(SUM), along, input_precision=PRECISION, out_dtype=SUM)
    return total


@triton.jit
@no_type_check
def filtered_lrelu_kernel(
    x, bias, y, side, f1, f2, gain_1, gain_2, slope, clamp,
    c, h, w, fine_h, fine_w, y_h, y_w, tiles_y, tiles_x, top_1, left_1, top_2, left_2,
    UP: tl.constexpr, DOWN: tl.constexpr, MULTIPLY: tl.constexpr, STEP: tl.constexpr,
    ROWS_1: tl.constexpr, COLUMNS_1: tl.constexpr, SEPARABLE_1: tl.constexpr, FLIP_1: tl.constexpr,
    ROWS_2: tl.constexpr, COLUMNS_2: tl.constexpr, SEPARABLE_2: tl.constexpr, FLIP_2: tl.constexpr,
    INPUT: tl.constexpr, FINE: tl.constexpr, OUTPUT: tl.constexpr, SUM: tl.constexpr, PRECISION: tl.constexpr,
):  # fmt: skip
    """One block of STEP rows and columns of one plane's output."""
    tile = tl.program_id(0)
    plane = (tile // tiles_x // tiles_y).to(tl.int64)
    oy_0, ox_0 = (tile // tiles_x % tiles_y) * STEP, (tile % tiles_x) * STEP
    fy_0, fx_0 = oy_0 * DOWN - top_2, ox_0 * DOWN - left_2
    iy_0 = (fy_0 - top_1 + LIFT * UP) // UP - LIFT  # the first row that the first fine row's taps can reach
    ix_0 = (fx_0 - left_1 + LIFT * UP) // UP - LIFT
    inputs, fines, outputs = tl.arange(0, INPUT), tl.arange(0, FINE), tl.arange(0, OUTPUT)

    iy, ix = (iy_0 + inputs)[:, None], (ix_0 + inputs)[None, :]
    here = (iy >= 0) & (iy < h) & (ix >= 0) & (ix < w)
    values = tl.load(x + plane * h * w + iy * w + ix, mask=here, other=0.0).to(SUM)
    if bias is not None:
        values = tl.where(here, values + tl.load(bias + plane % c).to(SUM), 0.0)

    # The fine grid: fine[f] = sum over k of taps[k] * x[(f - before + k) / up], so that k = i * up + before - f.
    ky = (iy_0 + inputs)[None, :] * UP + top_1 - (fy_0 + fines)[:, None]
    kx = (ix_0 + inputs)[:, None] * UP + left_1 - (fx_0 + fines)[None, :]
    fine = filtered(values, f1, ky, kx, ROWS_1, COLUMNS_1, SEPARABLE_1, FLIP_1, FINE, SUM, PRECISION) * gain_1
    fy, fx = (fy_0 + fines)[:, None], (fx_0 + fines)[None, :]
    there = (fy >= 0) & (fy < fine_h) & (fx >= 0) & (fx < fine_w)
    side_at = plane * fine_h * fine_w + fy * fine_w + fx
    if MULTIPLY:
        kept = tl.load(side + side_at, mask=there, other=0)
        fine = tl.where(kept > 0, fine, tl.where(kept < 0, fine * slope, 0.0))
    else:
        positive = fine > 0
        fine = tl.where(positive, fine, fine * slope)
        free = fine == fine
        if clamp is not None:
            free = (fine < clamp) & (fine > -clamp)
            fine = tl.where(fine > clamp, clamp, tl.where(fine < -clamp, -clamp, fine))  # NaN stays NaN
        if side is not None:
            # What neighbouring programs share of the fine grid, both write.
            kept = tl.where(free, tl.where(positive, 1, -1), 0)
            tl.store(side + side_at, kept.to(tl.int8), mask=there)
        fine = tl.where(there, fine, 0.0)

    # The output: y[o] = sum over k of taps[k] * fine[o * down - before + k].
    ky = (fy_0 + fines)[None, :] + top_2 - (oy_0 + outputs)[:, None] * DOWN
    kx = (fx_0 + fines)[:, None] + left_2 - (ox_0 + outputs)[None, :] * DOWN
    total = filtered(fine, f2, ky, kx, ROWS_2, COLUMNS_2, SEPARABLE_2, FLIP_2, OUTPUT, SUM, PRECISION) * gain_2
    oy, ox = (oy_0 + outputs)[:, None], (ox_0 + outputs)[None, :]
    mask = (outputs < STEP)[:, None] & (outputs < STEP)[None, :] & (oy < y_h) & (ox < y_w)
    tl.store(y + plane * y_h * y_w + oy * y_w + ox, total.to(y.dtype.element_ty), mask=mask)
