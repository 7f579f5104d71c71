"""Keyword arguments that the shapes of a network tell too, to compare both: by their names in the programs."""

from collections.abc import Callable
from typing import Any

from allaprima.models import (
    R3GANDiscriminator,
    R3GANGenerator,
    Spec,
    StyleGAN2Discriminator,
    StyleGAN2Generator,
    StyleGAN3Generator,
)

Pair = tuple[dict[str, Any], dict[str, Any]]
"""Keyword arguments of a network, and those of its mapping network."""


def seen(spec: Spec) -> Pair:
    """Keyword arguments that shapes tell too, by their names in the programs: the network's, its mapping network's."""
    image = {"c_dim": spec.c_dim, "img_channels": spec.img_channels}
    match spec:
        case StyleGAN2Generator() | StyleGAN3Generator():
            image |= {"z_dim": spec.z_dim, "w_dim": spec.w_dim}
    return SEEN[type(spec)](spec, image)


def _seen_stylegan2_generator(spec: StyleGAN2Generator, image: dict[str, Any]) -> Pair:
    own = {"use_noise": spec.use_noise, "kernel_size": 3, **_grids(spec)}
    return image | own, _mapping(spec.map_depth, spec.embed_dim or spec.w_dim, spec.map_hidden or spec.w_dim)


def _seen_stylegan2_discriminator(spec: StyleGAN2Discriminator, image: dict[str, Any]) -> Pair:
    size = spec.num_outputs
    own = {"mbstd_num_channels": spec.mbstd_num_channels, **_grids(spec)}
    if not spec.c_dim:
        return image | own, {}
    inner = _mapping(spec.map_depth, spec.embed_dim or size, spec.map_hidden or size)
    return image | own | {"cmap_dim": size}, inner


def _seen_stylegan3_generator(spec: StyleGAN3Generator, image: dict[str, Any]) -> Pair:
    names = ("num_layers", "conv_kernel", "use_radial_filters")
    own = {"img_resolution": spec.height, **{name: getattr(spec, name) for name in names}}
    return image | own, _mapping(spec.map_depth, spec.w_dim, spec.w_dim)


def _seen_r3gan(spec: R3GANGenerator | R3GANDiscriminator, image: dict[str, Any]) -> Pair:
    upward = isinstance(spec, R3GANGenerator)
    widths, groups = (list(t or ())[:: 1 if upward else -1] for t in (spec.widths, spec.cardinalities))
    own = {"WidthPerStage": widths, "CardinalityPerStage": groups, "ExpansionFactor": spec.expansion}
    own |= {"BlocksPerStage": [spec.blocks_per_stage] * len(widths), "label_dim": spec.c_dim}
    own |= {"NoiseDimension": spec.z_dim, "z_dim": spec.z_dim} if isinstance(spec, R3GANGenerator) else {}
    return image | own | {"img_resolution": 4 * 2**spec.geometry.doublings}, {}


def _grids(spec: StyleGAN2Generator | StyleGAN2Discriminator) -> dict[str, Any]:
    """Sizes; ``init_res`` is that of eps696's program, where ``img_resolution`` tells the number of blocks alone."""
    grids = spec.geometry
    return {"img_resolution": grids.resolutions[-1], "init_res": list(grids.base)}


def _mapping(depth: int, embed: int, hidden: int) -> dict[str, Any]:
    return {"num_layers": depth, "embed_features": embed, "layer_features": hidden}


SEEN: dict[type, Callable[..., Pair]] = {
    StyleGAN2Generator: _seen_stylegan2_generator,
    StyleGAN2Discriminator: _seen_stylegan2_discriminator,
    StyleGAN3Generator: _seen_stylegan3_generator,
    R3GANGenerator: _seen_r3gan,
    R3GANDiscriminator: _seen_r3gan,
}
