"""Growing, from a low resolution to the full one: Progressive GAN (Karras et al. 2018), section 2, figures 1 and 2.

``lod``, the level of detail, counts the doublings that are missing: 0 is the full resolution, k the one of 2ᵏ times
fewer rows and columns, and a fraction is on the way between two (α of figure 2 is 1 less that fraction). Images always
have their full size; whatever is finer than ``lod`` is not computed at all.

Axes: n image, c channel, h w rows and columns; rgb stands for the channels of an image, of whatever number.
"""

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol, runtime_checkable

import torch
from jaxtyping import Float
from torch import Tensor, nn

from allaprima.models.geometry import Geometry
from allaprima.models.painter import Painter
from allaprima.ops import downsample_mean, upsample_nearest


class Growing(nn.Module):
    """A network, or a part of one, that knows how far it has grown.

    Args:
        geometry: The grids.
        grows: Off: always at full resolution; nothing of it is in the state dict then.
    """

    lod: Tensor | None

    def __init__(self, geometry: Geometry, *, grows: bool = True) -> None:
        super().__init__()
        self.geometry = geometry
        self.register_buffer("lod", torch.zeros([]) if grows else None)

    def set_lod(self, value: float) -> None:
        """Let ``value`` doublings be missing to the full resolution."""
        if self.lod is None:
            raise ValueError("this network does not grow: it has no lod to set")
        check_lod(value, self.geometry)
        self.lod.fill_(value)

    def missing(self) -> tuple[int, float]:
        """Doublings that are missing altogether, and how far the next one is from being there, in [0, 1)."""
        return (0, 0.0) if self.lod is None else split_lod(float(self.lod))


class GrowingGenerator(Painter):
    """z → image by two networks, of which the second may grow."""

    @property
    def lod(self) -> Tensor | None:
        """The doublings that are missing: the buffer of the synthesis network; None if it does not grow."""
        lod: Tensor | None = self.synthesis.lod
        return lod

    def set_lod(self, value: float) -> None:
        """Let ``value`` doublings be missing to the full resolution."""
        self.synthesis.set_lod(value)


def check_lod(lod: float, geometry: Geometry) -> None:
    """Raise a ValueError unless ``lod`` is between full resolution and the base grid."""
    if not 0 <= lod <= geometry.doublings:
        size = f"{geometry.height}×{geometry.width} pixels"
        raise ValueError(f"lod is {lod}: it must be between 0 and {geometry.doublings} for images of {size}")


def split_lod(lod: float) -> tuple[int, float]:
    """Whole doublings that are missing, and the rest."""
    rest, whole = math.modf(lod)
    return int(whole), rest


class Stage(NamedTuple):
    """What a generator does at one resolution."""

    features: Callable[[Tensor | None], Tensor]  # of the grid before, None at the base → of this grid
    colours: Callable[[Tensor], Tensor]  # toRGB of figure 2


def paint(stages: Sequence[Stage], missing: tuple[int, float]) -> Float[Tensor, "n rgb h w"]:
    """The image of a generator of these stages, base first: figure 2, left half."""
    whole, fade_in = missing
    *coarser, finest = stages[: len(stages) - whole]
    x = None
    for stage in coarser:
        x = stage.features(x)
    image = finest.colours(finest.features(x))
    if fade_in:
        assert x is not None
        image = image.lerp(upsample_nearest(coarser[-1].colours(x)), fade_in)
    return upsample_nearest(image, 2**whole)


@runtime_checkable
class Reader(Protocol):
    """What a discriminator does at one resolution."""

    def read(self, image: Tensor, /) -> Tensor:
        """Colours of this grid → feature maps: fromRGB of figure 2."""
        ...


@runtime_checkable
class Halver(Reader, Protocol):
    """The same, above the base."""

    def halve(self, x: Tensor, /) -> Tensor:
        """Feature maps of this grid → of the next coarser one."""
        ...


def look(
    image: Float[Tensor, "n rgb h w"], halvers: Sequence[Halver], base: Reader, missing: tuple[int, float]
) -> Float[Tensor, "n c h2 w2"]:
    """Feature maps of the base grid that a discriminator of these stages, finest first, sees: figure 2, right half."""
    whole, fade_in = missing
    readers: list[Reader] = [*halvers, base]
    image = downsample_mean(image, 2**whole)
    x = readers[whole].read(image)
    for index, halver in enumerate(halvers[whole:]):
        x = halver.halve(x)
        if fade_in and index == 0:
            x = x.lerp(readers[whole + 1].read(downsample_mean(image)).to(x.dtype), fade_in)
    return x


def fade(images: Float[Tensor, "n rgb h w"], geometry: Geometry, lod: float) -> Float[Tensor, "n rgb h w"]:
    """Images as a generator at this level of detail could paint them: what the discriminator gets to see of real ones.

    ``geometry`` has their grids; ``lod`` is 0 at full resolution and 1 more for each halving.
    A fraction of ``lod`` mixes two resolutions of the real images too (caption of figure 2).
    """
    check_lod(lod, geometry)
    if lod == 0:
        return images
    whole, fade_in = split_lod(lod)
    x = downsample_mean(geometry.pad(images), 2**whole)
    if fade_in:
        x = x.lerp(upsample_nearest(downsample_mean(x)), fade_in)
    return geometry.crop(upsample_nearest(x, 2**whole))
