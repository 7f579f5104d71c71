"""StyleGAN3 (Karras et al. 2021) from names and shapes: L{number}_{size}_{channels} tells the plan of the layers."""

import dataclasses
import itertools
import re
from collections.abc import Iterable
from typing import Any

from allaprima.errors import ModelFileError
from allaprima.interchange.torch_stylegan.channels import channels_by_cutoff
from allaprima.interchange.torch_stylegan.shapes import LARGEST_SIDE, Fields, Weights, members, shape
from allaprima.interchange.torch_stylegan.stylegan2 import latent_fields
from allaprima.models import StyleGAN3Generator
from allaprima.models.stylegan3 import plan_layers

LAYER = re.compile(r"L(\d{1,3})_(\d{1,6})_(\d{1,6})")
MOST_LAYERS = 64
USUAL = {field.name: field.default for field in dataclasses.fields(StyleGAN3Generator)}
MOST_TAPS = 256
CHANNELS = ("channel_base", "channel_max")


def generator_spec(weights: Weights, told: Fields) -> StyleGAN3Generator:
    """Describe a generator; the images are taken for square, as nothing in a file tells of their shorter side.

    Args:
        weights: Its state dict.
        told: Fields of the spec that the file tells in words; names and shapes overrule them.
    """
    names = layer_names(weights)
    w_dim = shape(weights, "synthesis.input.affine.weight", 2)[1]
    latent = latent_fields(weights, w_dim)
    fields = {
        **told,
        **filter_fields(weights, names[0], told),
        **{field: latent[field] for field in ("z_dim", "c_dim", "map_depth")},
        "w_dim": w_dim,
        "height": size_of(names[-1]),
        "width": size_of(names[-1]),
        "img_channels": maps_of(names[-1]),
        "num_layers": len(names) - 1,
        "conv_kernel": shape(weights, f"synthesis.{names[0]}.weight", 4)[-1],
        "use_radial_filters": any(name.endswith(".down_filter") and t.ndim == 2 for name, t in weights.items()),
    }
    wrong = ModelFileError(f"the layers {names[0]}, … {names[-1]} are those of no StyleGAN3 that is known here")
    margins = [told["margin_size"]] if "margin_size" in told else dict.fromkeys((margin(names), USUAL["margin_size"]))
    for num_critical, pixels in itertools.product(critical_counts(weights, names, told), margins):
        try:
            if spec := planned(names, {**fields, "num_critical": num_critical, "margin_size": pixels}):
                return spec
        except ModelFileError as error:
            wrong = error
    raise wrong


def filter_fields(weights: Weights, first: str, told: Fields) -> dict[str, Any]:
    """Taps of the filters. They are computed for the plan, so that their number must be a decent one."""
    finer = told.get("lrelu_upsampling", USUAL["lrelu_upsampling"])
    taps = told.get("filter_size", USUAL["filter_size"])
    if f"synthesis.{first}.up_filter" in weights:
        taps = shape(weights, f"synthesis.{first}.up_filter", 1)[0] // max(finer, 1)
    if max(taps, finer, taps * finer) > MOST_TAPS:
        raise ModelFileError(f"its filters have {taps} taps per factor of {finer}, which no model needs")
    return {"filter_size": taps, "lrelu_upsampling": finer}


def critical_counts(weights: Weights, names: list[str], told: Fields) -> list[int]:
    """How many layers may be critically sampled: as many as have no radial filter, if any has one."""
    if "num_critical" in told:
        return [told["num_critical"]]
    axes = [weights[key].ndim for name in names if (key := f"synthesis.{name}.down_filter") in weights]
    if 2 in axes:
        return [axes.count(1)]
    return sorted(range(1, len(names) - 1), key=lambda count: count != USUAL["num_critical"])


def planned(names: list[str], fields: Fields) -> StyleGAN3Generator | None:
    """The spec with these fields whose plan has layers of these names; channels are found out, unless given rightly."""
    said = {name: fields[name] for name in CHANNELS if name in fields}
    others = {name: value for name, value in fields.items() if name not in CHANNELS}
    trial = StyleGAN3Generator(**others)
    plans = plan_layers(trial)
    if [max(plan.target.size) for plan in plans] != [size_of(name) for name in names]:
        return None
    candidates: list[dict[str, Any]] = [said] if len(said) == len(CHANNELS) else []
    for channels in (*candidates, channels_of(names, (plan.target.cutoff for plan in plans))):
        spec = StyleGAN3Generator(**others, **channels)
        if [plan.name for plan in plan_layers(spec)] == names:
            return spec
    return None


def channels_of(names: list[str], cutoffs: Iterable[float]) -> dict[str, int]:
    """Fields for the channels of all layers but ToRGB."""
    maps = [(cutoff, maps_of(name)) for cutoff, name in zip(cutoffs, names, strict=True)]
    return channels_by_cutoff(maps[:-1])


def layer_names(weights: Weights) -> list[str]:
    """Names of the layers in their order."""
    found = {name: int(m[1]) for name in members(weights, "synthesis.") if (m := LAYER.fullmatch(name))}
    names = sorted(found, key=found.__getitem__)
    if not 3 <= len(names) <= MOST_LAYERS or sorted(found.values()) != list(range(len(names))):
        raise ModelFileError(f"the file has {len(names)} layers with the names of StyleGAN3, which make no network")
    if not all(1 <= size_of(name) <= LARGEST_SIDE and maps_of(name) >= 1 for name in names):
        raise ModelFileError("the file has layers whose names make no sense")
    return names


def margin(names: list[str]) -> int:
    """Pixels on each side of the finest layer that has a margin, which nearly always has the image's own pixels."""
    return max(size_of(names[-3]) - size_of(names[-1]), 0) // 2


def size_of(name: str) -> int:
    """Longer side of a layer's grid."""
    return int(name.split("_")[1])


def maps_of(name: str) -> int:
    """Feature maps of a layer."""
    return int(name.split("_")[2])
