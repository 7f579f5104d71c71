"""What makes a painted image near to its target: three distances, alone or together.

Axes: n image, c channel, h w rows and columns.
"""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Protocol, runtime_checkable

import torch
from jaxtyping import Float
from torch import Tensor

from allaprima.images import has_alpha
from allaprima.losses.laplacian_distance import banded_distance, laplacian_bands
from allaprima.models import feature_layers, recording
from allaprima.models.lpips import LPIPS, to_unit_length

Measure = Callable[[Tensor], Tensor]
"""The distances [n] of images [n, c, h, w] from the targets for which it was made; of one image from each of them."""


@runtime_checkable
class Distance(Protocol):
    """Makes measures; what can be computed of the targets is computed once."""

    def to(self, targets: Float[Tensor, "n c h w"]) -> Measure:
        """The measure of the distance from ``targets``, images in [-1, 1]."""
        ...


class PyramidDistance:
    """Absolute differences at all scales; needs no network. See `allaprima.losses.laplacian_distance`."""

    def to(self, targets: Float[Tensor, "n c h w"]) -> Measure:
        """See `Distance`."""
        bands = laplacian_bands(targets)
        return lambda images: banded_distance(laplacian_bands(images), bands)


class DiscriminatorDistance:
    """Differences of what a discriminator sees in them, compared as LPIPS compares features (Zhang et al. 2018).

    Of all its layers but those of its last grid: these see an image together with others of its batch.

    Args:
        D: The discriminator that the generator was trained with.
    """

    def __init__(self, D: Any) -> None:
        self.D = D

    def to(self, targets: Float[Tensor, "n c h w"]) -> Measure:
        """See `Distance`."""
        return partial(self._distance, self._features(targets))

    def _distance(self, theirs: Sequence[Tensor], images: Tensor) -> Tensor:
        own = self._features(images)
        parts = [(a - b).square().sum(dim=1).mean(dim=(1, 2)) for a, b in zip(own, theirs, strict=True)]
        return torch.stack(parts).mean(dim=0) if parts else images.new_zeros(len(images))

    def _features(self, images: Tensor) -> list[Tensor]:
        names = feature_layers(self.D)
        with recording(self.D, names) as kept:
            self.D(images, images.new_zeros(len(images), self.D.c_dim))
        maps = [kept[name].float() for name in names if name in kept]
        last = min((x.shape[2:].numel() for x in maps), default=0)
        return [to_unit_length(x) for x in maps if x.shape[2:].numel() > last]


class PerceptualDistance:
    """LPIPS. Images with alpha are compared over black and over white: what is seen on neither is not there.

    Args:
        network: With its weights, see `allaprima.checkpoint.perceptual`.
    """

    def __init__(self, network: LPIPS) -> None:
        self.network = network

    def to(self, targets: Float[Tensor, "n c h w"]) -> Measure:
        """See `Distance`."""
        theirs = [self.network.features(view) for view in visible(targets)]
        return partial(self._distance, theirs)

    def _distance(self, theirs: Sequence[Sequence[Tensor]], images: Tensor) -> Tensor:
        views = zip(visible(images), theirs, strict=True)
        return torch.stack([self.network.between(self.network.features(view), its) for view, its in views]).mean(dim=0)


class SumOfDistances:
    """Several distances, added up."""

    def __init__(self, *parts: Distance) -> None:
        self.parts = parts

    def to(self, targets: Float[Tensor, "n c h w"]) -> Measure:
        """See `Distance`."""
        measures = [part.to(targets) for part in self.parts]
        return lambda images: torch.stack([measure(images) for measure in measures]).sum(dim=0)


def own_distance(D: Any | None) -> Distance:
    """The distance that needs nothing from elsewhere: the pyramid, and what the discriminator sees where there is one.

    The pyramid finds colours and places; the discriminator's features put faces where the pyramid alone sees a blur.
    """
    return PyramidDistance() if D is None else SumOfDistances(PyramidDistance(), DiscriminatorDistance(D))


def measure_of(distance: Distance, targets: Float[Tensor, "n c h w"]) -> Measure:
    """``distance.to(targets)``, blind to how far beyond black or white an image is where its target is so.

    Generators paint somewhat beyond the range that pixels have. Where the target is within, going beyond counts.
    """
    measure = distance.to(targets)
    low, high = (torch.where(at_end, targets, end) for at_end, end in _ends(targets))
    return lambda images: measure(torch.minimum(torch.maximum(images, low), high))


def _ends(targets: Tensor) -> list[tuple[Tensor, Tensor]]:
    """Where targets are black, and where they are white; and what bounds nothing."""
    infinity = targets.new_full([], float("inf"))
    return [(targets <= -1, -infinity), (targets >= 1, infinity)]


def visible(images: Float[Tensor, "n c h w"]) -> list[Tensor]:
    """Gray or RGB images in [-1, 1] that show all there is to see: with alpha, over black and over white."""
    if not has_alpha(images.shape[1]):
        return [images]
    colours, alpha = images[:, :-1], images[:, -1:]
    return [colours, colours + 1 - alpha]  # premultiplied: what is transparent is -1 in all channels
