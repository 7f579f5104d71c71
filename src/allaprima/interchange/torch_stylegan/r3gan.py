"""R3GAN (Huang et al. 2024) from names and shapes."""

from typing import Any

from allaprima.errors import ModelFileError
from allaprima.interchange.torch_stylegan.shapes import Fields, Weights, image_fields, members, shape, taps_of
from allaprima.models import R3GANDiscriminator, R3GANGenerator

WRAPPER = "Model."  # in published files, around all names


def unwrap(weights: Weights) -> Weights:
    """Names without that of the published files' wrapper."""
    wrapped = all(isinstance(name, str) and name.startswith(WRAPPER) for name in weights)
    return {name.removeprefix(WRAPPER): tensor for name, tensor in weights.items()} if wrapped else weights


def generator_spec(weights: Weights, told: Fields) -> R3GANGenerator:
    """Describe a generator.

    Args:
        weights: Its state dict.
        told: Fields of the spec that the file tells in words; shapes overrule them.
    """
    entry = "MainLayers.0.Layers.0"
    stages = [f"MainLayers.{i}" for i in range(num_stages(weights))]
    fan_in = shape(weights, f"{entry}.LinearLayer.weight", 2)[1]
    embedded, c_dim = _label(weights)
    fields = {
        **told,
        **backbone_fields(weights, stages),
        **_image_fields(shape(weights, f"{entry}.Basis", 3)[1:], len(stages) - 1),
        "img_channels": shape(weights, "AggregationLayer.Layer.weight", 4)[0],
        "z_dim": fan_in - embedded,
        "c_dim": c_dim,
        "embed_dim": embedded or None,
    }
    return R3GANGenerator(**fields)


def discriminator_spec(weights: Weights, told: Fields) -> R3GANDiscriminator:
    """Describe a discriminator; its finest stage comes first. Arguments as in `generator_spec`."""
    stages = [f"MainLayers.{i}" for i in reversed(range(num_stages(weights)))]
    last = max(blocks_of(weights, stages[0]), default=-1) + 1
    embedded, c_dim = _label(weights)
    fields = {
        **{name: value for name, value in told.items() if name not in ("height", "width")},
        **backbone_fields(weights, stages),
        **_image_fields(shape(weights, f"{stages[0]}.Layers.{last}.Basis.weight", 4)[2:], len(stages) - 1),
        "img_channels": shape(weights, "ExtractionLayer.Layer.weight", 4)[1],
        "c_dim": c_dim,
        "embed_dim": embedded or None,
    }
    return R3GANDiscriminator(**fields)


def num_stages(weights: Weights) -> int:
    """Stages 0, 1, …, as far as there are any."""
    stages, count = members(weights, "MainLayers."), 0
    while str(count) in stages:
        count += 1
    if not count:
        raise ModelFileError("the file has no stages MainLayers.0, MainLayers.1, …")
    return count


def blocks_of(weights: Weights, stage: str) -> list[int]:
    """Numbers of the residual blocks among the layers of a stage."""
    layers = range(len(members(weights, f"{stage}.Layers.")))
    return [i for i in layers if f"{stage}.Layers.{i}.LinearLayer1.Layer.weight" in weights]


def backbone_fields(weights: Weights, stages: list[str]) -> dict[str, Any]:
    """What both networks have.

    Args:
        weights: The state dict.
        stages: From the base grid upward.
    """
    widths, groups, ratios, counts = [], [], set(), set()
    for stage in stages:
        blocks = blocks_of(weights, stage)
        if not blocks:
            raise ModelFileError(f"the stage {stage} has no residual blocks")
        block = f"{stage}.Layers.{blocks[0]}"
        wide, width = shape(weights, f"{block}.LinearLayer1.Layer.weight", 4)[:2]
        widths.append(width)
        groups.append(wide // shape(weights, f"{block}.LinearLayer2.Layer.weight", 4)[1])
        ratios.add(wide / width)
        counts.add(len(blocks))
    if len(counts) > 1 or len(ratios) > 1:
        raise ModelFileError("its stages differ in the number or in the expansion of their residual blocks")
    (ratio,), (count,) = ratios, counts
    if ratio != int(ratio):
        raise ModelFileError(f"its residual blocks have {ratio:g} times the feature maps of their stage")
    return {
        "widths": tuple(widths),
        "cardinalities": tuple(groups),
        "expansion": int(ratio),
        "blocks_per_stage": count,
        **_filter_field(weights),
    }


def _image_fields(base: tuple[int, ...], doublings: int) -> dict[str, Any]:
    fields = image_fields(base, doublings)
    if fields.pop("doublings") is not None:
        raise ModelFileError(f"its base grid is {base[0]}×{base[1]}, where the shorter side must be 4 to 7")
    return fields


def _filter_field(weights: Weights) -> dict[str, Any]:
    """Taps, of the filter that is stored after it was widened by the two pixels that one becomes."""
    kernels = [tensor for name, tensor in weights.items() if name.endswith(".Resampler.Kernel")]
    if not kernels or not 1 <= kernels[0].ndim <= 2:
        return {}
    taps = [0.0]
    for widened in taps_of(kernels[0])[:-1]:
        taps.append(widened - taps[-1])
    return {"resample_filter": tuple(taps[1:])}


def _label(weights: Weights) -> tuple[int, int]:
    """Sizes of the embedded label and of the label."""
    name = "EmbeddingLayer.weight"
    embedded, c_dim = shape(weights, name, 2) if name in weights else (0, 0)
    return embedded, c_dim
