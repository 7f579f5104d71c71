"""StyleGAN2 (Karras et al. 2020) from names and shapes: those of StyleGAN2-ADA's PyTorch program."""

import math
from typing import Any

from torch import Tensor

from allaprima.errors import ModelFileError
from allaprima.interchange.torch_stylegan.channels import channels_by_resolution
from allaprima.interchange.torch_stylegan.shapes import (
    Fields,
    Weights,
    image_fields,
    members,
    resolutions,
    shape,
    sized,
    taps_of,
)
from allaprima.models import Geometry, StyleGAN2Discriminator, StyleGAN2Generator
from allaprima.models.geometry import channels_at


def generator_spec(weights: Weights, told: Fields) -> StyleGAN2Generator:
    """Describe a generator.

    Args:
        weights: Its state dict.
        told: Fields of the spec that the file tells in words; shapes overrule them.
    """
    blocks = resolutions(weights, "synthesis.")
    finest = f"synthesis.b{blocks[-1]}"
    maps = {r: shape(weights, f"synthesis.b{r}.conv1.weight", 4)[0] for r in blocks}
    w_dim = shape(weights, "synthesis.b4.conv1.affine.weight", 2)[1]
    fields = {
        **told,
        **image_fields(shape(weights, "synthesis.b4.const", 3)[1:], len(blocks) - 1),
        **filter_field(weights.get(f"{finest}.resample_filter")),
        **channel_fields(maps, told),
        **architecture_fields(weights, "synthesis.", blocks, has_colours="b4.torgb.weight", told=told),
        **latent_fields(weights, w_dim),
        "img_channels": shape(weights, f"{finest}.torgb.weight", 4)[0],
        "w_dim": w_dim,
        "use_noise": f"{finest}.conv1.noise_strength" in weights,
    }
    return StyleGAN2Generator(**fields)


def discriminator_spec(weights: Weights, told: Fields) -> StyleGAN2Discriminator:
    """Describe a discriminator.

    Args:
        weights: Its state dict.
        told: As in `generator_spec`; ``height`` and ``width`` too, if they are known from the generator.
    """
    blocks = resolutions(weights)
    fan_out, fan_in = shape(weights, "b4.conv.weight", 4)[:2]
    maps = {4: fan_out} | {r: shape(weights, f"b{r}.conv0.weight", 4)[0] for r in blocks[1:]}
    fields = {
        **told,
        **_image_fields(shape(weights, "b4.fc.weight", 2)[1] / fan_out, len(blocks) - 1, told),
        **filter_field(weights.get(f"b{blocks[-1]}.resample_filter")),
        **channel_fields(maps, told),
        **architecture_fields(weights, "", blocks, has_colours="b4.fromrgb.weight", told=told),
        **_label_fields(weights, shape(weights, "b4.out.weight", 2)[0], fan_out),
        "img_channels": shape(weights, f"b{blocks[-1]}.fromrgb.weight", 4)[1],
        "mbstd_num_channels": fan_in - fan_out,
    }
    return StyleGAN2Discriminator(**fields)


def latent_fields(weights: Weights, w_dim: int) -> dict[str, Any]:
    """What the mapping network of a generator tells."""
    hidden, fan_in = shape(weights, "mapping.fc0.weight", 2)
    embedded, c_dim, label = 0, 0, "embed"
    if "mapping.embed.weight" in weights:
        embedded, c_dim = shape(weights, "mapping.embed.weight", 2)
    elif "mapping.label" in weights:
        c_dim, embedded = shape(weights, "mapping.label", 2)
        label = "concat"
    depth = mapping_depth(weights)
    return {
        "z_dim": fan_in - embedded,
        "c_dim": c_dim,
        "map_depth": depth,
        "map_hidden": hidden if depth > 1 and hidden != w_dim else None,
        "label_input": label,
        "embed_dim": embedded if label == "embed" and embedded not in (0, w_dim) else None,
    }


def mapping_depth(weights: Weights) -> int:
    """Layers of the mapping network: fc0, fc1, …"""
    layers, depth = members(weights, "mapping."), 0
    while f"fc{depth}" in layers:
        depth += 1
    return depth


def architecture_fields(
    weights: Weights, prefix: str, blocks: list[int], *, has_colours: str, told: Fields
) -> dict[str, Any]:
    """Which blocks read or paint colours, and whether there are shortcuts. One block alone does not tell."""
    if f"{prefix}lod" in weights:
        return {"architecture": "orig", "growing": True}
    if len(blocks) == 1:
        return {"architecture": told["architecture"]} if "architecture" in told else {}
    if f"{prefix}b{blocks[-1]}.skip.weight" in weights:
        return {"architecture": "resnet"}
    return {"architecture": "skip" if f"{prefix}{has_colours}" in weights else "orig"}


def channel_fields(maps: dict[int, int], told: Fields) -> dict[str, Any]:
    """The file's own numbers, if they give the feature maps that it has."""
    solved = channels_by_resolution(maps)
    said = {name: told.get(name, value) for name, value in solved.items()}
    base, maximum = said["channel_base"], said["channel_max"]
    fit = all(channels_at(r, base=base, maximum=maximum) == count for r, count in maps.items())
    return said if fit else solved


def filter_field(kernel: Tensor | None) -> dict[str, Any]:
    """Taps of the low-pass filter, if it is there."""
    return {} if kernel is None or not 1 <= kernel.ndim <= 2 else {"resample_filter": taps_of(kernel)}


def _image_fields(pixels: float, doublings: int, told: Fields) -> dict[str, Any]:
    """Of the base grid one only knows how many pixels it has: it is the generator's, or else a square."""
    if "height" in told and "width" in told:
        height, width = told["height"], told["width"]
        base = Geometry(height, width, doublings).base
        if math.prod(base) == pixels:
            return sized(height, width, doublings)
    side = math.isqrt(int(pixels))
    if side**2 != pixels:
        raise ModelFileError(
            f"the discriminator's base grid of {pixels:g} pixels is neither the generator's nor square"
        )
    return image_fields((side, side), doublings)


def _label_fields(weights: Weights, outputs: int, top: int) -> dict[str, Any]:
    if "mapping.embed.weight" not in weights:
        return {"c_dim": outputs if outputs > 1 else 0, "label_output": "logits" if outputs > 1 else "projection"}
    embedded, c_dim = shape(weights, "mapping.embed.weight", 2)
    depth = mapping_depth(weights)
    hidden = shape(weights, "mapping.fc0.weight", 2)[0] if depth > 1 else outputs
    return {
        "c_dim": c_dim,
        "cmap_dim": None if outputs == top else outputs,
        "embed_dim": None if embedded == outputs else embedded,
        "map_depth": depth,
        "map_hidden": None if hidden == outputs else hidden,
        "label_output": "projection",
    }
