"""Files of ``stylegan2_pytorch`` by Phil Wang ("lucidrains"): ``model_*.pt``, a state dict with the version beside it.

The sizes of the networks are in another file (``.config.json``); here they are read from the shapes of the tensors.
What no shape tells is assumed, and noted.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any, TypeVar

import torch
from torch import Tensor

from allaprima.errors import ConfigError, ModelFileError
from allaprima.interchange.average import NOTE as AVERAGE_NOTE
from allaprima.interchange.average import average_w
from allaprima.interchange.imported import Imported, ImportedModel
from allaprima.interchange.keywords import as_json
from allaprima.interchange.records import called, printable
from allaprima.models import LucidrainsDiscriminator, LucidrainsGenerator
from allaprima.models.lucidrains.layers import BLUR
from allaprima.ops import setup_filter

LR_MLP = 0.1  # the package's default
CHANNEL_MAX = 512  # idem, "fmap_max"
LARGEST_SIDE = 4096  # pixels; a file of many tiny layers could ask for any noise image
NOISE_SEED = 0
FIRST_VERSION = "1.1"  # from here to 1.9, the last, the networks are the same

LR_MLP_NOTE = f"the file does not say lr_mlp: {LR_MLP}, the default of the package, was assumed"
NOISE_NOTE = "the file has no constant noise: an image of noise was drawn, the same for every file of this size"
SIGN_NOTE = "its scores change their sign: the package trains it to give negative ones to real images"

Spec = TypeVar("Spec", LucidrainsGenerator, LucidrainsDiscriminator)

PREFIXES = {"G_ema": ("SE.", "GE."), "G": ("S.", "G.")}
DISCRIMINATORS = ("D.", "D_aug.D.")  # the second is the first once more
KNOWN = (*(prefix for pair in PREFIXES.values() for prefix in pair), *DISCRIMINATORS)

GENERATOR_NAMES = {
    r"initial_block": "synthesis.const",
    r"to_initial_block\.weight": "synthesis.start.weight",
    r"initial_conv\.(weight|bias)": r"synthesis.conv.\1",
    r"blocks\.([0-9]{1,3})\.to_style1\.(weight|bias)": r"synthesis.b{}.conv0.affine.\2",
    r"blocks\.([0-9]{1,3})\.to_style2\.(weight|bias)": r"synthesis.b{}.conv1.affine.\2",
    r"blocks\.([0-9]{1,3})\.conv1\.weight": r"synthesis.b{}.conv0.weight",
    r"blocks\.([0-9]{1,3})\.conv2\.weight": r"synthesis.b{}.conv1.weight",
    r"blocks\.([0-9]{1,3})\.to_noise1\.weight": r"synthesis.b{}.conv0.noise_strength",
    r"blocks\.([0-9]{1,3})\.to_noise2\.weight": r"synthesis.b{}.conv1.noise_strength",
    r"blocks\.([0-9]{1,3})\.to_noise1\.bias": r"synthesis.b{}.conv0.bias",
    r"blocks\.([0-9]{1,3})\.to_noise2\.bias": r"synthesis.b{}.conv1.bias",
    r"blocks\.([0-9]{1,3})\.to_rgb\.to_style\.(weight|bias)": r"synthesis.b{}.torgb.affine.\2",
    r"blocks\.([0-9]{1,3})\.to_rgb\.conv\.weight": r"synthesis.b{}.torgb.weight",
    r"blocks\.([0-9]{1,3})\.to_rgb\.upsample\.1\.f": r"synthesis.b{}.torgb.blur_filter",
}
DISCRIMINATOR_NAMES = {
    r"blocks\.([0-9]{1,3})\.conv_res\.(weight|bias)": r"b{}.skip.\2",
    r"blocks\.([0-9]{1,3})\.net\.0\.(weight|bias)": r"b{}.conv0.\2",
    r"blocks\.([0-9]{1,3})\.net\.2\.(weight|bias)": r"b{}.conv1.\2",
    r"blocks\.([0-9]{1,3})\.downsample\.0\.f": r"b{}.blur_filter",
    r"blocks\.([0-9]{1,3})\.downsample\.1\.(weight|bias)": r"b{}.conv2.\2",
    r"quantize_blocks\.([0-9]{1,3})\.fn\.embed": r"b{}.codebook",
    r"final_conv\.(weight|bias)": r"conv.\1",
    r"to_logit\.(weight|bias)": r"out.\1",
}
MEMORIES = re.compile(
    r"quantize_blocks\.[0-9]{1,3}\.fn\.(cluster_size|embed_avg)"
)  # of learning the vectors of quantisation


def lucidrains(value: Any) -> ImportedModel | None:
    """Read what `allaprima.interchange.read_pickle` gave of a file of ``stylegan2_pytorch``.

    Returns:
        None if it is a file of something else.

    Raises:
        ModelFileError: It is such a file, but cannot be read.
    """
    if not isinstance(value, dict):
        return None
    state = value.get("GAN", value)  # or the state dict alone
    if not isinstance(state, dict) or not any(f"{net}.blocks.0.to_style1.weight" in state for net in ("G", "GE")):
        return None
    made_with = {"version": as_json(value["version"])} if "version" in value else {}
    networks = {}
    for role, (mapping, synthesis) in PREFIXES.items():
        if f"{synthesis}blocks.0.to_style1.weight" in state:
            networks[role] = _generator(_part(state, mapping), _part(state, synthesis), made_with)
    if "G_ema" not in networks:
        networks["G_ema"] = networks.pop("G")
    prefix = next((p for p in DISCRIMINATORS if f"{p}blocks.0.net.0.weight" in state), None)
    if prefix is not None:
        networks["D"] = _discriminator(_part(state, prefix), made_with)
    return ImportedModel(
        origin="stylegan2_pytorch (lucidrains)", networks=networks, notes=tuple(_left_over(state)), facts=made_with
    )


def _left_over(state: Mapping[Any, Any]) -> Iterator[str]:
    heads = {str(name).partition(".")[0] for name in state if not str(name).startswith(KNOWN)}
    if heads:
        yield f"not networks of ours, and ignored: {', '.join(sorted(map(printable, heads)))}"


def _part(state: Mapping[Any, Any], prefix: str) -> dict[str, Tensor]:
    """The tensors of one network, by their names in it."""
    part = {str(name).removeprefix(prefix): value for name, value in state.items() if str(name).startswith(prefix)}
    for name, value in part.items():
        if not isinstance(value, Tensor):
            raise ModelFileError(f"{printable(prefix + name)} is no tensor, but {called(value)}")
    return part


def _generator(mapping: dict[str, Tensor], synthesis: dict[str, Tensor], made_with: Mapping[str, Any]) -> Imported:
    if any(name.startswith("attns.") for name in synthesis):
        raise ModelFileError("its generator has attention layers (attn_layers), which are not supported")
    depth = _count(mapping, r"net\.[0-9]{1,3}\.weight")
    num_blocks = _count(synthesis, r"blocks\.[0-9]{1,3}\.to_style1\.weight")
    if "initial_conv.weight" not in synthesis or (num_blocks > 1 and "blocks.0.to_rgb.upsample.1.f" not in synthesis):
        raise ModelFileError(
            f"was written by a version of stylegan2_pytorch before {FIRST_VERSION}, whose generator is another: it "
            "cannot be read"
        )
    side = _side(num_blocks + 1)
    last = f"blocks.{num_blocks - 1}.to_rgb.conv.weight"
    img_channels, narrowest = _shape(synthesis, last, 4)[:2]
    spec = _spec(
        LucidrainsGenerator,
        height=side,
        img_channels=img_channels,
        network_capacity=-(-narrowest // 2),
        channel_max=channel_max(
            narrowest=narrowest,
            widest=_shape(synthesis, "initial_conv.weight", 4)[0],
            doublings=num_blocks - 1,
        ),
        z_dim=_shape(mapping, "net.0.weight", 2)[1],
        map_depth=depth,
        map_lr_multiplier=LR_MLP,
        const_input="to_initial_block.weight" not in synthesis,
    )
    weights = {_mapping_name(name): tensor for name, tensor in mapping.items()}
    weights |= dict(_renamed(synthesis, GENERATOR_NAMES, [4 << i for i in range(num_blocks)]))
    weights["synthesis.noise_const"] = torch.rand(side, side, generator=torch.Generator().manual_seed(NOISE_SEED))
    weights["mapping.w_avg"] = average_w(spec, weights)
    facts = {
        **made_with,
        "image_size": spec.height,
        "latent_dim": spec.z_dim,
        "style_depth": spec.map_depth,
        "network_capacity": spec.network_capacity,
        "transparent": img_channels == 4,
        "no_const": not spec.const_input,
    }
    notes = (LR_MLP_NOTE, AVERAGE_NOTE, NOISE_NOTE)
    return Imported(spec=spec, weights=weights, notes=notes, facts={"made_with": facts})


def _discriminator(part: dict[str, Tensor], made_with: Mapping[str, Any]) -> Imported:
    if any(name.startswith("attn_blocks.") for name in part):
        raise ModelFileError("its discriminator has attention layers (attn_layers), which are not supported")
    num_blocks = _count(part, r"blocks\.([0-9]{1,3})\.net\.0\.weight")
    fq_layers = sorted(
        int(name.split(".")[1]) + 1 for name in part if re.fullmatch(r"quantize_blocks\.[0-9]{1,3}\.fn\.embed", name)
    )
    narrowest, img_channels = _shape(part, "blocks.0.net.0.weight", 4)[:2]
    spec = _spec(
        LucidrainsDiscriminator,
        height=_side(num_blocks),
        img_channels=img_channels,
        network_capacity=-(-narrowest // 4),
        channel_max=channel_max(
            narrowest=narrowest, widest=_shape(part, "final_conv.weight", 4)[0], doublings=num_blocks - 1
        ),
        fq_layers=tuple(fq_layers),
        fq_dict_size=_shape(part, f"quantize_blocks.{fq_layers[0] - 1}.fn.embed", 2)[1] if fq_layers else 256,
    )
    learned = {name: tensor for name, tensor in part.items() if not MEMORIES.fullmatch(name)}
    weights = dict(_renamed(learned, DISCRIMINATOR_NAMES, spec.resolutions))
    facts = {
        **made_with,
        "image_size": spec.height,
        "transparent": img_channels == 4,
        "fq_layers": fq_layers,
    }
    return Imported(spec=spec, weights=weights, notes=(SIGN_NOTE,), facts={"made_with": facts})


def _spec(kind: type[Spec], *, height: int, **fields: Any) -> Spec:
    try:
        return kind(height=height, width=height, **fields)
    except ConfigError as error:
        raise ModelFileError(f"the shapes of its tensors are of no network of this package: {error}") from error


def _side(exponent: int) -> int:
    if 1 << exponent > LARGEST_SIDE:
        raise ModelFileError(f"has blocks for images of 2^{exponent} pixels a side: at most {LARGEST_SIDE} are read")
    return 1 << exponent


def channel_max(*, narrowest: int, widest: int, doublings: int) -> int:
    """The bound that the widest layer shows; the package's default if it shows none."""
    return widest if widest < narrowest << doublings else max(widest, CHANNEL_MAX)


