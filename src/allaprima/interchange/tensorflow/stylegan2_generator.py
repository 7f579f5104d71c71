"""The generator of StyleGAN2's TensorFlow program: skip, resnet, orig, growing, conditional, and that of ADA."""

from functools import partial
from typing import Any

from allaprima.interchange.imported import Imported
from allaprima.interchange.tensorflow.fitting import check_lod, fitted, specified
from allaprima.interchange.tensorflow.settings import average_beta, facts_of, keywords_of, only, rest
from allaprima.interchange.tensorflow.shape import channel_fields, image_fields
from allaprima.interchange.tensorflow.variables import (
    Grids,
    Renamed,
    Target,
    constant,
    kernel,
    matrix,
    noise_map,
    numbered,
    one_more,
    renamed,
    same,
    scalar,
    tensors_of,
    turned_kernel,
)
from allaprima.interchange.tf_network import TFNetwork
from allaprima.models import StyleGAN2Generator

WHERE = "G"
ADA = 5  # version of the format that StyleGAN2-ADA writes
PSI = 0.5  # of the published program, for its images

LAYERS = {"Conv": "conv1", "Conv0_up": "conv0", "Conv1": "conv1", "ToRGB": "torgb", "Skip": "skip"}
TURNED = ("Conv0_up", "Skip")  # both up-sample
KINDS = {
    "weight": ("weight", kernel),
    "bias": ("bias", same),
    "noise_strength": ("noise_strength", scalar),
    "mod_weight": ("affine.weight", matrix),
    "mod_bias": ("affine.bias", one_more),
}


def stylegan2_generator(network: TFNetwork) -> Imported:
    """Import a generator. Raises `ModelFileError`."""
    variables = tensors_of(network.all_variables())
    grids = Grids.of(variables)
    found = renamed(variables, partial(target, grids=grids))
    keywords = keywords_of(network, WHERE)
    only(keywords, nonlinearity="lrelu", mapping_nonlinearity="lrelu", normalize_latents=True)
    growing = bool(grids.doublings) and f"synthesis/ToRGB_lod{grids.doublings}/weight" in variables
    base = found.shape("synthesis.b4.const", 3)[1:]
    finest = f"synthesis.b{grids.resolutions[-1]}.torgb.weight"
    widths = {r: found.shape(f"synthesis.b{r}.conv1.weight", 4)[0] for r in grids.resolutions}
    spec = specified(
        StyleGAN2Generator,
        **image_fields((base[0], base[1]), grids.doublings),
        img_channels=found.shape(finest, 4)[0],
        architecture=architecture_of(
            found,
            base_colours="synthesis.b4.torgb.weight",
            growing=growing,
            doublings=grids.doublings,
            said=keywords.text("architecture", "skip"),
        ),
        growing=growing,
        use_noise=found.any("noise_strength"),
        **mapping_fields(found),
        **channel_fields(widths, keywords, fmap_base=16384),
        map_lr_multiplier=keywords.number("mapping_lrmul", 0.01),
        w_avg_beta=average_beta(keywords),
        resample_filter=keywords.numbers("resample_kernel", (1, 3, 3, 1)),
        num_fp16_res=keywords.integer("num_fp16_res", 0),
        conv_clamp=keywords.number("conv_clamp", 0.0) or None,
    )
    check_lod(found, "synthesis.lod", grids.doublings)
    if not growing:
        found.drop("lod")
    if not spec.use_noise:
        found.drop("noise_const")
    facts = facts_of(network, psi=PSI if network.version < ADA else None)
    return fitted(spec, found, facts=facts, notes=rest(keywords))


def target(name: str, *, grids: Grids) -> Target | None:
    """Our name of a variable, and what becomes of its numbers."""
    match name.split("/"):
        case ["lod"] | ["synthesis", "lod"]:
            return "synthesis.lod", scalar
        case ["dlatent_avg" | "w_avg"]:
            return "mapping.w_avg", same
        case ["mapping", word, kind]:
            return mapping_target(word, kind)
        case ["synthesis", word] if (index := numbered(word, "noise")) is not None:
            layer = "conv0" if index % 2 else "conv1"
            return f"synthesis.b{4 << (index + 1) // 2}.{layer}.noise_const", noise_map
        case ["synthesis", word, kind] if (block := grids.block_of_lod(word, "ToRGB_lod")) and kind in KINDS:
            ours, change = KINDS[kind]
            return f"synthesis.{block}.torgb.{ours}", change
        case ["synthesis", scope, "Const", "const"] if grids.block(scope) == "b4":
            return "synthesis.b4.const", constant
        case ["synthesis", scope, layer, kind] if (block := grids.block(scope)) and layer in LAYERS and kind in KINDS:
            ours, change = KINDS[kind]
            change = turned_kernel if layer in TURNED and kind == "weight" else change
            return f"synthesis.{block}.{LAYERS[layer]}.{ours}", change
    return None


def mapping_target(word: str, kind: str, layers: str = "Dense") -> Target | None:
    """As `target`, for a variable of a mapping network, whose layers are called ``layers`` and a number."""
    if kind not in ("weight", "bias"):
        return None
    change = matrix if kind == "weight" else same
    match word:
        case "LabelConcat" if kind == "weight":
            return "mapping.label", same
        case "LabelEmbed":
            return f"mapping.embed.{kind}", change
        case _ if (index := numbered(word, layers)) is not None:
            return f"mapping.fc{index}.{kind}", change
    return None


def mapping_fields(found: Renamed) -> dict[str, Any]:
    """Sizes of the mapping network and how the label gets into it."""
    depth = found.count("mapping.fc{}.weight")
    first, last = found.shape("mapping.fc0.weight", 2), found.shape(f"mapping.fc{max(depth - 1, 0)}.weight", 2)
    fields: dict[str, Any] = {"map_depth": depth, "w_dim": last[0], "z_dim": first[1]}
    if depth > 1 and first[0] != last[0]:
        fields["map_hidden"] = first[0]
    if "mapping.label" in found.weights:
        labels, latents = found.shape("mapping.label", 2)
        return {**fields, "z_dim": latents, "c_dim": labels, "label_input": "concat"}
    if "mapping.embed.weight" in found.weights:
        embedded, labels = found.shape("mapping.embed.weight", 2)
        fields |= {"z_dim": first[1] - embedded, "c_dim": labels}
        return fields if embedded == last[0] else {**fields, "embed_dim": embedded}
    return fields


def architecture_of(found: Renamed, *, base_colours: str, growing: bool, doublings: int, said: str) -> str:
    """By the layers that there are; by what the file says where all of them have the same."""
    if growing:
        return "orig"
    if found.any(".skip.weight"):
        return "resnet"
    if doublings:
        return "skip" if base_colours in found.weights else "orig"
    return said
