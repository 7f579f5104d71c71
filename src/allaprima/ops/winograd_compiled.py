"""Winograd's convolution and the gradient of its kernel, with the transforms of tiles in C (`allaprima.ops.fast`).

Axes: n image, i input channel, o output channel, h w rows and columns, p product of a tile, t tile.
"""

import torch
from jaxtyping import Float
from torch import Tensor

from allaprima.ops import fast
from allaprima.ops.parts import equal_parts
from allaprima.ops.toom_cook import OUTSIDE, PRODUCTS, matrices, size_of

STRIP = 2**22  # numbers in the transformed tiles of one strip whose products are added to a total: 16 MB


def convolve(
    x: Float[Tensor, "n i h w"], weight: Float[Tensor, "o i 3 3"], padding: int
) -> Float[Tensor, "n o h2 w2"] | None:
    """Correlate ``x`` with ``weight``, without derivatives; None where that cannot be done here."""
    (o, i), to = weight.shape[:2], matrices(torch.float32)
    wide = _served(x, o)
    if wide is None or not fast.serves(wide, weight):
        return None
    height, width = size_of(x, padding)
    rows, columns = -(-height // OUTSIDE), -(-width // OUTSIDE)
    strips = equal_parts(len(x) * rows * columns, fast.tiles_at_once((i, o)))
    kernels = fast.in_panels(weight, to.kernel)
    y = fast.new_maps(x, o, height, width)
    sizes = [(PRODUCTS, strips[0].stop, channels) for channels in (i, fast.in_whole_panels(o))]
    tiles, products = fast.apart(x.new_empty(fast.numbers_of(*sizes)), *sizes)
    for strip in strips:
        part = fast.Part(rows, columns, strip.start, strip.stop - strip.start)
        fast.into_tiles(wide, None, part, padding, tiles)
        fast.multiply(tiles, kernels, products)
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
