"""Sliced Wasserstein distance of patches at each level of detail: Progressive GAN (Karras et al. 2018), section 5.

A small distance at a fine level means that sharpness and texture are alike, at the coarsest level that large shapes and
colours are. Needs no network, so it is fair to images of any kind, size and number of channels.

Axes: n image, c channel, h w rows and columns, p patch, k l rows and columns of a patch, v value of a patch,
d direction.
"""

from typing import NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from einops import rearrange
from jaxtyping import Float, Int64, UInt8
from torch import Tensor

from allaprima.errors import ConfigError, DataError
from allaprima.images import to_network
from allaprima.metrics.subset import Images, random_subset
from allaprima.ops.laplacian_pyramid import laplacian_pyramid, level_sizes

PATCH = 7
"""Side of a patch, in pixels; images that are smaller are patches themselves."""

MOST_IMAGES = 4096
"""Images of each set that are looked at. The paper takes 16384, whose RGB patches are 1.2 GB; those of these 0.3 GB."""

SCALE = 1000.0
"""Distances are shown times this, as in the paper's tables."""

SMALLEST_DEVIATION = 1e-4
"""A channel that deviates less (a hundredth of a step of a pixel) is constant, such as the alpha of opaque images."""

IMAGES_AT_ONCE = 64
DIRECTIONS_AT_ONCE = 16


class SlicedWasserstein(NamedTuple):
    """Distances times 1000, by the longer side of a level in pixels, the finest first; and their mean."""

    by_level: dict[int, float]
    mean: float


def sliced_wasserstein(
    reals: Images,
    fakes: Images,
    *,
    seed: int = 0,
    patches_per_image: int = 128,
    repeats: int = 4,
    projections: int = 128,
    smallest: int = 16,
    together: bool = False,
    max_images: int = MOST_IMAGES,
) -> SlicedWasserstein:
    """Measure how far the patches of two sets of images are apart, at each level of a Laplacian pyramid.

    Like any distance of samples it does not quite vanish for two samples of one distribution; that floor falls with the
    number of images, so compare only what was measured with equally many.

    Args:
        reals: Pixels [n, c, h, w], or batches of them. Any size and number of channels; alpha is multiplied in.
        fakes: The same, of the same shape.
        seed: Of the images, patches and directions that are chosen.
        patches_per_image: Patches taken from each image, at each level.
        repeats: Sets of directions …
        projections: … and directions in a set.
        smallest: The pyramid's coarsest level has a shorter side of at least so many pixels.
        together: Normalise both sets by the mean and deviation of all their patches. Else each by its own, as the paper
            does: then a tint, or a contrast, that all images have in common is not seen.
        max_images: Images that are looked at, a random choice. Of sets of unequal size as many as the smaller one has.

    Raises:
        DataError: A set is empty, or the images are not all uint8 and of one shape.
        ConfigError: An argument is out of its range.
    """
    _check(
        patches_per_image=patches_per_image,
        repeats=repeats,
        projections=projections,
        smallest=smallest,
        max_images=max_images,
    )
    real, fake = (random_subset(images, max_images, _generator(seed)) for images in (reals, fakes))
    if real.shape[1:] != fake.shape[1:]:
        raise DataError(f"the reals are {list(real.shape[1:])}, but the fakes {list(fake.shape[1:])}: make them alike")
    count = min(len(real), len(fake))
    real, fake = (any_of(images, count, _generator(seed)) for images in (real, fake))
    generator = _generator(seed)
    by_level = {}
    for level, size in enumerate(level_sizes(real.shape[2], real.shape[3], smallest)):
        # Both sets are cut at the same places: equal sets are at distance 0, and the order of the sets is no matter.
        places = choose_places(count, patches_per_image, size, generator)
        directions = choose_directions(repeats * projections, real.shape[1], size, generator)
        a, b = (extract(images, level, places, smallest) for images in (real, fake))
        normalize(a, b, together=together)
        by_level[max(size)] = SCALE * sliced_distance(a, b, directions)
    return SlicedWasserstein(by_level, sum(by_level.values()) / len(by_level))


