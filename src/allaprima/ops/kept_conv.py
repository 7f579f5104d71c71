"""Convolutions whose kernels were put into the processor's order beforehand, see `allaprima.ops.kept_kernels`.

oneDNN, which convolves in PyTorch, wants kernels in an order of its own, and makes it at each call: for one small image
that takes as long as the products. Here it is made once. Winograd's transformed kernels are kept so too: a convolution
is then a grouped one of 1×1, a group for each product of a tile, and pays from 16×16 pixels on. No derivatives.

Axes: n image, i input channel, o output channel, h w rows and columns, p product of a tile, t tile.
"""

from functools import cache
from itertools import product
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from allaprima.ops import cpu_choice, winograd
from allaprima.ops.kept_kernels import KeptKernels, in_force

STRIP = 36 * 512 * 64  # numbers in the transformed tiles of one strip: 5 MB
PART = 36 * 512 * 128  # numbers in the transformed kernels of some output channels: 9 MB, twice as much for a moment
PRODUCTS = winograd.INSIDE**2
# Milliseconds that a MB saves, measured: at any size, at 32×32, at 64×64.
REORDERED, TRANSPOSED, TRANSFORMED = 0.15, 0.4, 0.4


class _Options(NamedTuple):
    padding: tuple[int, int] = (0, 0)
    stride: tuple[int, int] = (1, 1)
    dilation: tuple[int, int] = (1, 1)
    groups: int = 1


def _keeps(x: Float[Tensor, "n i h w"], weight: Float[Tensor, "o i k k"]) -> bool:
    """Whether a store is in force for these, on a processor and with a PyTorch that can do it."""
    return weight.shape[2:] == (3, 3) and cpu_choice.is_ours(x) and in_force(weight) is not None and _can_reorder()


def kept_conv2d(
    x: Float[Tensor, "n i h w"],
    weight: Float[Tensor, "o i k k"],
    *,
    padding: int,
    style: Float[Tensor, "n i"] | None = None,
) -> Float[Tensor, "n o h2 w2"] | None:
    """Correlate with ``weight``; None where nothing is kept of it.

    Args:
        x: Feature maps, in any memory layout.
        weight: A network's own kernel; only those of 3×3 taps are kept.
        padding: Zeros around the image.
        style: Factors on the input's channels, of each image; None is the answer where they would be another pass over
            memory.
    """
    kept = in_force(weight) if _keeps(x, weight) else None
    if kept is None:
        return None
    if cpu_choice.transforming_kept_kernels_pays(x, weight) and 0 <= padding <= winograd.MOST_PADDING:
        return _in_tiles(x, weight, kept, padding, style)
    if style is not None:
        return None
    options = _Options(padding=(padding, padding))
    x = cpu_choice.in_quick_layout(x, weight)
    packed = kept.get(
        "reordered",
        weight,
        lambda weight: (_reordered(weight, options, x.shape),),
        size=weight.nbytes,
        worth=REORDERED,
        about=(*x.shape, *x.stride(), padding),
    )
    if packed is None:
        return None
    return _convolve(x, packed[0], options)


def kept_transposed_conv2d(
    x: Float[Tensor, "n i h w"], weight: Float[Tensor, "o i k k"]
) -> Float[Tensor, "n o h2 w2"] | None:
    """As `allaprima.ops.transposed_conv.transposed_conv2d`; None where nothing is kept of ``weight``."""
    kept = in_force(weight) if _keeps(x, weight) else None
    if kept is None:
        return None
    x = x.contiguous(memory_format=torch.channels_last)
    _, stride, dilation, groups = _Options(stride=(2, 2))
    none = (0, 0)  # neither padding nor pixels besides

    def reordered(weight: Tensor) -> tuple[Tensor]:
        turned = weight.transpose(0, 1).contiguous()
        operation = torch.ops.mkldnn._reorder_convolution_transpose_weight
        return (operation(turned, none, none, stride, dilation, groups, x.shape),)

    worth = TRANSPOSED * (x[:, 0].numel() / 32**2) ** 0.25
    packed = kept.get("transposed", weight, reordered, size=weight.nbytes, worth=worth, about=x.shape)
    if packed is None:
        return None
    operation = torch.ops.mkldnn._convolution_transpose_pointwise
    y: Tensor = operation(x, packed[0], None, none, none, stride, dilation, groups, *_NOTHING_AFTER)
    return y


