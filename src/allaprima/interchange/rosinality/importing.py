"""Reads rosinality's checkpoints: those of trainings (``g``, ``d``, ``g_ema``, ``args``) and converted ones.

What a network is, is told by the shapes of its tensors; ``args`` are kept as facts. The format has square RGB images
without labels in mind; any number of channels, and forks whose constant is not square, are read all the same.
"""

from typing import Any

import torch
from torch import Tensor

from allaprima.errors import ConfigError, ModelFileError
from allaprima.interchange.average import NOTE as AVERAGED
from allaprima.interchange.average import average_w
from allaprima.interchange.channel_table import fit_channels
from allaprima.interchange.imported import Imported, ImportedModel, assemble
from allaprima.interchange.keywords import Keywords, as_json
from allaprima.interchange.records import Record
from allaprima.interchange.rosinality.contents import Contents
from allaprima.interchange.rosinality.names import MAP_LR_MULTIPLIER, discriminator_rows, generator_rows
from allaprima.models import StyleGAN2Discriminator, StyleGAN2Generator, outline
from allaprima.models.geometry import Geometry
from allaprima.ops import setup_filter

ORIGIN = "StyleGAN2 (rosinality)"
ROLES = {"g_ema": "G_ema", "g": "G", "d": "D"}
SIGNATURE = ("input.input", "conv1.conv.weight", "to_rgb1.conv.weight")  # one of these tells the format
OPTIMIZERS = ("g_optim", "d_optim")
MOST_DOUBLINGS = 14
MOST_LAYERS = 64  # of the mapping network
WAVELETS = 12  # channels: four bands of RGB
CHANNEL_BASE = 32768  # their channel_multiplier 2
NEW_NOISE = "the file has no maps of constant noise: new ones were drawn, from seed 0"

Arguments = dict[str, Any]
OurSpec = StyleGAN2Generator | StyleGAN2Discriminator


def rosinality(value: Any) -> ImportedModel | None:
    """Read what `read_pickle` gave for a file of rosinality's; None if it is of another format.

    Raises:
        ModelFileError: It is of this format, but cannot be; or it is a SWAGAN, which is another network.
    """
    found = _state_dicts(value)
    if found is None:
        return None
    contents = {role: Contents(theirs, role) for role, theirs in found.items()}
    arguments = _arguments(value.get("args"))
    if arguments.get("arch") == "swagan" or any(map(_is_swagan, contents.values())):
        raise ModelFileError("it is a SWAGAN, which paints wavelets: another network than StyleGAN2, and not read")
    try:
        networks = _networks(contents, value.get("latent_avg"), arguments)
    except ConfigError as error:
        raise ModelFileError(f"its tensors are not those of a StyleGAN2: {error}") from error
    has_optimizers = any(name in value for name in OPTIMIZERS)
    strength = value.get("ada_aug_p")
    return ImportedModel(
        origin=ORIGIN,
        networks=networks,
        notes=("the state of its optimizers is not taken over",) if has_optimizers else (),
        facts={"ada_aug_p": strength} if type(strength) in (int, float) else {},
    )


def _state_dicts(value: Any) -> dict[str, dict[Any, Any]] | None:
    """The state dicts in the file, by our roles; None if it is of another format."""
    if not isinstance(value, dict):
        return None
    if any(name in value for name in SIGNATURE):  # nothing but the state dict of a generator
        return {"G_ema": value}
    found = {role: value[name] for name, role in ROLES.items() if isinstance(value.get(name), dict)}
    generators = [found[role] for role in ("G_ema", "G") if role in found]
    if not any(name in weights for weights in generators for name in SIGNATURE):
        return None
    if "G_ema" not in found:
        found["G_ema"] = found.pop("G")
    return found


def _arguments(value: Any) -> Arguments:
    """What the training was started with: the attributes of an ``argparse.Namespace``."""
    attributes = value.state if isinstance(value, Record) else value
    return {str(key): as_json(item) for key, item in attributes.items()} if isinstance(attributes, dict) else {}


def _is_swagan(contents: Contents) -> bool:
    if any({"iwt", "dwt"} & set(name.split(".")) for name in contents.tensors):
        return True
    colours = contents.tensors.get("to_rgb1.conv.weight")
    return colours is not None and colours.ndim > 1 and colours.shape[1] == WAVELETS


def _networks(contents: dict[str, Contents], latent_avg: Any, arguments: Arguments) -> dict[str, Imported]:
    networks: dict[str, Imported] = {}
    for role in ("G_ema", "G"):
        if role in contents:
            networks[role] = _generator(contents[role], latent_avg, arguments)
    if "D" in contents:
        _, _, height, width = contents["G_ema"].shape("input.input", 4)
        networks["D"] = _discriminator(contents["D"], (height, width), arguments)
    return networks


