"""One-dimensional filters that resample, as small dense matrices: a polyphase evaluation in matrix products.

Between two up-sampled pixels lie zeros, and of a filtered row only some samples are kept. What remains is a banded
matrix, Toeplitz in steps: ``size`` samples of the output come from a short window of the input, by the same matrix for
each block of ``size``. One call of the batched matrix product resamples all rows, or all columns, of a strip. At the
rim of a window the matrix has zeros, three quarters of it perhaps; nevertheless a processor is done sooner than with
the depthwise convolution, which uses each number that it loads but once.

Axes: h image row, p feature map (plane), w column. All maps of a strip have their first rows, then their second rows, …
so that a block of rows is a matrix of h times (p w), and one of columns of (h p) times w.
"""

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor


@dataclass(frozen=True, slots=True)
class Band:
    """How each block of an axis of the output comes from a window of the input.

    Attributes:
        matrix: [input samples of a window, output samples of a block].
        start: Where the window of the first block begins in the input; before it, if negative.
        advance: From one window to the next.
    """

    matrix: Tensor
    start: int
    advance: int

    @property
    def size(self) -> int:
        """Output samples of a block."""
        return self.matrix.shape[1]

    def reach(self, blocks: int) -> int:
        """Input samples that so many blocks read."""
        return (blocks - 1) * self.advance + self.matrix.shape[0]


def band(taps: Tensor, *, up: int, down: int, before: int, size: int) -> Band:
    """Insert zeros, pad by ``before``, correlate with ``taps``, keep each ``down``-th sample.

    Args:
        taps: Correlation, that is, the convolution's filter turned round.
        up: Factor of up-sampling.
        down: Factor of down-sampling.
        before: Padding at the beginning of the up-sampled signal; negative values crop.
        size: Output samples of a block; ``size * down`` is a multiple of ``up``.
    """
    assert size * down % up == 0, (size, down, up)
    first = (size - 1) * down  # where the last sample of a block looks, relative to the first one
    start = -(before // up)  # the first input sample that is not before the window of output sample 0
    stop = (first + len(taps) - 1 - before) // up
    stop = max(stop, start)  # fewer taps than zeros between two pixels: perhaps nothing is seen
    # Input sample i and output sample j meet at tap i · up + before − j · down.
    least, most = start * up + before - first, stop * up + before
    padded = F.pad(taps, (max(-least, 0), max(most + 1 - len(taps), 0)))
    shape, strides = (stop + 1 - start, size), (up, down)
    backwards = padded.as_strided(shape, strides, padded.storage_offset() + max(least, 0))
    return Band(backwards.flip(1), start, size * down // up)


def along_rows(b: Band, x: Tensor, out: Tensor, *, add: bool = False) -> None:
    """Resample [h, p, w] to [h2, p, w]; x begins where the band does, out may have rows to spare, which stay."""
    blocks, (window, size) = len(out) // b.size, b.matrix.shape
    n = x.shape[1] * x.shape[2]
    windows = x.as_strided((blocks, window, n), (b.advance * n, n, 1))
    blocks_out = out.as_strided((blocks, size, n), (size * n, n, 1))
    blocks_out.baddbmm_(b.matrix.t().expand(blocks, -1, -1), windows, beta=float(add))


def along_columns(b: Band, x: Tensor, out: Tensor, *, add: bool = False) -> None:
    """Resample [h, p, w] to [h, p, w2]; x begins where the band does, out may have columns to spare, which stay."""
    blocks, (window, size) = out.shape[2] // b.size, b.matrix.shape
    n = x.shape[0] * x.shape[1]
    windows = x.as_strided((blocks, n, window), (b.advance, x.shape[2], 1))
    blocks_out = out.as_strided((blocks, n, size), (size, out.shape[2], 1))
    blocks_out.baddbmm_(windows, b.matrix.expand(blocks, -1, -1), beta=float(add))


def separate(f: Tensor) -> list[tuple[Tensor, Tensor]]:
    """Pairs of a vertical and a horizontal filter, whose outer products add up to ``f``, but for rounding.

    A filter [k, l] has singular values. StyleGAN3's radial filters have six that are not 0 (they are symmetric), and
    three or four that single precision can tell from 0: instead of 144 taps, at most four times 12 and 12.
    """
    if f.ndim == 1:
        return [(f, f)]
    columns, values, rows = torch.linalg.svd(f.double(), full_matrices=False)
    rank = max(int((values > values[0] * torch.finfo(f.dtype).eps).sum()), 1)
    roots = [math.sqrt(value) for value in values[:rank].tolist()]
    return [((columns[:, i] * root).to(f.dtype), (rows[i] * root).to(f.dtype)) for i, root in enumerate(roots)]
