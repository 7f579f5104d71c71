"""Small images convolved without transforms, with kernels that are kept in the order in which products read them.

Where transforming kernels takes longer than is saved for a few tiles: as many products as in the definition. The
products are compiled ones (`allaprima.ops.fast`). No derivatives.

Axes: n image, i input channel, o output channel, h w rows and columns.
"""

import torch
import torch.nn.functional as F
from einops import rearrange
from jaxtyping import Float
from torch import Tensor

from allaprima.ops import fast
from allaprima.ops.kept_kernels import KeptKernels
from allaprima.ops.kept_tiles import TAPS, kept_taps
from allaprima.ops.toom_cook import size_of

WORTH = 0.15  # milliseconds that a MB of kernels saves, measured
WORTH_ENLARGING = 0.4


def convolve_by_products(
    x: Float[Tensor, "n i h w"],
    weight: Float[Tensor, "o i 3 3"],
    kept: KeptKernels,
    padding: int,
    style: Float[Tensor, "n i"] | None,
) -> Float[Tensor, "n o h2 w2"] | None:
    """Correlate ``x``, times ``style``, with ``weight``; None where nothing is kept."""
    x = x.contiguous(memory_format=torch.channels_last)
    i, o = x.shape[1], len(weight)
    if not (fast.serves(x, style) and fast.fits(x, style, None, None) and o == fast.in_whole_panels(o)):
        return None
    taps = kept_taps(weight, kept, worth=WORTH)
    if taps is None:
        return None
    y = fast.new_maps(x, o, *size_of(x, padding))
    padded = F.pad(x.permute(0, 2, 3, 1), (0, 0, padding, padding, padding, padding))
    windows = padded.unfold(1, 3, 1).unfold(2, 3, 1).permute(0, 1, 2, 4, 5, 3)
    with kept.scratch(x, windows.numel()) as block:
        if style is None:
            block.view(windows.shape).copy_(windows)
        else:
            torch.mul(windows, rearrange(style, "n i -> n 1 1 1 1 i"), out=block.view(windows.shape))
        fast.multiply(block.view(1, -1, TAPS * i), taps.flatten(1, 2)[None], y.permute(0, 2, 3, 1).view(1, -1, o))
    return y


def enlarge_by_products(
    x: Float[Tensor, "n i h w"],
    weight: Float[Tensor, "o i 3 3"],
    kept: KeptKernels,
    style: Float[Tensor, "n i"] | None,
) -> Float[Tensor, "n o h2 w2"] | None:
    """`allaprima.ops.transposed_conv.transposed_conv2d` of ``x`` times ``style``; None where nothing is kept."""
    (n, i, h, w), o = x.shape, len(weight)
    if not (fast.serves(x) and fast.divides(o)):
        return None
    taps = kept_taps(weight, kept, worth=WORTH_ENLARGING)
    if taps is None:
        return None
    x = x if style is None else x * style[:, :, None, None]
    pixels = x.permute(0, 2, 3, 1).reshape(-1, i)
    y, size = fast.new_maps(x, o, 2 * h + 1, 2 * w + 1), (TAPS, n * h * w, fast.in_whole_panels(o))
    with kept.scratch(x, fast.numbers_of(size)) as block:
        (painted,) = fast.apart(block, size)
        fast.multiply(pixels.expand(TAPS, -1, -1), taps.transpose(0, 1), painted)
        fast.overlay_painted(painted, y)
    return y
