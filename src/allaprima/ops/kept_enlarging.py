"""The transposed convolution of the layers that enlarge, in tiles, with transformed kernels that are kept.

Tiles of 3×3 pixels paint 6×6. Along an axis, the even rows of the output have two taps, for three of which Winograd's
F(3, 2) needs four products (Lavin and Gray 2016, section 4); the odd ones have one tap, three products with the same
kernel. So 49 products do what 81 do in the definition, and 25 kernels stand for 9. The transforms are compiled ones
(`allaprima.ops.fast`): in PyTorch, gathering the tiles costs what the products save. No derivatives.

Axes: n image, i input channel, o output channel, h w rows and columns, t tile.
"""

from functools import cache

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from allaprima.ops import fast
from allaprima.ops.kept_kernels import KeptKernels
from allaprima.ops.kept_tiles import tiles_of_a_strip
from allaprima.ops.packed import Options, convolve_columns, reordered
from allaprima.ops.parts import equal_parts
from allaprima.ops.toom_cook import toom_cook

POINTS = (0, 1, -1)  # where the polynomials are evaluated, besides infinity; `passes.c` has the other two matrices
PRODUCTS = sum(pixels * kernels for pixels, kernels in fast.GROUPS)
KERNELS = sum(kernels for _, kernels in fast.GROUPS)
STRIP = PRODUCTS * 512 * 32  # numbers in the transformed tiles of one strip, where images are small: 3 MB
WORTH = 0.15  # milliseconds that a MB saves at 32×32 pixels, measured


def enlarge_in_tiles(
    x: Float[Tensor, "n i h w"], weight: Float[Tensor, "o i 3 3"], kept: KeptKernels
) -> Float[Tensor, "n o h2 w2"] | None:
    """As `allaprima.ops.transposed_conv.transposed_conv2d`; None where the transformed kernels are not kept."""
    (n, i, h, w), o = x.shape, len(weight)
    if not (fast.serves(x) and fast.divides(o)):
        return None
    rows, columns = (-(-(size + 1) // fast.STEP) for size in (h, w))  # the last tile paints what follows the last pixel
    at_once = tiles_of_a_strip((i, o), 4 * x[:, 0].numel() * o, products=PRODUCTS, kernels=KERNELS, least=STRIP)
    strips = equal_parts(n * rows * columns, at_once)
    t = strips[0].stop

    def transformed(weight: Tensor) -> tuple[Tensor, ...]:
        pieces = ((matrix @ weight.reshape(-1, 9).T).view(-1, i, 1, 1) for matrix in _kernel_matrices())
        shapes = (torch.Size((1, kernels * i, t * pixels, 1)) for pixels, kernels in fast.GROUPS)
        options = (Options(groups=kernels) for _, kernels in fast.GROUPS)
        return tuple(map(reordered, pieces, options, shapes))

    worth = WORTH * (x[:, 0].numel() / 32**2) ** 0.5
    size = weight.nbytes * KERNELS // 9
    kernels = kept.get("enlarging", weight, transformed, size=size, worth=worth, about=(t,))
    if kernels is None:
        return None
    y = fast.new_maps(x, o, 2 * h + 1, 2 * w + 1)
    tiles = [x.new_empty(t, *group, i) for group in fast.GROUPS]
    for strip in strips:
        part = fast.Part(rows, columns, strip.start, t)
        fast.enlarge_into_tiles(x, part, tiles)
        products = [_multiply(some, kernel) for some, kernel in zip(tiles, kernels, strict=True)]
        fast.enlarge_out_of_tiles(products, part, y, 0)
        del products  # before the next
    return y


def _multiply(tiles: Float[Tensor, "t pixels kernels i"], kernel: Tensor) -> Float[Tensor, "t pixels kernels o"]:
    return convolve_columns(tiles.flatten(0, 1), kernel).view(*tiles.shape[:3], -1)


@cache
def _kernel_matrices() -> tuple[Tensor, ...]:
    """Of each group, [kernels, 9]: the transform of the even taps, the odd tap as it is, along both axes."""
    of_even_taps, _, _ = toom_cook(fast.STEP, 2, POINTS)
    even, odd = np.zeros((len(of_even_taps), 3)), np.eye(3)[[1]]
    even[:, [2, 0]] = of_even_taps  # the pixel before paints the last tap where this one paints the first
    groups = (np.kron(even, even), np.concatenate([np.kron(even, odd), np.kron(odd, even)]), np.kron(odd, odd))
    return tuple(torch.from_numpy(group).float() for group in groups)
