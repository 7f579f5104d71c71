"""Winograd's convolution with kernels that are kept.

As `allaprima.ops.winograd`; some tiles at a time, in memory that is used again and small enough for the caches. The
compiled passes transform the kernels while they are in the caches. Without them, transformed ones are kept, four times
as many numbers; the numbers of a tile lie together, and the products are a grouped convolution of 1×1, a group for
each. No derivatives.

Axes: n image, i input channel, o output channel, h w rows and columns, p product of a tile, t tile.
"""

import math
from itertools import product

import torch
from jaxtyping import Float
from torch import Tensor

from allaprima.ops import fast
from allaprima.ops.kept_kernels import KeptKernels, lasting_zeros
from allaprima.ops.packed import Options, convolve_columns, reordered
from allaprima.ops.parts import equal_parts
from allaprima.ops.toom_cook import INSIDE, OUTSIDE, PRODUCTS, matrices, size_of
from allaprima.ops.winograd_compiled import convolve_by_taps

STRIP = 36 * 512 * 64  # numbers in the transformed tiles of one strip: 5 MB
TILES = 128  # in a strip of several images, at least: reading the kernels of many channels asks for them
PART = 36 * 512 * 256  # numbers in the transformed kernels of some output channels: 18 MB, twice as much for a moment
TAPS = 9
WORTH = 0.4  # milliseconds that a MB of transformed kernels saves at 64×64 pixels, measured


def convolve_in_tiles(
    x: Float[Tensor, "n i h w"],
    weight: Float[Tensor, "o i 3 3"],
    kept: KeptKernels,
    padding: int,
    style: Float[Tensor, "n i"] | None,
) -> Float[Tensor, "n o h2 w2"] | None:
    """Correlate ``x``, times ``style``, with ``weight``; None where nothing is kept."""
    wide = x.contiguous(memory_format=torch.channels_last)
    if fast.serves(wide, style) and fast.fits(wide, style, None, None) and fast.divides(len(weight)):
        taps = kept_taps(weight, kept, worth=_worth(x) * PRODUCTS / TAPS)
        if taps is None:
            return None
        return convolve_by_taps(wide, taps, len(weight), padding, style=style, scratch=kept.scratch)
    return _plain(x, weight, kept, padding, style)


def kept_taps(
    weight: Float[Tensor, "o i 3 3"], kept: KeptKernels, *, worth: float
) -> Float[Tensor, "panels 9 i wide"] | None:
    """The kernel in panels, for all compiled products."""
    size = TAPS * weight.shape[1] * fast.in_whole_panels(len(weight)) * weight.element_size()
    found = kept.get("taps", weight, lambda weight: (fast.in_panels(weight, lasting_zeros),), size=size, worth=worth)
    return None if found is None else found[0]


def _plain(x: Tensor, weight: Tensor, kept: KeptKernels, padding: int, style: Tensor | None) -> Tensor | None:
    to, (o, i), n = matrices(x.dtype), weight.shape[:2], len(x)
    rows, columns = (-(-size // OUTSIDE) for size in size_of(x, padding))
    at_once = max(STRIP // (PRODUCTS * max(i, o)), TILES if n > 1 else 1)
    parts = equal_parts(o, PART // (PRODUCTS * i))
    images, bands = equal_parts(n, at_once // (rows * columns)), equal_parts(rows, at_once // columns)
    m, r = images[0].stop, bands[0].stop
    t = m * r * columns

    def transformed(weight: Tensor) -> tuple[Tensor, ...]:
        options, shape = Options(groups=PRODUCTS), torch.Size((1, PRODUCTS * i, t, 1))
        pieces = ((to.kernel @ weight[part].reshape(-1, 9).T).view(-1, i, 1, 1) for part in parts)
        return tuple(reordered(piece, options, shape) for piece in pieces)

    size = weight.nbytes * PRODUCTS // TAPS
    kernels = kept.get("transformed", weight, transformed, size=size, worth=_worth(x), about=(t,))
    if kernels is None:
        return None
    y = x.new_empty(n, rows, OUTSIDE, columns, OUTSIDE, o)
    window = x.new_zeros(m, r * OUTSIDE + 2, columns * OUTSIDE + 2, i)
    pixels, evaluated = x.new_empty(2, t, PRODUCTS, i)
    outside = x.new_empty(t, len(to.output), parts[0].stop)
    overlapping = window.unfold(1, INSIDE, OUTSIDE).unfold(2, INSIDE, OUTSIDE)
    overlapping = overlapping.permute(0, 1, 2, 4, 5, 3)  # image, row and column of tiles, row and column of pixels
    for part, band in product(images, bands):
        _look(window, x[part], None if style is None else style[part], band.start * OUTSIDE, padding)
        pixels.view(overlapping.shape).copy_(overlapping)
        torch.matmul(to.input, pixels, out=evaluated)
        for channels, kernel in zip(parts, kernels, strict=True):
            torch.matmul(to.output, convolve_columns(evaluated, kernel), out=outside)
            blocks = y[part, band, :, :, :, channels].transpose(2, 3)
            blocks.copy_(outside.view(blocks.shape))
    height, width = size_of(x, padding)
    return y.view(n, rows * OUTSIDE, -1, o)[:, :height, :width].permute(0, 3, 1, 2)


def _worth(x: Float[Tensor, "n i h w"]) -> float:
    return WORTH * math.sqrt(x[:, 0].numel() / 64**2)  # half as much for a quarter of the pixels


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
