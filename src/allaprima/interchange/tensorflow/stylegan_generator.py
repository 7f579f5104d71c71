"""The generator of StyleGAN's TensorFlow program, which is configuration A of StyleGAN2's as well."""

import math
from functools import partial
from typing import Any

from torch import Tensor

from allaprima.errors import ModelFileError
from allaprima.interchange.imported import Imported
from allaprima.interchange.keywords import Keywords
from allaprima.interchange.tensorflow.fitting import check_lod, fitted, specified
from allaprima.interchange.tensorflow.settings import average_beta, facts_of, keywords_of, only, rest
from allaprima.interchange.tensorflow.shape import Size, base_of_area, channel_fields, fields_of_our_base
from allaprima.interchange.tensorflow.stylegan2_generator import mapping_fields, mapping_target
from allaprima.interchange.tensorflow.variables import (
    Change,
    Grids,
    Renamed,
    Target,
    constant,
    kernel,
    matrix,
    noise_map,
    numbered,
    renamed,
    same,
    scalar,
    tensors_of,
    turned_kernel,
)
from allaprima.interchange.tf_network import TFNetwork
from allaprima.models import StyleGANGenerator

WHERE = "G"
FUSED_FROM = 128  # pixels of a side, from which on ``auto`` doubles and convolves in one step
PSI, CUTOFF = 0.7, 8  # of the published program, for its images

LAYERS = {"Const": "input", "Dense": "input", "Conv": "conv1", "Conv0_up": "conv0", "Conv1": "conv1"}
KINDS = {
    ("Noise", "weight"): ("styled.noise_strength", same),
    ("bias",): ("styled.bias", same),
    ("StyleMod", "weight"): ("styled.adain.affine.weight", matrix),
    ("StyleMod", "bias"): ("styled.adain.affine.bias", same),
}