def _in_tiles(x: Tensor, weight: Tensor, kept: KeptKernels, padding: int, style: Tensor | None) -> Tensor | None:
    """`allaprima.ops.winograd`, but that the numbers of a tile lie together: [t, p, channel].

    Some rows of tiles at a time, in memory that is used again and small enough for the caches.
    """
    to, (o, i), n = winograd.matrices(x.dtype), weight.shape[:2], len(x)
    rows, columns = (-(-size // winograd.OUTSIDE) for size in winograd.size_of(x, padding))
    tiles = STRIP // (PRODUCTS * max(i, o))
    images, bands = _equal_parts(n, tiles // (rows * columns)), _equal_parts(rows, tiles // columns)
    m, r = images[0].stop, bands[0].stop
    t = m * r * columns
    parts, options = _equal_parts(o, PART // (PRODUCTS * i)), _Options(groups=PRODUCTS)

    def transformed(weight: Tensor) -> tuple[Tensor, ...]:
        shape = torch.Size((1, PRODUCTS * i, t, 1))
        return tuple(
            _reordered((to.kernel @ weight[part].reshape(-1, 9).T).view(-1, i, 1, 1), options, shape) for part in parts
        )

    worth = TRANSFORMED * (x[:, 0].numel() / 64**2) ** 0.5  # half as much for a quarter of the pixels
    kernels = kept.get("transformed", weight, transformed, size=weight.nbytes * PRODUCTS // 9, worth=worth, about=(t,))
    if kernels is None:
        return None
    y = x.new_empty(n, rows, winograd.OUTSIDE, columns, winograd.OUTSIDE, o)
    window = x.new_zeros(m, r * winograd.OUTSIDE + 2, columns * winograd.OUTSIDE + 2, i)
    pixels, evaluated = x.new_empty(2, t, PRODUCTS, i)
    outside = x.new_empty(t, len(to.output), parts[0].stop)
    overlapping = window.unfold(1, winograd.INSIDE, winograd.OUTSIDE).unfold(2, winograd.INSIDE, winograd.OUTSIDE)
    overlapping = overlapping.permute(0, 1, 2, 4, 5, 3)  # image, row and column of tiles, row and column of pixels
    for part, band in product(images, bands):
        _look(window, x[part], None if style is None else style[part], band.start * winograd.OUTSIDE, padding)
        pixels.view(overlapping.shape).copy_(overlapping)
        torch.matmul(to.input, pixels, out=evaluated)
        for channels, some in zip(parts, kernels, strict=True):
            products = _convolve(evaluated.view(1, t, 1, -1).permute(0, 3, 1, 2), some, options)
            products = products.permute(0, 2, 3, 1).view(t, PRODUCTS, -1)
            torch.matmul(to.output, products, out=outside)
            blocks = y[part, band, :, :, :, channels].transpose(2, 3)
            blocks.copy_(outside.view(blocks.shape))
    height, width = winograd.size_of(x, padding)
    return y.view(n, rows * winograd.OUTSIDE, -1, o)[:, :height, :width].permute(0, 3, 1, 2)


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


def _equal_parts(length: int, at_once: int) -> list[slice]:
    """``length`` in parts of one size, ``at_once`` at most (but 1 at least); the last may overlap that before it."""
    parts = -(-length // max(1, at_once))
    size = -(-length // parts)
    return [slice(begin, begin + size) for begin in (min(size * part, length - size) for part in range(parts))]


# PyTorch's compiler computes with these; they are no public interface, so whether they are there is asked for.
_OPERATIONS = (
    "_reorder_convolution_weight",
    "_convolution_pointwise",
    "_reorder_convolution_transpose_weight",
    "_convolution_transpose_pointwise",
)
_NOTHING_AFTER: tuple[str, list[float], str] = ("none", [], "")  # no activation


@cache
def _can_reorder() -> bool:
    there: bool = torch.backends.mkldnn.is_available()  # type: ignore[no-untyped-call]
    return there and all(hasattr(torch.ops.mkldnn, name) for name in _OPERATIONS)


def _reordered(weight: Tensor, options: _Options, shape: torch.Size) -> Tensor:
    """In oneDNN's order for inputs of this shape: with inputs of another, it would take many times as long."""
    packed: Tensor = torch.ops.mkldnn._reorder_convolution_weight(weight, *options, shape)
    return packed


def _convolve(x: Tensor, packed: Tensor, options: _Options) -> Tensor:
    y: Tensor = torch.ops.mkldnn._convolution_pointwise(x, packed, None, *options, *_NOTHING_AFTER)
    return y