def choose_places(
    count: int, patches_per_image: int, size: tuple[int, int], generator: torch.Generator
) -> Int64[Tensor, "2 n p"]:
    """First row and first column of each patch."""
    shape = (count, patches_per_image)
    return torch.stack([torch.randint(max(side - PATCH, 0) + 1, shape, generator=generator) for side in size])


def choose_directions(
    count: int, channels: int, size: tuple[int, int], generator: torch.Generator
) -> Float[Tensor, "d v"]:
    """Unit vectors that point anywhere, as many numbers each as a patch of images of this size."""
    height, width = (min(side, PATCH) for side in size)
    return F.normalize(torch.randn(count, channels * height * width, generator=generator), dim=1)


def extract(
    images: UInt8[Tensor, "n c h w"], level: int, places: Int64[Tensor, "2 n p"], smallest: int
) -> Float[Tensor, "np c kl"]:
    """Cut the patches at ``places`` out of one level of each image."""
    parts = [torch.split(part, IMAGES_AT_ONCE) for part in (images, *places)]
    patches: Tensor | None = None
    for i, (some, rows, columns) in enumerate(zip(*parts, strict=True)):
        band = laplacian_pyramid(to_network(some), smallest)[level]
        windows = band.unfold(2, min(PATCH, band.shape[2]), 1).unfold(3, min(PATCH, band.shape[3]), 1)
        cut = windows[torch.arange(len(some))[:, None], :, rows, columns]
        if patches is None:  # filled part by part, as putting parts together needs them twice
            patches = cut.new_empty(len(images), *cut.shape[1:])
        patches[i * IMAGES_AT_ONCE :][: len(some)] = cut
    assert patches is not None
    return rearrange(patches, "n p c k l -> (n p) c (k l)")


def normalize(a: Float[Tensor, "p c kl"], b: Float[Tensor, "p c kl"], *, together: bool) -> None:
    """Give each channel mean 0 and standard deviation 1, over all patches of each set or of both; in place."""
    (variance_a, mean_a), (variance_b, mean_b) = (torch.var_mean(x, (0, 2), correction=0, keepdim=True) for x in (a, b))
    if together:
        between = ((mean_a - mean_b) / 2).square()
        mean_a = mean_b = (mean_a + mean_b) / 2
        variance_a = variance_b = (variance_a + variance_b) / 2 + between
    for patches, mean, variance in ((a, mean_a, variance_a), (b, mean_b, variance_b)):
        patches.sub_(mean).div_(variance.sqrt().clamp(min=SMALLEST_DEVIATION))


def sliced_distance(a: Float[Tensor, "p c kl"], b: Float[Tensor, "p c kl"], directions: Float[Tensor, "d v"]) -> float:
    """Mean over ``directions`` of the Wasserstein-1 distance of two equally large sets of points, projected on them.

    On a line it is the mean distance of the smallest to the smallest, the second to the second, and so on (Rabin et al.
    2011, section 2).
    """
    total = 0.0
    for part in torch.split(directions, DIRECTIONS_AT_ONCE):
        # NumPy sorts such rows several times faster than torch.
        first, second = (np.sort((part @ points.flatten(1).T).numpy(), axis=1) for points in (a, b))
        total += float(np.abs(first - second).mean(axis=1, dtype=np.float64).sum())
    return total / len(directions)


def any_of(images: UInt8[Tensor, "n c h w"], count: int, generator: torch.Generator) -> UInt8[Tensor, "m c h w"]:
    """``count`` of the images, in their order."""
    if count == len(images):
        return images
    return images[torch.randperm(len(images), generator=generator)[:count].sort().values]


def _generator(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def _check(**counts: int) -> None:
    for name, value in counts.items():
        least = 2 if name == "smallest" else 1
        if value < least:
            raise ConfigError(f"{name} is {value}: it must be at least {least}")
