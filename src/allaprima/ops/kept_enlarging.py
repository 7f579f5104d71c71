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
from allaprima.ops.kept_kernels import KeptKernels, lasting_zeros
from allaprima.ops.kept_tiles import tiles_of_a_strip
from allaprima.ops.parts import equal_parts
from allaprima.ops.toom_cook import toom_cook

POINTS = (0, 1, -1)  # where the polynomials are evaluated, besides infinity; `passes.c` has the other two matrices
PRODUCTS = sum(kernels * pixels for kernels, pixels in fast.GROUPS)
KERNELS = sum(kernels for kernels, _ in fast.GROUPS)
STRIP = PRODUCTS * 512 * 32  # numbers in the transformed tiles of one strip, where images are small: 3 MB
WORTH = 0.15  # milliseconds that a MB saves at 32×32 pixels, measured


def enlarge_in_tiles(
    x: Float[Tensor, "n i h w"],
    weight: Float[Tensor, "o i 3 3"],
    kept: KeptKernels,
    style: Float[Tensor, "n i"] | None = None,
) -> Float[Tensor, "n o h2 w2"] | None:
    """`allaprima.ops.transposed_conv.transposed_conv2d` of ``x``, times ``style``.

    None where the transformed kernels are not kept.
    """
    (n, i, h, w), o = x.shape, len(weight)
    if not (fast.serves(x, style) and fast.fits(x, style, None, None) and fast.divides(o)):
        return None
    panels = kept.get(
        "enlarging",
        weight,
        lambda weight: tuple(fast.in_panels(weight, matrix, lasting_zeros) for matrix in _kernel_matrices()),
        size=KERNELS * i * fast.in_whole_panels(o) * weight.element_size(),
        worth=WORTH * (x[:, 0].numel() / 32**2) ** 0.5,
    )
    if panels is None:
        return None
    rows, columns = (-(-(size + 1) // fast.STEP) for size in (h, w))  # the last tile paints what follows the last pixel
    at_once = tiles_of_a_strip((i, o), 4 * x[:, 0].numel() * o, products=PRODUCTS, kernels=KERNELS, least=STRIP)
    strips = equal_parts(n * rows * columns, at_once)
    y = fast.new_maps(x, o, 2 * h + 1, 2 * w + 1)
    sizes = [
        (kernels, strips[0].stop, pixels, channels)
        for channels in (i, fast.in_whole_panels(o))
        for kernels, pixels in fast.GROUPS
    ]
    with kept.scratch(x, fast.numbers_of(*sizes)) as block:
        tiles_and_products = fast.apart(block, *sizes)
        tiles, products = tiles_and_products[: len(fast.GROUPS)], tiles_and_products[len(fast.GROUPS) :]
        for strip in strips:
            part = fast.Part(rows, columns, strip.start, strip.stop - strip.start)
            fast.enlarge_into_tiles(x, style, part, tiles)
            for some, kernels, out in zip(tiles, panels, products, strict=True):
                fast.multiply(some.flatten(1, 2), kernels, out.flatten(1, 2))
            fast.enlarge_out_of_tiles(products, part, y)
    return y


@cache
def _kernel_matrices() -> tuple[Tensor, ...]:
    """Of each group, [kernels, 9]: the transform of the even taps, the odd tap as it is, along both axes."""
    of_even_taps, _, _ = toom_cook(fast.STEP, 2, POINTS)
    even, odd = np.zeros((len(of_even_taps), 3)), np.eye(3)[[1]]
    even[:, [2, 0]] = of_even_taps  # the pixel before paints the last tap where this one paints the first
    groups = (np.kron(even, even), np.concatenate([np.kron(even, odd), np.kron(odd, even)]), np.kron(odd, odd))
    return tuple(torch.from_numpy(group).float() for group in groups)
