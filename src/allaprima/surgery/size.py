"""Another height and width: of the same number of doublings on another base grid, or with doublings more or fewer.

Blocks are kept from the coarse side on, under their names (b4, b8, …). Where a block is new, the network goes on doing
what it did, upsampled, as far as its architecture allows (see `allaprima.surgery.growth`).
"""

import dataclasses
import math
import re
from typing import Any

import torch
from einops import rearrange
from torch import Tensor

from allaprima.errors import ConfigError
from allaprima.models import (
    Geometry,
    LucidrainsDiscriminator,
    LucidrainsGenerator,
    R3GANDiscriminator,
    R3GANGenerator,
    Spec,
    StyleGAN2Discriminator,
    StyleGAN2Generator,
    StyleGAN3Generator,
    spec_to_dict,
)
from allaprima.surgery.assembly import assemble, draw
from allaprima.surgery.grids import resample, resample_reader, tile
from allaprima.surgery.growth import go_on, widened

STAGE = re.compile(r"MainLayers\.(\d+)\.(.*)")


@torch.no_grad()
def with_size(network: Any, height: int, width: int, *, doublings: int | None = None, seed: int = 0) -> Any:
    """A generator or a discriminator for images of another size.

    The constant and whatever else is a picture on the base grid is interpolated, noise is tiled (see
    `allaprima.surgery.grids`). All other weights of the blocks that both networks have are the same.

    Args:
        network: It stays as it is.
        height: Rows of the images.
        width: Columns of the images.
        doublings: How often the base grid is doubled; None: such that things keep their size in pixels as nearly as
            doublings can (64×64 to 64×48 keeps them all, to 128×128 has one more). Only StyleGAN2's networks leave
            the choice.
        seed: Of the weights of new blocks.

    Raises:
        ConfigError: A size or a number of doublings that this network cannot have.
    """
    old = network.spec
    spec = resized(old, height, width, doublings)
    if isinstance(spec, StyleGAN3Generator):
        return assemble(spec, network.state_dict())
    added = len(spec.geometry.resolutions) - len(old.geometry.resolutions)
    target = draw(spec, seed=seed, like=network)
    tensors, grown = network.state_dict(), target.state_dict()
    for name, drawn in grown.items():
        its = tensors.get(_former_name(name, added, spec))
        if its is not None:
            grown[name] = fitted(name, its, drawn, network.spec, spec)
    result = assemble(spec, grown)
    go_on(network, result)
    return result


def keeps_colours(old: Spec, new: Spec) -> bool:
    """Whether `with_size` from one to the other leaves no layer of colours to chance.

    Where only the finest block has one (StyleGAN2's architectures resnet and orig), that of another block is new.
    """
    if isinstance(old, StyleGAN2Generator | StyleGAN2Discriminator) and isinstance(new, type(old)):
        same = old.geometry.doublings == new.geometry.doublings
        return same or old.architecture == "skip" or old.growing
    return True


def resized(spec: Spec, height: int, width: int, doublings: int | None = None) -> Any:
    """The spec for another size; see `with_size`."""
    if isinstance(spec, StyleGAN3Generator):
        _require_plan_of(spec, height, width, doublings)
        return dataclasses.replace(spec, height=height, width=width)
    if isinstance(spec, LucidrainsGenerator | LucidrainsDiscriminator):
        raise ConfigError(f"a {spec_to_dict(spec)['type']} cannot get another size: its grids are square and fixed")
    usual = Geometry(height, width).doublings
    if isinstance(spec, StyleGAN2Generator | StyleGAN2Discriminator):
        wanted = nearest_doublings(spec.geometry, height, width) if doublings is None else doublings
        return dataclasses.replace(spec, height=height, width=width, doublings=None if wanted == usual else wanted)
    if doublings not in (None, usual):
        raise ConfigError(f"doublings is {doublings}: only StyleGAN2's networks leave the choice, here it is {usual}")
    if isinstance(spec, R3GANGenerator | R3GANDiscriminator):
        lists: dict[str, Any] = widened(spec, usual + 1)
        return dataclasses.replace(spec, height=height, width=width, **lists)
    return dataclasses.replace(spec, height=height, width=width)


def nearest_doublings(old: Geometry, height: int, width: int) -> int:
    """How many doublings keep things nearly as large as they were: halves of the area's logarithm, rounded."""
    if height < 1 or width < 1:
        raise ConfigError(f"an image of {height}×{width} pixels (height × width) has no pixels")
    larger = math.log2(height * width / (old.height * old.width)) / 2
    return max(old.doublings + math.ceil(larger - 0.5), 0)  # halfway: fewer


def fitted(name: str, its: Tensor, drawn: Tensor, old: Any, new: Any) -> Tensor:
    """The tensor of this name for the new grids; ``drawn`` is a random one of the right shape."""
    before, after = old.geometry.base, new.geometry.base
    if name.endswith("noise_const"):
        return tile(its, (drawn.shape[0], drawn.shape[1]))
    if name.endswith((".const", ".Basis")):
        return resample(its, after)
    if name.endswith(".dense.weight"):
        pictures = rearrange(its, "(c h w) d -> d c h w", h=before[0], w=before[1])
        return rearrange(resample(pictures, after), "d c h w -> (c h w) d")
    if name == "b4.fc.weight":
        weights = rearrange(its, "o (c h w) -> o c h w", h=before[0], w=before[1])
        flat = rearrange(resample_reader(weights, after), "o c h w -> o (c h w)")
        equalized = getattr(new, "equalized", True)  # then weights are stored times the root of their number
        return flat * (flat.shape[1] / its.shape[1]) ** 0.5 if equalized else flat
    if name.endswith(".Basis.weight"):
        return resample_reader(its, after)
    if name.endswith("lod"):  # what grows has grown as far as before
        return (its + len(new.geometry.resolutions) - len(old.geometry.resolutions)).clamp(min=0)
    return its if its.shape == drawn.shape else drawn


def _former_name(name: str, added: int, spec: Spec) -> str:
    """Stages are numbered from the image inwards in R3GAN's discriminator, so that new ones shift the others."""
    found = STAGE.match(name)
    if found is None or not isinstance(spec, R3GANDiscriminator):
        return name
    return f"MainLayers.{int(found[1]) - added}.{found[2]}"


def _require_plan_of(spec: StyleGAN3Generator, height: int, width: int, doublings: int | None) -> None:
    longer = max(spec.height, spec.width)
    if doublings is not None:
        raise ConfigError("a StyleGAN3 generator has no doublings")
    if height < 1 or width < 1 or max(height, width) != longer:
        raise ConfigError(
            f"{height}×{width} (height × width) is no size for this StyleGAN3 generator: all its filters are made for"
            f" a longer side of {longer} pixels, only the shorter side may change"
        )
