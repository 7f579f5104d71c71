"""Winograd's convolution and the gradient of its kernel, with the transforms of tiles in C (`allaprima.ops.fast`).

The numbers of a tile lie together, [tile, product, channel]: then the products are a grouped convolution of 1×1, which
oneDNN does quicker than MKL multiplies a stack of matrices.

Axes: n image, i input channel, o output channel, h w rows and columns, p product of a tile, t tile.
"""

import torch
from jaxtyping import Float
from torch import Tensor

from allaprima.ops import fast
from allaprima.ops.packed import Options, can_reorder, convolve_columns, reordered
from allaprima.ops.parts import equal_parts, parts
from allaprima.ops.toom_cook import OUTSIDE, PRODUCTS, matrices, size_of

STRIP = 2**22  # numbers in the transformed tiles of one strip: 16 MB


def convolve(
    x: Float[Tensor, "n i h w"], weight: Float[Tensor, "o i 3 3"], padding: int
) -> Float[Tensor, "n o h2 w2"] | None:
    """Correlate ``x`` with ``weight``, without derivatives; None where that cannot be done here."""
    (o, i), to, options = weight.shape[:2], matrices(torch.float32), Options(groups=PRODUCTS)
    wide = _served(x, o)
    if wide is None or not fast.serves(wide, weight):
        return None
    height, width = size_of(x, padding)
    rows, columns = -(-height // OUTSIDE), -(-width // OUTSIDE)
    strips = equal_parts(len(x) * rows * columns, STRIP // (PRODUCTS * max(i, o)))
    t = strips[0].stop
    transformed = (to.kernel @ weight.reshape(-1, 9).T).view(-1, i, 1, 1)
    kernels = reordered(transformed, options, torch.Size((1, PRODUCTS * i, t, 1)))
    y = fast.new_maps(x, o, height, width)
    tiles = x.new_empty(t, PRODUCTS, i)
    for strip in strips:
        part = fast.Part(rows, columns, strip.start, t)
        fast.into_tiles(wide, None, part, padding, tiles)
        fast.out_of_tiles(convolve_columns(tiles, kernels), part, y, 0)
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
    strips = parts(len(x) * rows * columns, STRIP // (PRODUCTS * max(i, o)))
    most = max(strip.stop - strip.start for strip in strips)
    tiles, grads = x.new_empty(most, PRODUCTS, i), x.new_empty(most, PRODUCTS, o)
    total = x.new_zeros(PRODUCTS, o, i)
    for strip in strips:
        t = strip.stop - strip.start
        part = fast.Part(rows, columns, strip.start, t)
        fast.into_tiles(wide, None, part, padding, tiles[:t])
        fast.gradients_into_tiles(wide_grad, part, grads[:t])
        total.baddbmm_(grads[:t].permute(1, 2, 0), tiles[:t].transpose(0, 1))
    return (to.kernel.T @ total.view(PRODUCTS, -1)).T.reshape(o, i, 3, 3)


def _served(x: Tensor, channels: int) -> Tensor | None:
    """``x`` in the layout of the passes, if they take it and so many channels of the other."""
    if not (fast.available() and can_reorder() and fast.divides(channels)):
        return None
    wide = x.contiguous(memory_format=torch.channels_last)
    return wide if fast.serves(wide) else None
