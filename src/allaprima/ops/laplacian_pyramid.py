"""The Laplacian pyramid (Burt and Adelson 1983): an image as bands of detail, the finest first, and what is left.

Axes: n image, c channel, h w rows and columns.
"""

from collections.abc import Sequence

import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from allaprima.ops.upfirdn2d import setup_filter, upfirdn2d

BINOMIAL = (1, 4, 6, 4, 1)
"""The filter's taps: a Gaussian of standard deviation 1, in all but name."""

REACH = len(BINOMIAL) // 2


def laplacian_pyramid(images: Float[Tensor, "n c h w"], smallest: int) -> list[Tensor]:
    """Split images into bands, each of half the size of the one before; the last holds what all bands leave over.

    Halving ends before the shorter side would be less than ``smallest``, which must be at least 2.
    """
    levels = []
    while has_coarser(images.shape[2], images.shape[3], smallest):
        coarse = halve(images)
        levels.append(images - double(coarse, images.shape[2], images.shape[3]))
        images = coarse
    return [*levels, images]


def collapse(levels: Sequence[Tensor]) -> Float[Tensor, "n c h w"]:
    """Put a pyramid together again."""
    *bands, image = levels
    for band in reversed(bands):
        image = band + double(image, band.shape[2], band.shape[3])
    return image


def level_sizes(height: int, width: int, smallest: int) -> list[tuple[int, int]]:
    """(height, width) of each level."""
    sizes = [(height, width)]
    while has_coarser(*sizes[-1], smallest):
        sizes.append(half_size(*sizes[-1]))
    return sizes


def has_coarser(height: int, width: int, smallest: int) -> bool:
    """Whether an image of this size is halved once more."""
    return min(half_size(height, width)) >= max(smallest, 2)


def half_size(height: int, width: int) -> tuple[int, int]:
    """Half of each side, rounded up."""
    return (height + 1) // 2, (width + 1) // 2


def halve(images: Float[Tensor, "n c h w"]) -> Float[Tensor, "n c h2 w2"]:
    """Smooth, and keep every second pixel."""
    return upfirdn2d(mirrored(images), setup_filter(BINOMIAL).to(images), down=2)


def double(images: Float[Tensor, "n c h w"], height: int, width: int) -> Float[Tensor, "n c h2 w2"]:
    """Fill the gaps between the pixels of a halved image; what it shows keeps its brightness, to its borders."""
    sparse = upfirdn2d(images, None, up=2)[:, :, :height, :width]
    return upfirdn2d(mirrored(sparse), setup_filter(BINOMIAL).to(images), gain=4)


def mirrored(images: Float[Tensor, "n c h w"]) -> Float[Tensor, "n c h2 w2"]:
    """Continue images over their borders, which are not repeated: c b | a b c. So do zeros between pixels, in step."""
    return F.pad(images, (REACH, REACH, REACH, REACH), mode="reflect")
