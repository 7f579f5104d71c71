"""Reads the Progressive GANs of pytorch_GAN_zoo (Karras et al. 2018; the ``PGAN`` of torch.hub).

Such a file is a dict of ``torch.save`` with ``netG``, ``netD`` and ``avgG``, each a state dict, and ``config``. Layers
are numbered from the coarsest to the finest. A layer multiplies what its module gives, so bias included, by He's
constant √(2 / fan-in), the layers that make colours and the first and last ones like all others; our specs have other
gains there, and biases that are not multiplied. The factors are folded into the weights here.

Not verified: no file of that program was at hand. What is read here was published about it: names of modules, the
order of operations of the paper (z normalised; leaky rectifier of slope 0.2, then normalisation of pixels; nearest
neighbours; 2×2 means after the rectifier), and the forward function of its layers, as quoted in public questions. That
the first layer has a bias for each place of the 4×4 grid follows from its being one linear layer. What the
discriminator takes for a group of the minibatch standard deviation is not known to be ours.
"""

import math
from collections.abc import Mapping
from typing import Any

import torch
from einops import rearrange
from torch import Tensor

from allaprima.errors import ConfigError, ModelFileError
from allaprima.interchange.channel_table import fit_channels
from allaprima.interchange.imported import Imported, ImportedModel, assemble
from allaprima.interchange.keywords import Keywords, as_json
from allaprima.interchange.records import Record, called, printable
from allaprima.models import ProGANDiscriminator, ProGANGenerator

ORIGIN = "Progressive GAN (pytorch_GAN_zoo)"
ROLES = {"avgG": "G_ema", "netG": "G", "netD": "D"}
SIGNATURE = "formatLayer.module.weight"
RELATED = ("formatLayer.", "scaleLayers.", "toRGBLayers.")  # also in the other networks of that program
CHANNEL_BASE = 16384
MOST_DOUBLINGS = 14
SLOPE = 0.2
UNVERIFIED = "this format was read from what is published about it, and not compared with images of its own program"
GROUPS = "scores may differ by how its program groups images for the minibatch standard deviation"


class Layers:
    """The equalised layers of one state dict.

    Args:
        content: A state dict, as the file has it.
        role: Which network it is, for messages.
        equalized: Whether what a layer gives is multiplied by He's constant.
    """

    def __init__(self, content: Mapping[Any, Any], role: str, *, equalized: bool) -> None:
        self.role = role
        self.equalized = equalized
        self.left = {str(name): tensor for name, tensor in content.items()}

    def take(self, name: str, *, gain: float = math.sqrt(2)) -> dict[str, Tensor]:
        """Weight and bias of a layer, for a layer of ours with another gain in its constant, and a plain bias."""
        weight, bias = self._tensor(f"{name}.module.weight"), self._tensor(f"{name}.module.bias")
        if weight.ndim not in (2, 4) or not weight.numel() or bias.shape != weight.shape[:1]:
            shapes = f"{list(weight.shape)} and {list(bias.shape)}"
            raise ModelFileError(f"weight and bias of {name} of {self.role} have the shapes {shapes}")
        if not self.equalized:
            return {"weight": weight, "bias": bias}
        fan_in = weight[0].numel()
        factor = math.sqrt(2) / gain
        return {"weight": weight if factor == 1 else weight * factor, "bias": bias * math.sqrt(2 / fan_in)}

    def count(self, pattern: str) -> int:
        """How many layers of a numbered series there are."""
        found = 0
        while f"{pattern.format(found)}.module.weight" in self.left:
            found += 1
            if found > MOST_DOUBLINGS + 1:
                raise ModelFileError(f"{self.role} has more than {MOST_DOUBLINGS} layers {pattern.format('N')}")
        return found

    def notes(self) -> tuple[str, ...]:
        """A sentence on what nobody took."""
        if not self.left:
            return ()
        return (f"tensors unknown to us, and ignored: {printable(', '.join(sorted(self.left)), 300)}",)

    def _tensor(self, name: str) -> Tensor:
        tensor = self.left.pop(name, None)
        if not isinstance(tensor, Tensor) or not tensor.is_floating_point():
            found = "nothing" if tensor is None else called(tensor)
            raise ModelFileError(f"{self.role} has {found} where the weights {name} were expected")
        return tensor.float()


def gan_zoo(value: Any) -> ImportedModel | None:
    """Read what `read_pickle` gave for a file of pytorch_GAN_zoo; None if it is of another format.

    Raises:
        ModelFileError: It cannot be; it is a StyleGAN or a DCGAN of that program; or it has labels.
    """
    states = _state_dicts(value)
    if states is None:
        return None
    config = _config(value.get("config"))
    _refuse_labels(config, states.get("D", {}))
    try:
        networks = {role: _network(role, content, config) for role, content in states.items()}
    except ConfigError as error:
        raise ModelFileError(f"its tensors are not those of a Progressive GAN: {error}") from error
    notes = [UNVERIFIED, *([GROUPS] if "D" in networks else [])]
    if config.get("alpha"):
        notes.append("its finest layers were still being faded in (alpha): that is not taken over, they count fully")
    return ImportedModel(origin=ORIGIN, networks=networks, notes=tuple(notes))


def _state_dicts(value: Any) -> dict[str, dict[Any, Any]] | None:
    """The state dicts in the file, by our roles; None if it is of another format."""
    if not isinstance(value, dict):
        return None
    states = {role: value[name] for name, role in ROLES.items() if isinstance(value.get(name), dict)}
    generators = [states[role] for role in ("G_ema", "G") if role in states]
    if not generators:
        return None
    if not any(SIGNATURE in content for content in generators):
        if any(str(name).startswith(RELATED) for content in generators for name in content):
            raise ModelFileError("it is a StyleGAN or a DCGAN of pytorch_GAN_zoo: only its Progressive GANs are read")
        return None
    if "G_ema" not in states:
        states["G_ema"] = states.pop("G")
    return states