def stylegan_generator(network: TFNetwork) -> Imported:
    """Import a generator. Raises `ModelFileError`."""
    variables = tensors_of(network.all_variables())
    grids = Grids.of(variables)
    keywords = keywords_of(network, WHERE)
    only(keywords, nonlinearity="lrelu", mapping_nonlinearity="lrelu", normalize_latents=True, use_wscale=True)
    fused = fused_scale(keywords)
    base = _base(renamed(variables, partial(target, grids=grids)), keywords, grids)
    turned = {f"b{r}" for r in grids.resolutions if is_fused(fused, (base[0] * r // 4, base[1] * r // 4))}
    found = renamed(variables, partial(target, grids=grids, turned=turned))
    widths = {r: found.shape(f"synthesis.b{r}.conv1.conv.weight", 4)[0] for r in grids.resolutions}
    mapping = mapping_fields(found) if found.any("fc0.weight") else _unmapped(found)
    if mapping.pop("map_hidden", None) is not None:
        raise ModelFileError("the file has a mapping network with layers of several sizes, which ours has not")
    mapping.pop("label_input", None)
    spec = specified(
        StyleGANGenerator,
        **fields_of_our_base(base, grids.doublings),
        **mapping,
        **channel_fields(widths, keywords, fmap_base=8192),
        img_channels=found.shape(f"synthesis.b{grids.resolutions[-1]}.torgb.weight", 4)[0],
        map_lr_multiplier=keywords.number("mapping_lrmul", 0.01),
        w_avg_beta=average_beta(keywords),
        use_styles=found.any("adain.affine.weight"),
        use_noise=found.any("noise_strength"),
        const_input="synthesis.b4.input.const" in found.weights,
        use_instance_norm=keywords.flag("use_instance_norm", True),
        use_pixel_norm=keywords.flag("use_pixel_norm", False),
        blur_filter=blur_taps(keywords),
    )
    keywords.ignore("use_styles", "const_input_layer")
    check_lod(found, "synthesis.lod", grids.doublings)
    if not spec.use_noise:
        found.drop("noise_const")
    return fitted(spec, found, facts=facts_of(network, psi=PSI, cutoff=CUTOFF), notes=rest(keywords))


def target(name: str, *, grids: Grids, turned: set[str] | frozenset[str] = frozenset()) -> Target | None:
    """Our name of a variable, and what becomes of its numbers; ``turned`` are the blocks that are fused with doubling.

    A fused layer paints its kernel instead of correlating with it.
    """
    match name.split("/"):
        case ["lod"] | ["synthesis", "lod"]:
            return "synthesis.lod", scalar
        case ["dlatent_avg"]:
            return "mapping.w_avg", same
        case ["mapping", word, kind]:
            found = mapping_target(word, kind)
            return (found[0], without_gain) if found and kind == "bias" else found
        case ["synthesis", word] if (index := numbered(word, "noise")) is not None:
            layer = "conv1" if index % 2 else "conv0" if index else "input"
            return f"synthesis.b{4 << index // 2}.{layer}.styled.noise_const", noise_map
        case ["synthesis", word, "weight" | "bias" as kind] if block := grids.block_of_lod(word, "ToRGB_lod"):
            return f"synthesis.{block}.torgb.{kind}", kernel if kind == "weight" else same
        case ["synthesis", scope, layer, *rest] if (block := grids.block(scope)) and layer in LAYERS:
            inner = _inside(layer, tuple(rest), turned=block in turned)
            return inner and (f"synthesis.{block}.{LAYERS[layer]}.{inner[0]}", inner[1])
    return None


def _inside(layer: str, kind: tuple[str, ...], *, turned: bool) -> Target | None:
    """As `target`, within a layer."""
    match layer, kind:
        case "Const", ("const",):
            return "const", constant
        case "Dense", ("weight",):
            return "dense.weight", matrix
        case _, ("weight",):
            change: Change = turned_kernel if turned and layer == "Conv0_up" else kernel
            return "conv.weight", change
    return KINDS.get(kind)


def without_gain(bias: Tensor) -> Tensor:
    """He's gain √2 is in the weights of the published mapping network; in ours it follows on the bias."""
    return bias / math.sqrt(2)


def fused_scale(keywords: Keywords) -> bool | str:
    """Which layers double and convolve in one step: all, none, or (``auto``) the large ones."""
    if isinstance(keywords.left.get("fused_scale"), bool):
        return keywords.flag("fused_scale", False)
    only(keywords, fused_scale="auto")
    return "auto"


def is_fused(fused: bool | str, size: Size) -> bool:
    """Whether a layer that makes a grid of this size is fused."""
    return min(size) >= FUSED_FROM if isinstance(fused, str) else fused


def blur_taps(keywords: Keywords) -> tuple[float, ...]:
    """The low-pass filter; none if the file says None."""
    if "blur_filter" in keywords.left and not keywords.has("blur_filter"):
        keywords.ignore("blur_filter")
        return ()
    return keywords.numbers("blur_filter", (1, 2, 1))


def _base(found: Renamed, keywords: Keywords, grids: Grids) -> Size:
    for name, axes in (("const", 3), ("styled.noise_const", 2)):
        if f"synthesis.b4.input.{name}" in found.weights:
            *_, height, width = found.shape(f"synthesis.b4.input.{name}", axes)
            return height, width
    outputs = found.shape("synthesis.b4.input.dense.weight", 2)[0]
    return base_of_area(outputs // found.shape("synthesis.b4.input.styled.bias", 1)[0], keywords, grids.doublings)


def _unmapped(found: Renamed) -> dict[str, Any]:
    """A mapping network without layers: w is z, normalised, with the label's vector before that."""
    name = "synthesis.b4.input.styled.adain.affine.weight"
    size = found.shape(name if name in found.weights else "synthesis.b4.input.dense.weight", 2)[1]
    if "mapping.label" in found.weights:
        labels, latents = found.shape("mapping.label", 2)
        return {"map_depth": 0, "w_dim": size, "z_dim": latents, "c_dim": labels}
    return {"map_depth": 0, "w_dim": size, "z_dim": size}
