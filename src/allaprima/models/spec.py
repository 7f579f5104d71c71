"""Specs: what a network is, as data that JSON can hold, and the one function that makes a network of it."""

import dataclasses
from typing import Any, get_args

from torch import nn

from allaprima.errors import ModelFileError
from allaprima.models import lucidrains, progan, r3gan, stylegan, stylegan2, stylegan3

GeneratorSpec = (
    stylegan2.StyleGAN2Generator
    | stylegan3.StyleGAN3Generator
    | stylegan.StyleGANGenerator
    | progan.ProGANGenerator
    | r3gan.R3GANGenerator
    | lucidrains.LucidrainsGenerator
)
"""What a generator is."""

DiscriminatorSpec = (
    stylegan2.StyleGAN2Discriminator
    | stylegan.StyleGANDiscriminator
    | progan.ProGANDiscriminator
    | r3gan.R3GANDiscriminator
    | lucidrains.LucidrainsDiscriminator
)
"""What a discriminator is; that of a StyleGAN3 is StyleGAN2's."""

Spec = GeneratorSpec | DiscriminatorSpec
"""What a network is."""

NETWORKS: dict[str, tuple[type[Spec], type[nn.Module]]] = {
    "stylegan2-generator": (stylegan2.StyleGAN2Generator, stylegan2.Generator),
    "stylegan2-discriminator": (stylegan2.StyleGAN2Discriminator, stylegan2.Discriminator),
    "stylegan3-generator": (stylegan3.StyleGAN3Generator, stylegan3.Generator),
    "stylegan-generator": (stylegan.StyleGANGenerator, stylegan.Generator),
    "stylegan-discriminator": (stylegan.StyleGANDiscriminator, stylegan.Discriminator),
    "progan-generator": (progan.ProGANGenerator, progan.Generator),
    "progan-discriminator": (progan.ProGANDiscriminator, progan.Discriminator),
    "r3gan-generator": (r3gan.R3GANGenerator, r3gan.Generator),
    "r3gan-discriminator": (r3gan.R3GANDiscriminator, r3gan.Discriminator),
    "lucidrains-generator": (lucidrains.LucidrainsGenerator, lucidrains.Generator),
    "lucidrains-discriminator": (lucidrains.LucidrainsDiscriminator, lucidrains.Discriminator),
}
"""By the name that a model file gives: the spec, and the network that is made of it."""

MOST_OF_ANY = 2**24
MOST_IN_A_LIST = 256
MOST = {
    "height": 2**16,
    "width": 2**16,
    "img_channels": 2**12,
    "doublings": 16,
    "map_depth": 256,
    "num_layers": 256,
    "blocks_per_stage": 64,
    "num_fp16_res": 64,
    "margin_size": 1024,
    "filter_size": 64,
    "lrelu_upsampling": 16,
    "conv_kernel": 64,
}
"""The largest numbers that a description in a file may have; those that cost time grow fastest."""


def build(spec: Spec) -> Any:
    """Make the network that ``spec`` says, with new random weights from PyTorch's global generator."""
    return next(network for kind, network in NETWORKS.values() if isinstance(spec, kind))(spec)


def spec_to_dict(spec: Spec) -> dict[str, Any]:
    """JSON-ready form of ``spec``, with its type's name."""
    (name,) = (name for name, (kind, _) in NETWORKS.items() if isinstance(spec, kind))
    return {"type": name, **dataclasses.asdict(spec)}


def spec_from_dict(data: dict[str, Any]) -> Spec:
    """The spec that `spec_to_dict` wrote. Raises `ModelFileError` for an unknown type or field."""
    fields = dict(data)
    name = fields.pop("type", None)
    if not isinstance(name, str) or name not in NETWORKS:
        raise ModelFileError(f"unknown network type {name!r}; this version knows {', '.join(NETWORKS)}")
    kind = NETWORKS[name][0]
    unknown = sorted(set(fields) - {field.name for field in dataclasses.fields(kind)})
    if unknown:
        raise ModelFileError(f"unknown field {unknown[0]!r} in a {name}; it may come from a newer version of allaprima")
    arguments: dict[str, Any] = {key: tuple(v) if isinstance(v, list) else v for key, v in fields.items()}
    for key, value in arguments.items():
        _check_bounds(name, key, value)
    try:
        return kind(**arguments)
    except TypeError as error:
        raise ModelFileError(f"incomplete description of a {name}: {error}") from error


def _check_bounds(network: str, field: str, value: object) -> None:
    """Refuse numbers that no network has: a file could ask for them, and make the building of a network endless."""
    most = MOST.get(field, MOST_OF_ANY)
    for number in value if isinstance(value, tuple) else (value,):
        if isinstance(number, int | float) and not abs(number) <= most:
            shown = f"{number:.6g}" if abs(number) < 2 * MOST_OF_ANY**2 else "beyond all bounds"
            raise ModelFileError(f"{field} of a {network} is {shown}: a file may say {most:,} at most")
    if isinstance(value, tuple) and len(value) > MOST_IN_A_LIST:
        raise ModelFileError(f"{field} of a {network} has {len(value):,} numbers: it may have {MOST_IN_A_LIST} at most")


def is_generator(spec: Spec) -> bool:
    """Whether ``spec`` describes a generator, rather than a discriminator."""
    return isinstance(spec, get_args(GeneratorSpec))


def count_parameters(network: nn.Module) -> int:
    """Number of trainable numbers in ``network``."""
    return sum(p.numel() for p in network.parameters())