def _config(value: Any) -> dict[str, Any]:
    """What the training was configured with: the attributes of an object, or a dict."""
    attributes = value.state if isinstance(value, Record) else value
    return {str(key): as_json(item) for key, item in attributes.items()} if isinstance(attributes, dict) else {}


def _refuse_labels(config: dict[str, Any], discriminator: dict[Any, Any]) -> None:
    outputs = discriminator.get("decisionLayer.module.bias")
    if isinstance(outputs, Tensor) and outputs.numel() != 1:
        raise ModelFileError(
            f"its discriminator has {outputs.numel()} outputs: it judges labels too, which is not read"
        )
    labels = config.get("attribKeysOrder")
    if labels:
        raise ModelFileError(f"it was trained with labels ({printable(str(labels))}), which are not read")


def _network(role: str, content: dict[Any, Any], config: dict[str, Any]) -> Imported:
    known = Keywords(config, "config")
    slope = known.number("leakyness", SLOPE)
    if slope not in (0, SLOPE):
        raise ModelFileError(f"its rectifiers have a slope of {slope}: only {SLOPE} and 0 are read")
    equalized = known.flag("equalizedlR", default=True)
    layers = Layers(content, role, equalized=equalized)
    fields = {"equalized": equalized, "leaky": slope != 0}
    normalizes = known.flag("perChannelNormalization", default=True)
    spec, weights = (
        _discriminator(layers, fields) if role == "D" else _generator(layers, {**fields, "pixel_norm": normalizes})
    )
    assemble(spec, weights)  # copies nothing; raises ModelFileError
    return Imported(spec=spec, weights=weights, notes=layers.notes(), facts={"made_with": config} if config else {})


def _generator(layers: Layers, fields: dict[str, Any]) -> tuple[ProGANGenerator, dict[str, Tensor]]:
    doublings = layers.count("scaleLayers.{}.0")
    first = layers.take("formatLayer", gain=math.sqrt(2) / 4)  # ours has a quarter of He's gain here
    blocks = {"b4.conv1": layers.take("groupScale0.0")}
    for i in range(doublings):
        blocks |= {f"b{8 * 2**i}.conv{n}": layers.take(f"scaleLayers.{i}.{n}") for n in (0, 1)}
    for i in range(doublings + 1):
        blocks[f"b{4 * 2**i}.torgb"] = layers.take(f"toRGBLayers.{i}", gain=1)
    channels = {4 * 2**i: len(blocks[f"b{4 * 2**i}.conv1"]["bias"]) for i in range(doublings + 1)}
    spec = ProGANGenerator(
        **_size(doublings, channels),
        img_channels=len(blocks["b4.torgb"]["bias"]),
        z_dim=first["weight"].shape[1],
        bias_per_place=True,
        **fields,
    )
    weights = {f"synthesis.{block}.{kind}": t for block, pair in blocks.items() for kind, t in pair.items()}
    weights["synthesis.b4.dense.weight"] = first["weight"]
    weights["synthesis.b4.bias"] = _for_each_place(first["bias"], channels[4])
    return spec, {**weights, "synthesis.lod": torch.zeros([]), "mapping.w_avg": torch.zeros(spec.w_dim)}


def _discriminator(layers: Layers, fields: dict[str, Any]) -> tuple[ProGANDiscriminator, dict[str, Tensor]]:
    doublings = layers.count("scaleLayers.{}.0")
    blocks = {f"b{4 * 2**i}.fromrgb": layers.take(f"fromRGBLayers.{i}") for i in range(doublings + 1)}
    for i in range(doublings):
        blocks |= {f"b{8 * 2**i}.conv{n}": layers.take(f"scaleLayers.{i}.{n}") for n in (0, 1)}
    blocks["b4.conv"] = layers.take("groupScaleZero.0")
    blocks["b4.fc"] = layers.take("groupScaleZero.1")
    blocks["b4.out"] = layers.take("decisionLayer", gain=1)
    channels = {4 * 2**i: len(blocks[f"b{4 * 2**i}.fromrgb"]["bias"]) for i in range(doublings + 1)}
    spec = ProGANDiscriminator(
        **_size(doublings, channels),
        img_channels=blocks["b4.fromrgb"]["weight"].shape[1],
        mbstd_num_channels=blocks["b4.conv"]["weight"].shape[1] - channels[4],
        halve_last=True,
        **fields,
    )
    weights = {f"{block}.{kind}": t for block, pair in blocks.items() for kind, t in pair.items()}
    return spec, {**weights, "lod": torch.zeros([])}


def _size(doublings: int, channels: dict[int, int]) -> dict[str, Any]:
    """Fields of a spec for the size of the images and the feature maps."""
    base, maximum = fit_channels(channels, usual=CHANNEL_BASE)
    side = 4 * 2**doublings
    return {"height": side, "width": side, "channel_base": base, "channel_max": maximum}


def _for_each_place(bias: Tensor, channels: int) -> Tensor:
    """The first layer's bias, which is there for each place of the 4×4 grid."""
    if len(bias) != 16 * channels:
        raise ModelFileError(f"its first layer has {len(bias)} biases, where {16 * channels} were expected")
    return rearrange(bias, "(c h w) -> c h w", h=4, w=4)
