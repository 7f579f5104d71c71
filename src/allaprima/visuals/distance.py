"""How long a way through images is to the eye, in 8-bit levels.

The measure is `allaprima.losses.laplacian_distance`, a norm of the difference: lengths converge as the steps of a way
become finer, and no way is shorter than the distance of its ends.

Axes: n image, c channel, h w rows and columns.
"""

import torch
from jaxtyping import Float
from torch import Tensor

from allaprima.losses.laplacian_distance import banded_distance, laplacian_bands

LEVELS = 127.5  # steps of an 8-bit image in 1 of a network's range


def pyramid_distance(a: Float[Tensor, "n c h w"], b: Float[Tensor, "n c h w"]) -> Float[Tensor, " n"]:
    """Mean absolute difference of each band of a Laplacian pyramid, averaged over the bands, in 8-bit levels."""
    bands = laplacian_bands(a)
    return LEVELS / len(bands) * banded_distance(bands, laplacian_bands(b))


def path_length(images: Float[Tensor, "n c h w"]) -> Float[Tensor, " n"]:
    """Length of the way through the images up to each of them; the first is 0."""
    steps = pyramid_distance(images[1:], images[:-1])
    return torch.cat([torch.zeros(1), steps.cumsum(dim=0)])
