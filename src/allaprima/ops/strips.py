"""Up-sample, do something to each sample, down-sample: strip by strip, so that the fine grid is never whole in memory.

A strip is some rows of some feature maps. It stays in the processor's cache from the first filter to the last, where
the whole fine grid of a StyleGAN3 layer, tens to hundreds of megabytes, would be written to memory and read again by
each step. For the CPU, in single and double precision.

Axes: n image, c channel, h w rows and columns, p feature map (plane). Filters: `allaprima.ops.polyphase`.
"""

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor

from allaprima.ops.polyphase import Band, along_columns, along_rows, band, separate
from allaprima.ops.upfirdn2d import Plan

STRIP_BYTES = 1 << 21
"""Of the fine grid, for each thread: about what a core has of the larger caches. Half or twice as much makes no
difference; with far less, starting the operations takes longer than doing them."""

LEAST_SAMPLES = 1 << 16
"""Of the fine grid: with fewer, the half millisecond that making the matrices takes is not won back."""

COLUMNS = 16
"""Samples of a block of columns: one line of the cache in single precision."""

ROWS = 8
"""Samples of a block of rows on the coarse side; here a block need not be wide, as its rows are long."""


class Steps(NamedTuple):
    """What comes before and after the pointwise step: the first does not down-sample, the second does not up-sample."""

    before: Plan
    after: Plan


Pointwise = Callable[[Tensor, Tensor | None], None]
"""Changes a part of the fine grid in place, reading or writing what lies beside it, the same part of another tensor."""


def suits(x: Tensor, steps: Steps) -> bool:
    """Whether strips are the better way: elsewhere one large operation is, and a graph should not hold the strips."""
    if x.device.type != "cpu" or x.dtype not in (torch.float32, torch.float64) or torch.compiler.is_compiling():
        return False
    return x.numel() * steps.before.up[0] * steps.before.up[1] >= LEAST_SAMPLES


