"""Up-sample, filter, down-sample on a GPU: each number of the output gathers the pixels under its filter.

Inserted zeros are skipped, not multiplied: of the taps, every ``up``-th meets a pixel. Pixels are read again for every
tap, but from the cache.

Axes: n image, c channel, h w rows and columns, k l filter rows and columns.
"""

from typing import no_type_check

import triton
import triton.language as tl
from torch import Tensor

from allaprima.ops.kernels.launch import accumulator, block, empty_in_layout_of, is_channels_last, is_wide, launch
from allaprima.ops.upfirdn2d import Plan

LIFT = tl.constexpr(2**16)  # integers divide towards zero on a GPU: lifted above zero, they divide downwards
ELEMENTS = 1024  # of the output, in one program


def evaluate(x: Tensor, f: Tensor, plan: Plan) -> Tensor:
    """Run ``plan`` with a filter [k, l], or in two passes with one [taps] for both axes.

    Sums are float32. The layout of ``x``, channels last perhaps, is kept.

    Raises:
        ValueError: Nothing is left of the image.
    """
    if f.ndim == 2:
        return _filter(x, f, plan)
    rows = plan._replace(up=(plan.up[0], 1), down=(plan.down[0], 1), padding=(*plan.padding[:2], 0, 0))
    columns = plan._replace(up=(1, plan.up[1]), down=(1, plan.down[1]), padding=(0, 0, *plan.padding[2:]), gain=1.0)
    return _filter(_filter(x, f[None, :], columns), f[:, None], rows)


def filtered_size(size: int, taps: int, up: int, down: int, margins: int) -> int:
    """Length of one axis after up-sampling, padding by ``margins`` in all, filtering, down-sampling."""
    length = (size * up + margins - taps) // down + 1
    if length < 1:
        raise ValueError(
            f"{taps} taps and padding of {margins} in all leave nothing of {size} pixels, up-sampled {up} times"
        )
    return length


def _filter(x: Tensor, f: Tensor, plan: Plan) -> Tensor:
    n, c, h, w = x.shape
    (rows, columns), (top, bottom, left, right) = f.shape, plan.padding
    y_h = filtered_size(h, rows, plan.up[0], plan.down[0], top + bottom)
    y_w = filtered_size(w, columns, plan.up[1], plan.down[1], left + right)
    y = empty_in_layout_of(x, (n, c, y_h, y_w))
    block_c = block(c, 64) if is_channels_last(x) else 1
    block_x = block(y_w, 64 if block_c == 1 else 4)
    block_y = block(y_h, ELEMENTS // (block_c * block_x))
    tiles_c, tiles_y, tiles_x = triton.cdiv(c, block_c), triton.cdiv(y_h, block_y), triton.cdiv(y_w, block_x)
    launch(
        upfirdn2d_kernel,
        n * tiles_c * tiles_y * tiles_x,
        x,
        *(f.contiguous(), y, float(plan.gain)),
        *(c, h, w, y_h, y_w, tiles_c, tiles_y, tiles_x, top, left, *x.stride(), *y.stride()),
        UP_Y=plan.up[0],
        UP_X=plan.up[1],
        DOWN_Y=plan.down[0],
        DOWN_X=plan.down[1],
        ROWS=rows,
        COLUMNS=columns,
        FLIP=plan.flip,
        BLOCK_C=block_c,
        BLOCK_Y=block_y,
        BLOCK_X=block_x,
        SUM=accumulator(x),
        WIDE=is_wide(x, y),
    )
    return y


@triton.jit
@no_type_check
def first_pixel(o, before, UP: tl.constexpr, DOWN: tl.constexpr):
    """The first pixel at or after the place where the filter of output ``o`` begins, and the tap that it meets."""
    begin = o * DOWN - before
    pixel = (begin + UP - 1 + LIFT * UP) // UP - LIFT
    return pixel, pixel * UP - begin


@triton.jit
@no_type_check
def upfirdn2d_kernel(
    x, f, y, gain,
    c, h, w, y_h, y_w, tiles_c, tiles_y, tiles_x, top, left,
    x_n, x_c, x_h, x_w, y_n, y_c, y_y, y_x,
    UP_Y: tl.constexpr, UP_X: tl.constexpr, DOWN_Y: tl.constexpr, DOWN_X: tl.constexpr,
    ROWS: tl.constexpr, COLUMNS: tl.constexpr, FLIP: tl.constexpr,
    BLOCK_C: tl.constexpr, BLOCK_Y: tl.constexpr, BLOCK_X: tl.constexpr,
    SUM: tl.constexpr, WIDE: tl.constexpr,
):  # fmt: skip
    """One block [y, x, c] of the output: ``y[o] = gain * sum over k of f[k] * x[(o * down - before + k) / up]``."""
    INDEX: tl.constexpr = tl.int64 if WIDE else tl.int32
    tile = tl.program_id(0)
    ox = (tile % tiles_x) * BLOCK_X + tl.arange(0, BLOCK_X)[None, :, None]
    oy = (tile // tiles_x % tiles_y) * BLOCK_Y + tl.arange(0, BLOCK_Y)[:, None, None]
    image = tile // tiles_x // tiles_y
    channel = (image % tiles_c) * BLOCK_C + tl.arange(0, BLOCK_C)[None, None, :]
    image = (image // tiles_c).to(tl.int64)
    iy, ky_first = first_pixel(oy, top, UP_Y, DOWN_Y)
    ix, kx_first = first_pixel(ox, left, UP_X, DOWN_X)
    x += image * x_n
    y += image * y_n
    total = tl.zeros((BLOCK_Y, BLOCK_X, BLOCK_C), SUM)
    for j in range((ROWS + UP_Y - 1) // UP_Y):
        row = iy + j
        good_row = (row >= 0) & (row < h) & (channel < c)
        row_at = row.to(INDEX) * x_h + channel.to(INDEX) * x_c
        ky = j
        if UP_Y != 1:
            ky = ky_first + j * UP_Y
            good_row = good_row & (ky < ROWS)
            ky = tl.minimum(ky, ROWS - 1)
        f_row = f + (ky if FLIP else ROWS - 1 - ky) * COLUMNS
        for i in tl.static_range((COLUMNS + UP_X - 1) // UP_X):
            column = ix + i
            good = good_row & (column >= 0) & (column < w)
            kx = i
            if UP_X != 1:
                kx = kx_first + i * UP_X
                good = good & (kx < COLUMNS)
                kx = tl.minimum(kx, COLUMNS - 1)
            pixel = tl.load(x + row_at + column.to(INDEX) * x_w, mask=good, other=0.0)
            tap = tl.load(f_row + (kx if FLIP else COLUMNS - 1 - kx))
            total += tap.to(SUM) * pixel.to(SUM)
    at = oy.to(INDEX) * y_y + ox.to(INDEX) * y_x + channel.to(INDEX) * y_c
    tl.store(y + at, (total * gain).to(y.dtype.element_ty), mask=(oy < y_h) & (ox < y_w) & (channel < c))
