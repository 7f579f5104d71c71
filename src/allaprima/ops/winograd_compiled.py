"""Winograd's convolution and the gradient of its kernel, with the transforms of tiles in C (`allaprima.ops.fast`).

Axes: n image, i input channel, o output channel, h w rows and columns, p product of a tile, t tile.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext

import torch
from jaxtyping import Float
from torch import Tensor

from allaprima.ops import fast
from allaprima.ops.parts import equal_parts
from allaprima.ops.toom_cook import OUTSIDE, PRODUCTS, matrices, size_of

STRIP = 2**22  # numbers in the transformed tiles of one strip whose products are added to a total: 16 MB


def _new(like: Float[Tensor, "..."], numbers: int) -> AbstractContextManager[Tensor]:
    return nullcontext(like.new_empty(numbers))


def convolve(
    x: Float[Tensor, "n i h w"], weight: Float[Tensor, "o i 3 3"], padding: int
) -> Float[Tensor, "n o h2 w2"] | None:
    """Correlate ``x`` with ``weight``, without derivatives; None where that cannot be done here."""
    wide = _served(x, len(weight))
    if wide is None or not fast.serves(wide, weight):
        return None
    return convolve_by_taps(wide, fast.in_panels(weight), len(weight), padding)


def convolve_by_taps(
    x: Float[Tensor, "n i h w"],
    taps: Float[Tensor, "panels 9 i wide"],
    channels: int,
    padding: int,
    *,
    style: Float[Tensor, "n i"] | None = None,
    scratch: Callable[[Tensor, int], AbstractContextManager[Tensor]] = _new,
) -> Float[Tensor, "n o h2 w2"]:
    """Correlate what `fast.serves` accepts with kernels in panels.

    Args:
        x: Feature maps.
        taps: Kernels, by `fast.in_panels`.
        channels: Of the output, o.
        padding: Zeros around the image.
        style: Factors on the input's channels, of each image.
        scratch: Lends a block of so many numbers.
    """
    i, size, transform = x.shape[1], size_of(x, padding), matrices(x.dtype).along_an_axis
    rows, columns = (-(-length // OUTSIDE) for length in size)
    strips = equal_parts(len(x) * rows * columns, fast.tiles_at_once((i, channels)))
    y = fast.new_maps(x, channels, *size)
    sizes = [(PRODUCTS, strips[0].stop, c) for c in (i, fast.in_whole_panels(channels))]
    with scratch(x, fast.numbers_of(*sizes)) as block:
        tiles, products = fast.apart(block, *sizes)
        for strip in strips:
            part = fast.Part(rows, columns, strip.start, strip.stop - strip.start)
            fast.into_tiles(x, style, part, padding, tiles)
            fast.multiply_transformed(tiles, taps, transform, transform, products)
            fast.out_of_tiles(products, part, y)
    return y


def correlate(
    x: Float[Tensor, "n i h w"], grad: Float[Tensor, "n o h2 w2"], padding: int
) -> Float[Tensor, "o i 3 3"] | None:
    """The gradient of the kernel, without derivatives; None where that cannot be done here."""
    i, o, to = x.shape[1], grad.shape[1], matrices(torch.float32)
    wide, wide_grad = _served(x, o), _served(grad, i)
    if wide is None or wide_grad is None:
        return None
    rows, columns = (-(-size // OUTSIDE) for size in grad.shape[2:])
    strips = equal_parts(len(x) * rows * columns, STRIP // (PRODUCTS * max(i, o)))
    t = strips[0].stop
    sizes = (PRODUCTS, t, i), (PRODUCTS, t, o)
    tiles, grads = fast.apart(x.new_empty(fast.numbers_of(*sizes)), *sizes)
    total = x.new_zeros(PRODUCTS, o, i)
    done = 0
    for strip in strips:
        part = fast.Part(rows, columns, strip.start, t)
        fast.into_tiles(wide, None, part, padding, tiles)
        fast.gradients_into_tiles(wide_grad, part, grads)
        again = done - strip.start  # tiles that the last strip shares with the one before it
        total.baddbmm_(grads[:, again:].transpose(1, 2), tiles[:, again:])
        done = strip.stop
    return (to.kernel.T @ total.view(PRODUCTS, -1)).T.reshape(o, i, 3, 3)


def _served(x: Tensor, channels: int) -> Tensor | None:
    """``x`` in the layout of the passes, if they take it and so many channels of the other."""
    if not (fast.available() and fast.divides(channels)):
        return None
    wide = x.contiguous(memory_format=torch.channels_last)
    return wide if fast.serves(wide) else None
