"""The discriminators of StyleGAN's and Progressive GAN's TensorFlow programs: the same variables, two functions."""

from collections.abc import Callable
from functools import partial

from allaprima.interchange.imported import Imported
from allaprima.interchange.keywords import Keywords
from allaprima.interchange.tensorflow.fitting import check_lod, fitted, specified
from allaprima.interchange.tensorflow.settings import facts_of, keywords_of, only, rest
from allaprima.interchange.tensorflow.shape import Size, base_of_area, channel_fields, fields_of_our_base
from allaprima.interchange.tensorflow.stylegan2_discriminator import spread_fields
from allaprima.interchange.tensorflow.stylegan_generator import blur_taps
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
from allaprima.models import ProGANDiscriminator, StyleGANDiscriminator

Kind = Callable[..., StyleGANDiscriminator | ProGANDiscriminator]

WHERE = "D"
GROUP = 4  # images in a group of the minibatch standard deviation

LAYERS = {"Conv0": "conv0", "Conv1_down": "conv1", "Conv1": "conv1", "Conv": "conv", "Dense0": "fc", "Dense1": "out"}


def stylegan_discriminator(network: TFNetwork, base: Size | None = None) -> Imported:
    """Import StyleGAN's; ``base`` is the base grid of the generator beside it. Raises `ModelFileError`."""
    keywords = keywords_of(network, WHERE)
    only(keywords, nonlinearity="lrelu", use_wscale=True)
    keywords.ignore("fused_scale")  # down, both forms are one function: they average before the activation
    return _discriminator(network, StyleGANDiscriminator, keywords, base, blur_filter=blur_taps(keywords))


def progan_discriminator(network: TFNetwork, base: Size | None = None) -> Imported:
    """Import Progressive GAN's; idem. Layers that are not fused (``Conv1``) average after the activation."""
    keywords = keywords_of(network, WHERE)
    keywords.ignore("fused_scale")
    fields = {
        "equalized": keywords.flag("use_wscale", True),
        "leaky": keywords.flag("use_leakyrelu", True),
        "halve_last": any(name.endswith("/Conv1/weight") for name in network.all_variables()),
    }
    return _discriminator(network, ProGANDiscriminator, keywords, base, **fields)


def _discriminator(
    network: TFNetwork,
    kind: Kind,
    keywords: Keywords,
    base: Size | None,
    **fields: object,
) -> Imported:
    variables = tensors_of(network.all_variables())
    grids = Grids.of(variables)
    found = renamed(variables, partial(target, grids=grids))
    widths = {r: found.shape(f"b{r}.conv0.weight" if r > 4 else "b4.conv.weight", 4)[0] for r in grids.resolutions}
    area = found.shape("b4.fc.weight", 2)[1] // widths[4]
    spec = specified(
        kind,
        **fields_of_our_base(base_of_area(area, keywords, grids.doublings, base), grids.doublings),
        **channel_fields(widths, keywords, fmap_base=8192),
        **spread_fields(found, keywords, widths[4], default=GROUP),
        img_channels=found.shape(f"b{grids.resolutions[-1]}.fromrgb.weight", 4)[1],
        c_dim=_labels(found, kind, keywords),
        **fields,
    )
    check_lod(found, "lod", grids.doublings)
    return fitted(spec, found, facts=facts_of(network), notes=rest(keywords))


def target(name: str, *, grids: Grids) -> Target | None:
    """Our name of a variable, and what becomes of its numbers."""
    match name.split("/"):
        case ["lod"]:
            return "lod", scalar
        case [word, "weight" | "bias" as kind] if block := grids.block_of_lod(word, "FromRGB_lod"):
            return f"{block}.fromrgb.{kind}", kernel if kind == "weight" else same
        case [scope, layer, "weight" | "bias" as kind] if (block := grids.block(scope)) and layer in LAYERS:
            change = matrix if layer.startswith("Dense") else kernel
            return f"{block}.{LAYERS[layer]}.{kind}", change if kind == "weight" else same
    return None


def _labels(found: Renamed, kind: Kind, keywords: Keywords) -> int:
    """Classes: Progressive GAN tells them beside its score, StyleGAN has a score for each."""
    outputs = found.shape("b4.out.weight", 2)[0]
    if kind is ProGANDiscriminator:
        return outputs - 1
    return outputs if outputs > 1 else min(keywords.integer("label_size", 0), 1)