def _count(part: Mapping[str, Tensor], pattern: str) -> int:
    """How many names there are of a pattern."""
    return sum(re.fullmatch(pattern, name) is not None for name in part)


def _shape(part: Mapping[str, Tensor], name: str, ndim: int) -> torch.Size:
    if name not in part:
        raise ModelFileError(f"has no tensor {name}, which every file of this package has")
    shape = part[name].shape
    if len(shape) != ndim:
        raise ModelFileError(f"{name} is {list(shape)}: it must have {ndim} axes")
    return shape


def _mapping_name(name: str) -> str:
    match = re.fullmatch(r"net\.([0-9]{1,3})\.(weight|bias)", name)
    if match is None:
        raise ModelFileError(f"the mapping network has a tensor {printable(name)}, which is unknown")
    return f"mapping.fc{int(match[1]) // 2}.{match[2]}"  # every second layer is the activation


def _renamed(
    part: Mapping[str, Tensor], names: Mapping[str, str], resolutions: tuple[int, ...] | list[int]
) -> Iterator[tuple[str, Tensor]]:
    """The tensors, under the names and in the shapes that they have in our networks."""
    for name, tensor in part.items():
        match, ours = next(
            ((m, ours) for theirs, ours in names.items() if (m := re.fullmatch(theirs, name))), (None, "")
        )
        if match is None or ("{}" in ours and not int(match[1]) < len(resolutions)):
            raise ModelFileError(f"has a tensor {printable(name)}, which no network of this package has")
        new = match.expand(ours)
        yield (new.format(resolutions[int(match[1])]) if "{}" in new else new), _laid_out(new, tensor)


def _laid_out(name: str, tensor: Tensor) -> Tensor:
    if name.endswith("blur_filter"):
        return _blur_filter(tensor)
    if name.endswith("noise_strength") and tensor.ndim == 2:
        return tensor.flatten()  # [C, 1]: a linear map of one number
    if name.endswith("const") and tensor.ndim == 4:
        return tensor.flatten(0, 1)  # of the one image
    return tensor


def _blur_filter(taps: Tensor) -> Tensor:
    if taps.shape != (len(BLUR),) or taps.tolist() != list(BLUR):
        raise ModelFileError(f"blurs with a filter other than {list(BLUR)}")
    return setup_filter(BLUR)
