"""The generator of Progressive GAN's TensorFlow program of 2018, and of its later form in the program of StyleGAN."""

from collections.abc import Mapping
from functools import partial

import torch
from torch import Tensor

from allaprima.interchange.imported import Imported
from allaprima.interchange.tensorflow.fitting import check_lod, fitted, specified
from allaprima.interchange.tensorflow.settings import facts_of, keywords_of, only, rest
from allaprima.interchange.tensorflow.shape import base_of_area, channel_fields, fields_of_our_base
from allaprima.interchange.tensorflow.variables import (
    Change,
    Grids,
    Target,
    kernel,
    matrix,
    renamed,
    same,
    scalar,
    swapped_turned_kernel,
    tensors_of,
    turned_kernel,
)
from allaprima.interchange.tf_network import TFNetwork
from allaprima.models import ProGANGenerator

WHERE = "G"
LATER = "dnnlib"  # the library of StyleGAN's program, and of all that came after
FUSED = "Conv0_up/weight"

LAYERS = {"Conv0_up": "conv0", "Conv0": "conv0", "Conv": "conv1", "Conv1": "conv1"}


def progan_generator(network: TFNetwork) -> Imported:
    """Import a generator. Raises `ModelFileError`."""
    variables = tensors_of(network.all_variables())
    grids = Grids.of(variables)
    keywords = keywords_of(network, WHERE)
    only(keywords, normalize_latents=True)
    change = up_kernel(variables, is_later=LATER in network.home or LATER in network.source)
    if not keywords.flag("fused_scale", True) and change is turned_kernel:  # a port that calls all layers so
        change = kernel
    found = renamed(variables, partial(target, grids=grids, up=change))
    widths = {r: found.shape(f"synthesis.b{r}.conv1.weight", 4)[0] for r in grids.resolutions}
    outputs, inputs = found.shape("synthesis.b4.dense.weight", 2)
    base = base_of_area(outputs // found.shape("synthesis.b4.bias", 1)[0], keywords, grids.doublings)
    labels = keywords.integer("label_size", 0)
    spec = specified(
        ProGANGenerator,
        **fields_of_our_base(base, grids.doublings),
        **channel_fields(widths, keywords, fmap_base=8192),
        img_channels=found.shape(f"synthesis.b{grids.resolutions[-1]}.torgb.weight", 4)[0],
        c_dim=labels,
        z_dim=inputs - labels,
        pixel_norm=keywords.flag("use_pixelnorm", True),
        equalized=keywords.flag("use_wscale", True),
        leaky=keywords.flag("use_leakyrelu", True),
    )
    check_lod(found, "synthesis.lod", grids.doublings)
    found.weights["mapping.w_avg"] = torch.zeros(inputs)
    return fitted(spec, found, facts=facts_of(network), notes=rest(keywords))


def target(name: str, *, grids: Grids, up: Change) -> Target | None:
    """Our name of a variable, and what becomes of its numbers; ``up`` is for kernels that double the resolution."""
    match name.split("/"):
        case ["lod"]:
            return "synthesis.lod", scalar
        case [word, "weight" | "bias" as kind] if block := grids.block_of_lod(word, "ToRGB_lod"):
            return f"synthesis.{block}.torgb.{kind}", kernel if kind == "weight" else same
        case [scope, "Dense", kind] if grids.block(scope) == "b4":
            return {"weight": ("synthesis.b4.dense.weight", matrix), "bias": ("synthesis.b4.bias", same)}.get(kind)
        case [scope, layer, "weight" | "bias" as kind] if (block := grids.block(scope)) and layer in LAYERS:
            change: Change = up if layer == "Conv0_up" else kernel
            return f"synthesis.{block}.{LAYERS[layer]}.{kind}", change if kind == "weight" else same
    return None


def up_kernel(variables: Mapping[str, Tensor], *, is_later: bool) -> Change:
    """How kernels of fused layers are stored: [k, l, out, in] in 2018, [k, l, in, out] later; painted in both.

    One layer that changes the number of channels tells it for all. Without one, the program does.
    """
    for name, value in variables.items():
        bias = variables.get(name.replace("weight", "bias"))
        if name.endswith(FUSED) and value.ndim == 4 and value.shape[2] != value.shape[3] and bias is not None:
            return swapped_turned_kernel if value.shape[2] == bias.numel() else turned_kernel
    return turned_kernel if is_later else swapped_turned_kernel
