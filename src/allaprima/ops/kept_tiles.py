"""Winograd's convolution with transformed kernels that are kept: a grouped one of 1×1, a group for each product.

As `allaprima.ops.winograd`, but that the numbers of a tile lie together. Some tiles at a time, in memory that is used
again and small enough for the caches. No derivatives.

Axes: n image, i input channel, o output channel, h w rows and columns, p product of a tile, t tile.
"""

from collections.abc import Callable
from itertools import product
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from allaprima.allocator import give_back_pages
from allaprima.ops import fast
from allaprima.ops.kept_kernels import KeptKernels
from allaprima.ops.packed import Options, convolve_columns, reordered
from allaprima.ops.parts import equal_parts
from allaprima.ops.toom_cook import INSIDE, OUTSIDE, PRODUCTS, matrices, size_of

STRIP = 36 * 512 * 64  # numbers in the transformed tiles of one strip: 5 MB
PART = 36 * 512 * 64  # numbers in the transformed kernels of some output channels: 9 MB, twice as much for a moment
WORTH = 0.4  # milliseconds that a MB of transformed kernels saves at 64×64 pixels, measured


class Grid(NamedTuple):
    """The tiles of a convolution.

    Attributes:
        rows: Of tiles in an image.
        columns: Of tiles in an image.
        at_once: Tiles of a strip, about.
        parts: Slices of the output channels.
    """

    rows: int
    columns: int
    at_once: int
    parts: list[slice]


Kernels = Callable[[int], tuple[Tensor, ...] | None]
"""The transformed kernels of each part, in the order for so many tiles; None where they are not kept."""


def convolve_in_tiles(
    x: Float[Tensor, "n i h w"],
    weight: Float[Tensor, "o i 3 3"],
    kept: KeptKernels,
    padding: int,
    style: Float[Tensor, "n i"] | None,
) -> Float[Tensor, "n o h2 w2"] | None:
    """Correlate ``x``, times ``style``, with ``weight``; None where the transformed kernels are not kept."""
    o, i = weight.shape[:2]
    rows, columns = (-(-size // OUTSIDE) for size in size_of(x, padding))
    grid = Grid(rows, columns, STRIP // (PRODUCTS * max(i, o)), equal_parts(o, PART // (PRODUCTS * i)))

    def kernels(t: int) -> tuple[Tensor, ...] | None:
        def transformed(weight: Tensor) -> tuple[Tensor, ...]:
            to, shape = matrices(x.dtype), torch.Size((1, PRODUCTS * i, t, 1))
            options = Options(groups=PRODUCTS)
            found = []
            for part in grid.parts:
                found.append(reordered((to.kernel @ weight[part].reshape(-1, 9).T).view(-1, i, 1, 1), options, shape))
                give_back_pages(weight[part].data_ptr(), weight[part].nbytes)  # before the next part is read
            return tuple(found)

        worth = WORTH * (x[:, 0].numel() / 64**2) ** 0.5  # half as much for a quarter of the pixels
        size = weight.nbytes * PRODUCTS // 9
        return kept.get("transformed", weight, transformed, size=size, worth=worth, about=(t,))

    wide = x.contiguous(memory_format=torch.channels_last)
    if fast.serves(wide, style) and fast.divides(*(part.stop - part.start for part in grid.parts)):
        return _compiled(wide, o, grid, kernels, padding, style)
    return _plain(x, o, grid, kernels, padding, style)


def _compiled(x: Tensor, o: int, grid: Grid, kernels: Kernels, padding: int, style: Tensor | None) -> Tensor | None:
    strips = equal_parts(len(x) * grid.rows * grid.columns, grid.at_once)
    t = strips[0].stop
    kept = kernels(t)
    if kept is None:
        return None
    y = fast.new_maps(x, o, *size_of(x, padding))
    evaluated = x.new_empty(t, PRODUCTS, x.shape[1])
    for strip in strips:
        part = fast.Part(grid.rows, grid.columns, strip.start, t)
        fast.into_tiles(x, style, part, padding, evaluated)
        for channels, kernel in zip(grid.parts, kept, strict=True):
            fast.out_of_tiles(convolve_columns(evaluated, kernel), part, y, channels.start)
    return y


def _plain(x: Tensor, o: int, grid: Grid, kernels: Kernels, padding: int, style: Tensor | None) -> Tensor | None:
    to, (n, i), (rows, columns) = matrices(x.dtype), x.shape[:2], grid[:2]
    images, bands = equal_parts(n, grid.at_once // (rows * columns)), equal_parts(rows, grid.at_once // columns)
    m, r = images[0].stop, bands[0].stop
    t = m * r * columns
    kept = kernels(t)
    if kept is None:
        return None
    y = x.new_empty(n, rows, OUTSIDE, columns, OUTSIDE, o)
    window = x.new_zeros(m, r * OUTSIDE + 2, columns * OUTSIDE + 2, i)
    pixels, evaluated = x.new_empty(2, t, PRODUCTS, i)
    outside = x.new_empty(t, len(to.output), grid.parts[0].stop)
    overlapping = window.unfold(1, INSIDE, OUTSIDE).unfold(2, INSIDE, OUTSIDE)
    overlapping = overlapping.permute(0, 1, 2, 4, 5, 3)  # image, row and column of tiles, row and column of pixels
    for part, band in product(images, bands):
        _look(window, x[part], None if style is None else style[part], band.start * OUTSIDE, padding)
        pixels.view(overlapping.shape).copy_(overlapping)
        torch.matmul(to.input, pixels, out=evaluated)
        for channels, kernel in zip(grid.parts, kept, strict=True):
            torch.matmul(to.output, convolve_columns(evaluated, kernel), out=outside)
            blocks = y[part, band, :, :, :, channels].transpose(2, 3)
            blocks.copy_(outside.view(blocks.shape))
    height, width = size_of(x, padding)
    return y.view(n, rows * OUTSIDE, -1, o)[:, :height, :width].permute(0, 3, 1, 2)


def _look(window: Float[Tensor, "n h2 w2 i"], x: Tensor, style: Tensor | None, top: int, padding: int) -> None:
    """Put into ``window`` what is seen of ``x``, times ``style``, from row ``top`` of the padded image on."""
    h, w = x.shape[2:]
    first, last = max(top - padding, 0), min(top - padding + window.shape[1], h)
    begin, end = first + padding - top, last + padding - top
    window[:, :begin] = 0
    window[:, end:] = 0
    there, seen = window[:, begin:end, padding : padding + w], x[:, :, first:last].permute(0, 2, 3, 1)
    if style is None:
        there.copy_(seen)
    else:
        torch.mul(seen, style[:, None, None], out=there)