def _generator(contents: Contents, latent_avg: Any, arguments: Arguments) -> Imported:
    doublings = contents.count("convs.{}.conv.weight", most=2 * MOST_DOUBLINGS) // 2
    map_depth = contents.count("style.{}.weight", start=1, most=MOST_LAYERS)
    rows = generator_rows(doublings=doublings, map_depth=map_depth)
    _, coarsest, height, width = contents.shape("input.input", 4)
    channels = {8 * 2**j: contents.shape(f"convs.{2 * j}.conv.weight", 5)[1] for j in range(doublings)}
    style_dim = contents.square("style.1.weight")
    spec = StyleGAN2Generator(
        img_channels=contents.shape("to_rgb1.conv.weight", 5)[1],
        z_dim=style_dim,
        w_dim=style_dim,
        map_depth=map_depth,
        map_lr_multiplier=Keywords(arguments, "args").number("lr_mlp", MAP_LR_MULTIPLIER),
        resample_filter=contents.taps(rows),
        **_size((height, width), doublings),
        **_channels({4: coarsest, **channels}),
    )
    weights = {**_filters(spec), **contents.ours(rows)}
    notes = contents.notes(rows)
    if "synthesis.b4.conv1.noise_const" not in weights:
        weights |= _new_noise(spec)
        notes += (NEW_NOISE,)
    if isinstance(latent_avg, Tensor) and latent_avg.is_floating_point() and latent_avg.numel() == style_dim:
        weights["mapping.w_avg"] = latent_avg.reshape(style_dim).float()
    else:
        weights["mapping.w_avg"] = average_w(spec, weights)
        notes += (AVERAGED,)
    return _checked(spec, weights, notes, arguments)


def _discriminator(contents: Contents, base: tuple[int, int], arguments: Arguments) -> Imported:
    doublings = contents.count("convs.{}.conv1.0.weight", start=1, most=MOST_DOUBLINGS)
    rows = discriminator_rows(doublings=doublings)
    finest, img_channels, _, _ = contents.shape("convs.0.0.weight", 4)
    last, with_statistics, _, _ = contents.shape("final_conv.0.weight", 4)
    halved = {n: contents.shape(f"convs.{n}.conv2.1.weight", 4)[0] for n in range(1, doublings + 1)}
    channels = {4 * 2 ** (doublings - n): count for n, count in {0: finest, **halved}.items()}
    spec = StyleGAN2Discriminator(
        img_channels=img_channels,
        mbstd_num_channels=with_statistics - last,
        resample_filter=contents.taps(rows),
        **_size(base, doublings),
        **_channels(channels),
    )
    return _checked(spec, {**_filters(spec), **contents.ours(rows)}, contents.notes(rows), arguments)


def _size(base: tuple[int, int], doublings: int) -> dict[str, Any]:
    """Fields of a spec for the size of images that come of a base grid."""
    height, width = (side * 2**doublings for side in base)
    is_usual = Geometry(height, width).doublings == doublings
    return {"height": height, "width": width, "doublings": None if is_usual else doublings}


def _channels(found: dict[int, int]) -> dict[str, Any]:
    """Fields of a spec for the feature maps that were found at each resolution."""
    base, maximum = fit_channels(found, usual=CHANNEL_BASE)
    return {"channel_base": base, "channel_max": maximum}


def _filters(spec: OurSpec) -> dict[str, Tensor]:
    """Every low-pass filter of a network; rosinality's has them only where they are used."""
    taps = setup_filter(spec.resample_filter)
    return {name: taps for name in _shapes(spec) if name.endswith("resample_filter")}


def _new_noise(spec: StyleGAN2Generator) -> dict[str, Tensor]:
    generator = torch.Generator().manual_seed(0)
    shapes = {name: shape for name, shape in _shapes(spec).items() if name.endswith("noise_const")}
    return {name: torch.randn(shape, generator=generator) for name, shape in shapes.items()}


def _shapes(spec: OurSpec) -> dict[str, torch.Size]:
    return {name: tensor.shape for name, tensor in outline(spec).state_dict().items()}


def _checked(spec: OurSpec, weights: dict[str, Tensor], notes: tuple[str, ...], arguments: Arguments) -> Imported:
    assemble(spec, weights)  # copies nothing; raises ModelFileError
    return Imported(spec=spec, weights=weights, notes=notes, facts={"made_with": arguments} if arguments else {})