def size_after(size: torch.Size, f: Tensor, plan: Plan) -> tuple[int, int]:
    """Rows and columns that `upfirdn2d` gives for an input of this ``size``."""
    sides = []
    for axis, taps in enumerate((f.shape[0], f.shape[-1])):
        padded = size[axis - 2] * plan.up[axis] + plan.padding[2 * axis] + plan.padding[2 * axis + 1]
        sides.append((padded - taps) // plan.down[axis] + 1)
    return sides[0], sides[1]


def in_strips(
    x: Tensor,
    bias: Tensor | None,
    filters: tuple[Tensor, Tensor],
    steps: Steps,
    pointwise: Pointwise,
    beside: Tensor | None = None,
) -> Tensor:
    """Add the bias [c], resample, change the fine grid, resample.

    Args:
        x: [n, c, h, w].
        bias: Added before the padding, or None.
        filters: Of the two resamplings, [k, l] or [taps].
        steps: The two resamplings.
        pointwise: Changes a strip [h, p, w] of the fine grid. It may see a sample twice, in two strips.
        beside: [n, c, h, w] of the fine grid, contiguous: of which ``pointwise`` gets the same strip.

    Returns:
        [n, c, h2, w2].
    """
    n, c = x.shape[:2]
    fine_size = size_after(x.shape, filters[0], steps.before)
    size = size_after(torch.Size(fine_size), filters[1], steps.after)
    bands = _bands_of_steps(filters, steps, x)
    shape = _shape_of_strips(n * c, size, bands.after[0], x)
    y = x.new_empty((n, c, *size))
    biases = None if bias is None else bias.to(x.dtype).repeat(n)[:, None]
    strip = _Strip(bands, shape, fine_size, x, clear_rim=max(steps.after.padding) > 0)
    planes, planes_out = x.reshape(n * c, *x.shape[2:]), y.view(n * c, *size)
    planes_beside = None if beside is None else beside.view(n * c, *fine_size)
    for first in range(0, n * c, shape.planes):
        # The last strips repeat maps of those before rather than being smaller, which would need other buffers.
        last = min(first + shape.planes, n * c)
        chosen = slice(last - shape.planes, last)
        for row in range(0, size[0], shape.rows):
            strip.read(planes, biases, chosen, row)
            strip.refine()
            strip.change(planes_beside, chosen, row, pointwise)
            strip.coarsen()
            strip.write(planes_out, chosen, row)
    return y


Axes = tuple[Band, Band]
"""Along the rows and along the columns."""


class _Bands(NamedTuple):
    """Both resamplings, each as a sum of separable ones; all that differs between these is the numbers."""

    before: list[Axes]
    after: list[Axes]

    @property
    def origin(self) -> tuple[int, int]:
        """Where a strip's fine grid begins, that of the first strip: where the second resampling begins to look."""
        rows, columns = self.after[0]
        return rows.start, columns.start


class _Shape(NamedTuple):
    """Of a strip: feature maps, rows and columns of output."""

    planes: int
    rows: int
    columns: int


def _bands_of_steps(filters: tuple[Tensor, Tensor], steps: Steps, x: Tensor) -> _Bands:
    up, f = steps.before.up, [f.to(x.dtype) for f in filters]
    blocks = (_multiple(ROWS, up[0]), _multiple(COLUMNS, up[1]))  # so that every strip begins at the same phase
    bands = _Bands([], _bands(f[1], steps.after, blocks, (0, 0)))
    return bands._replace(before=_bands(f[0], steps.before, (ROWS * up[0], blocks[1]), bands.origin))


def _bands(f: Tensor, plan: Plan, sizes: tuple[int, int], origin: tuple[int, int]) -> list[Axes]:
    """Of the samples of the output from ``origin`` on."""
    taps = f if plan.flip else f.flip(tuple(range(f.ndim)))

    def along(axis: int, taps: Tensor) -> Band:
        before = plan.padding[2 * axis] - origin[axis] * plan.down[axis]
        return band(taps, up=plan.up[axis], down=plan.down[axis], before=before, size=sizes[axis])

    return [(along(0, rows * plan.gain), along(1, columns)) for rows, columns in separate(taps)]


def _shape_of_strips(planes: int, size: tuple[int, int], bands: Axes, x: Tensor) -> _Shape:
    """As many rows as there is room for, and, if these are all, as many maps."""
    rows, columns = bands
    width = _multiple(size[1], columns.size)
    bytes_of_row = columns.reach(width // columns.size) * x.element_size()
    room = STRIP_BYTES * torch.get_num_threads() // bytes_of_row
    all_blocks = max(-(-size[0] // rows.size), 1)
    at_most = max((room - rows.matrix.shape[0]) // rows.advance + 1, 1)
    blocks = -(-all_blocks // -(-all_blocks // at_most))  # strips of about the same height
    return _Shape(min(max(room // rows.reach(blocks), 1), planes), blocks * rows.size, width)


class _Strip:
    """The buffers, which all strips use in turn: [h, p, w] each.

    They begin as zeros, as a matrix's zero times whatever lies in new memory may be not a number.
    """

    def __init__(self, bands: _Bands, shape: _Shape, fine_size: tuple[int, int], x: Tensor, *, clear_rim: bool) -> None:
        self.bands, self.fine_size, self.clear_rim = bands, fine_size, clear_rim
        (rows, columns), (rows_out, columns_out) = bands.before[0], bands.after[0]
        height = rows_out.reach(shape.rows // rows_out.size)
        width = columns_out.reach(shape.columns // columns_out.size)
        blocks, blocks_across = -(-height // rows.size), -(-width // columns.size)
        fine_rows, fine_columns = blocks * rows.size, blocks_across * columns.size
        coarse_rows = rows.reach(blocks)

        p = shape.planes
        self.coarse = x.new_zeros(coarse_rows, p, columns.reach(blocks_across))
        self.widened = x.new_zeros(coarse_rows, p, fine_columns)
        self.fine = x.new_zeros(fine_rows, p, fine_columns)
        self.shortened = x.new_zeros(shape.rows, p, fine_columns)
        self.out = x.new_zeros(shape.rows, p, shape.columns)

    def read(self, x: Tensor, bias: Tensor | None, planes: slice, row: int) -> None:
        """Copy what the strip of this ``row`` of output needs, with the bias; what is not there is zero."""
        rows, columns = self.bands.before[0]
        start = rows.start + self._offset(row) * rows.advance // rows.size
        here, there = _overlap(start, len(self.coarse), x.shape[1])
        here_x, there_x = _overlap(columns.start, self.coarse.shape[2], x.shape[2])
        self.coarse[: here.start].zero_()
        self.coarse[here.stop :].zero_()
        source, buffer = x[planes, there, there_x].transpose(0, 1), self.coarse[here, :, here_x]
        if bias is None:
            buffer.copy_(source)
        else:
            torch.add(source, bias[planes], out=buffer)

    def refine(self) -> None:
        """First along the columns: at this time the image has fewer rows."""
        for i, (rows, columns) in enumerate(self.bands.before):
            along_columns(columns, self.coarse, self.widened)
            along_rows(rows, self.widened, self.fine, add=i > 0)

    def change(self, beside: Tensor | None, planes: slice, row: int, pointwise: Pointwise) -> None:
        """Do what is to be done to the part of the strip that is on the fine grid; the rest is a rim of zeros."""
        start, start_x = self.bands.origin
        here, there = _overlap(start + self._offset(row), len(self.fine), self.fine_size[0])
        here_x, there_x = _overlap(start_x, self.fine.shape[2], self.fine_size[1])
        pointwise(
            self.fine[here, :, here_x], None if beside is None else beside[planes, there, there_x].transpose(0, 1)
        )
        if self.clear_rim:
            for rim in (self.fine[: here.start], self.fine[here.stop :]):
                rim.zero_()
            for rim in (self.fine[:, :, : here_x.start], self.fine[:, :, here_x.stop :]):
                rim.zero_()

    def coarsen(self) -> None:
        """First along the rows: from then on the image has fewer of them."""
        for i, (rows, columns) in enumerate(self.bands.after):
            along_rows(rows, self.fine, self.shortened)
            along_columns(columns, self.shortened, self.out, add=i > 0)

    def write(self, y: Tensor, planes: slice, row: int) -> None:
        """Copy the strip to the output."""
        target = y[planes, row : row + len(self.out)]
        target.copy_(self.out[: target.shape[1], :, : target.shape[2]].transpose(0, 1))

    def _offset(self, row: int) -> int:
        """Rows of the fine grid between the first strip and that of this ``row`` of output."""
        rows = self.bands.after[0][0]
        return row // rows.size * rows.advance


def _overlap(start: int, length: int, size: int) -> tuple[slice, slice]:
    """Where a buffer of this ``length`` and a signal of this ``size`` overlap, in each; the buffer is at ``start``."""
    first = min(max(start, 0), size)
    last = max(min(start + length, size), first)
    return slice(max(first - start, 0), max(last - start, 0)), slice(first, last)


def _multiple(number: int, of: int) -> int:
    """The least multiple from ``number`` on."""
    return -(-number // of) * of
