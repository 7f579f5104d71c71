"""Specs: what a network is, as data that JSON can hold, and the one function that makes a network of it."""

import dataclasses
from typing import Any

from torch import nn

from allaprima.errors import ModelFileError
from allaprima.models.stylegan2 import Discriminator, Generator, StyleGAN2Discriminator, StyleGAN2Generator

GeneratorSpec = StyleGAN2Generator
DiscriminatorSpec = StyleGAN2Discriminator
Spec = GeneratorSpec | DiscriminatorSpec

SPEC_TYPES: dict[str, type[Spec]] = {
    "stylegan2-generator": StyleGAN2Generator,
    "stylegan2-discriminator": StyleGAN2Discriminator,
}


def build(spec: Spec) -> Any:
    """Make the network that ``spec`` says, with new random weights from PyTorch's global generator."""
    match spec:
        case StyleGAN2Generator():
            return Generator(spec)
        case StyleGAN2Discriminator():
            return Discriminator(spec)


def spec_to_dict(spec: Spec) -> dict[str, Any]:
    """JSON-ready form of ``spec``, with its type's name."""
    (name,) = (name for name, kind in SPEC_TYPES.items() if isinstance(spec, kind))
    return {"type": name, **dataclasses.asdict(spec)}


def spec_from_dict(data: dict[str, Any]) -> Spec:
    """The spec that `spec_to_dict` wrote. Raises `ModelFileError` for an unknown type or field."""
    fields = dict(data)
    name = fields.pop("type", None)
    kind = SPEC_TYPES.get(name) if isinstance(name, str) else None
    if kind is None:
        raise ModelFileError(f"unknown network type {name!r}; this version knows {', '.join(SPEC_TYPES)}")
    unknown = sorted(set(fields) - {field.name for field in dataclasses.fields(kind)})
    if unknown:
        raise ModelFileError(f"unknown field {unknown[0]!r} in a {name}; it may come from a newer version of allaprima")
    arguments: dict[str, Any] = {key: tuple(v) if isinstance(v, list) else v for key, v in fields.items()}
    try:
        return kind(**arguments)
    except TypeError as error:
        raise ModelFileError(f"incomplete description of a {name}: {error}") from error


def count_parameters(network: nn.Module) -> int:
    """Number of trainable numbers in ``network``."""
    return sum(p.numel() for p in network.parameters())
