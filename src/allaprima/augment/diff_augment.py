"""Differentiable augmentation: DiffAugment (Zhao et al. 2020), section 3.3: always on, always mild.

Axes: n image, c channel (alpha last), h w rows and columns, l m places of an axis.
"""

from collections.abc import Callable, Sequence

import torch
from einops import einsum, reduce
from jaxtyping import Float
from torch import Tensor

from allaprima.augment.colour import COLOURED, apply_colours
from allaprima.augment.draws import Draws
from allaprima.augment.ground import ground, on_ground
from allaprima.errors import ConfigError
from allaprima.images import has_alpha

LARGEST_MOVE = 1 / 8
CUTOUT_SIZE = 1 / 2


def diff_augment(
    images: Float[Tensor, "n c h w"], draws: Draws, policy: Sequence[str] = ("color", "translation", "cutout")
) -> Float[Tensor, "n c h w"]:
    """Apply the augmentations that ``policy`` names, in its order. Differentiable to any order in the images.

    Args:
        images: In the network's range, of any size; 2 and 4 channels end in alpha, with premultiplied colours. Of other
            than 1 to 4 channels the colours are let alone.
        draws: Where random numbers come from.
        policy: Any of ``color``, ``translation`` and ``cutout``.

    Raises:
        ConfigError: ``policy`` names another one.
    """
    for name in policy:
        if name not in POLICIES:
            raise ConfigError(f"unknown part {name!r} of the policy of DiffAugment; it knows {', '.join(POLICIES)}")
        images = POLICIES[name](images, draws)
    return images


def _colour(images: Tensor, draws: Draws) -> Tensor:
    """Brightness, saturation about each pixel's gray, contrast about the image's mean gray: one matrix an image."""
    count, channels = images.shape[:2]
    if channels not in COLOURED:
        return images
    brightness, saturation, contrast = (draws.uniform(count).to(images)[:, None] for _ in range(3))
    saturation, contrast = saturation * 2, contrast + 0.5

    gray = _mean_gray(images) + (brightness - 0.5)  # saturation does not change it
    mix = torch.full((3, 3), 1 / 3).to(images)
    linear = mix + saturation[:, None] * (torch.eye(3).to(images) - mix)
    matrix = images.new_zeros(count, 4, 4)
    matrix[:, :3, :3] = contrast[:, None] * linear
    matrix[:, :3, 3] = contrast * (brightness - 0.5) + (1 - contrast) * gray
    return apply_colours(images, matrix)


def _mean_gray(images: Tensor) -> Float[Tensor, "n 1"]:
    """The mean of the straight colours, of each pixel as much as it covers; 0 (mid gray) where nothing is covered."""
    means = reduce(images, "n c h w -> n c", "mean")
    if not has_alpha(images.shape[1]):
        return means.mean(dim=1, keepdim=True)
    coverage = (means[:, -1:] + 1) / 2
    covered = means[:, :-1].mean(dim=1, keepdim=True) + 1 - coverage  # see `colour.premultiplied`
    return covered / coverage.clamp(min=1e-4)


def _translate(images: Tensor, draws: Draws) -> Tensor:
    """Move by up to an eighth of the size; mid gray follows, or nothing where there is alpha."""
    rows, columns = (_moving(length, draws, len(images)).to(images) for length in images.shape[2:])
    return on_ground(images, lambda x: einsum(rows, x, columns, "n l h, n c h w, n m w -> n c l m"))


def _moving(length: int, draws: Draws, count: int) -> Float[Tensor, "n l m"]:
    """Matrices that move the places of an axis by a random number of them."""
    farthest = int(length * LARGEST_MOVE + 0.5)
    move = (draws.uniform(count) * (2 * farthest + 1)).floor() - farthest
    place = torch.arange(length, device=draws.device)
    return (place[:, None] == place + move[:, None, None]).float()


def _cut_out(images: Tensor, draws: Draws) -> Tensor:
    """Erase a rectangle of half the size about a random pixel: to mid gray, or to nothing where there is alpha."""
    rows, columns = (_covered(length, draws, len(images)) for length in images.shape[2:])
    hole = (rows[:, :, None] & columns[:, None, :])[:, None]
    return images.masked_fill(hole.to(images.device), ground(images.shape[1]))


def _covered(length: int, draws: Draws, count: int) -> Tensor:
    size = int(length * CUTOUT_SIZE + 0.5)
    first = (draws.uniform(count) * (length + 1 - size % 2)).floor()[:, None] - size // 2
    place = torch.arange(length, device=draws.device)
    return (place >= first) & (place < first + size)


POLICIES: dict[str, Callable[[Tensor, Draws], Tensor]] = {
    "color": _colour,
    "translation": _translate,
    "cutout": _cut_out,
}
