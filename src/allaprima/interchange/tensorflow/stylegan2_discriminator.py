"""The discriminator of StyleGAN2's TensorFlow program: resnet, skip, orig, growing, conditional, and that of ADA."""

from functools import partial
from typing import Any

from allaprima.interchange.imported import Imported
from allaprima.interchange.keywords import Keywords
from allaprima.interchange.tensorflow.fitting import check_lod, fitted, specified
from allaprima.interchange.tensorflow.settings import facts_of, keywords_of, only, rest
from allaprima.interchange.tensorflow.shape import Size, base_of_area, channel_fields, image_fields
from allaprima.interchange.tensorflow.stylegan2_generator import ADA, architecture_of, mapping_target
from allaprima.interchange.tensorflow.variables import (
    Grids,
    Renamed,
    Target,
    kernel,
    matrix,
    renamed,
    same,
    scalar,
    tensors_of,
)
from allaprima.interchange.tf_network import TFNetwork
from allaprima.models import StyleGAN2Discriminator

WHERE = "D"
GROUP = 4  # images in a group of the minibatch standard deviation, before ADA

CONVOLUTIONS = {"FromRGB": "fromrgb", "Conv0": "conv0", "Conv1_down": "conv1", "Skip": "skip", "Conv": "conv"}
LINEAR = {"Dense0": "fc", "Dense1": "out"}


def stylegan2_discriminator(network: TFNetwork, base: Size | None = None) -> Imported:
    """Import a discriminator; ``base`` is the base grid of the generator beside it. Raises `ModelFileError`."""
    variables = tensors_of(network.all_variables())
    grids = Grids.of(variables)
    found = renamed(variables, partial(target, grids=grids))
    keywords = keywords_of(network, WHERE)
    only(keywords, nonlinearity="lrelu", mapping_nonlinearity="lrelu")
    finest = grids.resolutions[-1]
    widths = {r: found.shape(f"b{r}.conv0.weight" if r > 4 else "b4.conv.weight", 4)[0] for r in grids.resolutions}
    area = found.shape("b4.fc.weight", 2)[1] // widths[4]
    growing = bool(grids.doublings) and f"FromRGB_lod{grids.doublings}/weight" in variables
    spec = specified(
        StyleGAN2Discriminator,
        **image_fields(base_of_area(area, keywords, grids.doublings, base), grids.doublings),
        img_channels=found.shape(f"b{finest}.fromrgb.weight", 4)[1],
        architecture=architecture_of(
            found,
            base_colours="b4.fromrgb.weight",
            growing=growing,
            doublings=grids.doublings,
            said=keywords.text("architecture", "resnet"),
        ),
        growing=growing,
        **label_fields(found, keywords, widths[4]),
        **channel_fields(widths, keywords, fmap_base=16384),
        map_lr_multiplier=keywords.number("mapping_lrmul", 0.1),
        **spread_fields(found, keywords, widths[4], default=GROUP if network.version < ADA else None),
        resample_filter=keywords.numbers("resample_kernel", (1, 3, 3, 1)),
        num_fp16_res=keywords.integer("num_fp16_res", 0),
        conv_clamp=keywords.number("conv_clamp", 0.0) or None,
    )
    check_lod(found, "lod", grids.doublings)
    if not growing:
        found.drop("lod")
    return fitted(spec, found, facts=facts_of(network), notes=rest(keywords))


def target(name: str, *, grids: Grids) -> Target | None:
    """Our name of a variable, and what becomes of its numbers."""
    match name.split("/"):
        case ["lod"]:
            return "lod", scalar
        case ["Output", "weight" | "bias" as kind]:
            return f"b4.out.{kind}", matrix if kind == "weight" else same
        case [word, "weight" | "bias" as kind] if block := grids.block_of_lod(word, "FromRGB_lod"):
            return f"{block}.fromrgb.{kind}", kernel if kind == "weight" else same
        case [word, kind]:
            return mapping_target(word, kind, "Mapping")
        case [scope, layer, "weight" | "bias" as kind] if block := grids.block(scope):
            if layer in CONVOLUTIONS:
                return f"{block}.{CONVOLUTIONS[layer]}.{kind}", kernel if kind == "weight" else same
            if layer in LINEAR:
                return f"{block}.{LINEAR[layer]}.{kind}", matrix if kind == "weight" else same
    return None


def label_fields(found: Renamed, keywords: Keywords, features: int) -> dict[str, Any]:
    """Whether there are labels, and how the score depends on them."""
    outputs = found.shape("b4.out.weight", 2)[0]
    if "mapping.embed.weight" not in found.weights:
        labels = outputs if outputs > 1 else min(keywords.integer("label_size", 0), 1)
        return {"c_dim": labels, "label_output": "logits"} if labels else {}
    embedded, labels = found.shape("mapping.embed.weight", 2)
    depth = found.count("mapping.fc{}.weight")
    hidden = found.shape("mapping.fc0.weight", 2)[0] if depth > 1 else outputs
    return {
        "c_dim": labels,
        "map_depth": depth,
        "cmap_dim": None if outputs == features else outputs,
        "embed_dim": None if embedded == outputs else embedded,
        "map_hidden": None if hidden == outputs else hidden,
    }


def spread_fields(found: Renamed, keywords: Keywords, features: int, default: int | None) -> dict[str, Any]:
    """The minibatch standard deviation: as many feature maps as the next layer has inputs for."""
    maps = found.shape("b4.conv.weight", 4)[1] - features
    keywords.ignore("mbstd_num_features")
    said = keywords.integer("mbstd_group_size", default or 0)
    return {"mbstd_num_channels": max(maps, 0), "mbstd_group": said if said > 1 else None if maps else GROUP}
