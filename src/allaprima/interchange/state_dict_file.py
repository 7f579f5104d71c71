"""Writes our weights under the names of the published PyTorch programs, so that what was made for those opens them.

StyleGAN2(-ADA), StyleGAN3 and R3GAN have such names, and our networks have exactly these tensors, filters and other
buffers included; R3GAN's files put ``Model.`` before them. Networks of other sizes than squares keep the names
(``b4``, ``b8`` …) of a square of as many doublings.

StyleGAN, Progressive GAN and lucidrains' networks were never published under names that would fit ours, nor were
StyleGAN2's that grow (configurations B to D) or that concatenate labels: there the names are our own.
"""

import json
from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import save_file
from torch import Tensor, nn

from allaprima.errors import ConfigError, OutputError
from allaprima.files import atomic_file, atomic_path
from allaprima.models import (
    R3GANDiscriminator,
    R3GANGenerator,
    Spec,
    StyleGAN2Discriminator,
    StyleGAN2Generator,
    StyleGAN3Generator,
    spec_to_dict,
)

OWN_NAMES = "was never published for PyTorch in this form: its tensors have our own names"
SPECS = "specs"
R3GAN_PREFIX = "Model."
PUBLISHED_BASE = (4, 4)


def export_state_dict(networks: Mapping[str, nn.Module], path: str | Path) -> list[str]:
    """Write networks as state dicts of the published names.

    Args:
        networks: By role: ``G``, ``D``, ``G_ema``. All must have a ``spec``.
        path: ``.safetensors``: tensors of one network under their names alone, as encoders expect them, of several
            under ``ROLE.NAME``. ``.pt`` or ``.pth``: a file of ``torch.save`` with a dict of state dicts by role, which
            ``torch.load(weights_only=True)`` reads. Both keep the specs, as JSON, under ``specs``: the one in its
            metadata, the other as a text; by them a file of ours is read again as exactly what it was.

    Returns:
        A sentence for each network whose names are our own, or that the published program cannot make.

    Raises:
        ConfigError: There is no network, or the suffix is another one.
        OutputError: The file cannot be written.
    """
    path = Path(path)
    if not networks:
        raise ConfigError("there is no network to export")
    states = {role: published_state(network) for role, network in networks.items()}
    specs = {role: _spec(network) for role, network in networks.items()}
    match path.suffix.lower():
        case ".safetensors":
            _write_safetensors(states, specs, path)
        case ".pt" | ".pth":
            with atomic_file(path) as file:
                torch.save({**states, SPECS: _described(specs)}, file)
        case suffix:
            wanted = "it must be .safetensors, .pt or .pth"
            raise ConfigError(f"a state dict cannot be written to {path.name}: its suffix is {suffix!r}, {wanted}")
    return [f"{role}: {note}" for role, spec in specs.items() for note in _notes(spec)]


def published_state(network: nn.Module) -> dict[str, Tensor]:
    """Copies of all tensors of a network, each with memory of its own, under the published names."""
    prefix = R3GAN_PREFIX if isinstance(_spec(network), R3GANGenerator | R3GANDiscriminator) else ""
    own = network.state_dict()
    return {f"{prefix}{name}": tensor.detach().to("cpu", copy=True).contiguous() for name, tensor in own.items()}


def is_published(spec: Spec) -> bool:
    """Whether there are published names for all tensors of such a network."""
    match spec:
        case StyleGAN2Generator(growing=grows, c_dim=c_dim, label_input=how):
            return not grows and (not c_dim or how == "embed")
        case StyleGAN2Discriminator(growing=grows):
            return not grows
    return isinstance(spec, StyleGAN3Generator | R3GANGenerator | R3GANDiscriminator)


def _notes(spec: Spec) -> list[str]:
    if not is_published(spec):
        return [OWN_NAMES]
    size = f"{spec.height}×{spec.width}"
    if isinstance(spec, StyleGAN2Generator | StyleGAN2Discriminator) and spec.geometry.base != PUBLISHED_BASE:
        height, width = spec.geometry.base
        return [f"images of {size} begin at {height}×{width} here, but at 4×4 in the published program"]
    return [] if spec.height == spec.width else [f"images of {size} are not square, as those of the published program"]


def _spec(network: nn.Module) -> Spec:
    spec: Spec = network.spec  # type: ignore[assignment]
    return spec


def _described(specs: Mapping[str, Spec]) -> str:
    return json.dumps({role: spec_to_dict(spec) for role, spec in specs.items()})


def _write_safetensors(states: Mapping[str, dict[str, Tensor]], specs: Mapping[str, Spec], path: Path) -> None:
    alone = len(states) == 1
    tensors = {name if alone else f"{role}.{name}": t for role, state in states.items() for name, t in state.items()}
    with atomic_path(path) as temporary:
        temporary.touch()
        mode = temporary.stat().st_mode  # what the user's umask allows; the library's own file is its owner's alone
        try:
            save_file(tensors, temporary, metadata={"format": "pt", SPECS: _described(specs)})
        except SafetensorError as error:  # how the library reports a full disk
            raise OutputError(f"cannot write {path}: {error}") from error
        temporary.chmod(mode)
