"""How far apart two images are, at every scale at once: the L1 distance of their Laplacian pyramids.

The pyramid is that of Burt and Adelson (1983); a distance on it is in Bojanowski et al. (2018), section 3.2. Here all
bands count alike, each by the mean of its absolute values: as a coarse band has few values, each of these weighs much,
and where things are is settled before what their edges look like.

Axes: n image, c channel, h w rows and columns.
"""

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor

from allaprima.ops.laplacian_pyramid import laplacian_pyramid

SMALLEST = 4  # side of the coarsest band, at least


def laplacian_distance(a: Float[Tensor, "n c h w"], b: Float[Tensor, "n c h w"]) -> Float[Tensor, " n"]:
    """The distance of each image of ``a`` from its partner in ``b``; 0 for equal ones."""
    return banded_distance(laplacian_bands(a), laplacian_bands(b))


def laplacian_bands(images: Float[Tensor, "n c h w"]) -> list[Tensor]:
    """The bands that are compared, the finest first."""
    return laplacian_pyramid(images, SMALLEST)


def banded_distance(a: Sequence[Tensor], b: Sequence[Tensor]) -> Float[Tensor, " n"]:
    """The mean absolute difference of each band, summed over the bands; those of one ``b`` may be for all of ``a``."""
    return torch.stack([(x - y).abs().mean(dim=(1, 2, 3)) for x, y in zip(a, b, strict=True)]).sum(dim=0)
