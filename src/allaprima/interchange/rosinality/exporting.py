"""Writes rosinality's checkpoints, so that encoders and editors made for them open our models."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from allaprima.errors import ConfigError
from allaprima.files import atomic_file
from allaprima.interchange.rosinality.expressible import losses, require_expressible
from allaprima.interchange.rosinality.names import MAP_LR_MULTIPLIER, Row, discriminator_rows, generator_rows
from allaprima.models import StyleGAN2Discriminator, StyleGAN2Generator

GENERATORS = ("G_ema", "G")


def export_rosinality(networks: Mapping[str, nn.Module], path: str | Path) -> list[str]:
    """Write StyleGAN2 networks to a ``.pt`` file: a dict of state dicts, and the centre of W as ``latent_avg``.

    There is no state of optimizers in it: that program can use it, but not go on with the training.

    Args:
        networks: ``G_ema``, ``G`` or both, and perhaps ``D``.
        path: File to write.

    Returns:
        A sentence for each thing that the format has no place for, though it can be done without.

    Raises:
        ConfigError: The format cannot say what one of the networks is.
        OutputError: The file cannot be written.
    """
    if not networks.keys() & set(GENERATORS):
        raise ConfigError("rosinality's format is for generators: there is no G_ema and no G to export")
    for role, network in networks.items():
        require_expressible(role, network)
    source = networks["G_ema"] if "G_ema" in networks else networks["G"]
    content: dict[str, Any] = {"latent_avg": _plain(source.get_submodule("mapping").get_buffer("w_avg"))}
    content["g_ema"] = generator_tensors(source)
    if "G" in networks and "G_ema" in networks:
        content["g"] = generator_tensors(networks["G"])
    if "D" in networks:
        content["d"] = discriminator_tensors(networks["D"])
    with atomic_file(Path(path)) as file:
        torch.save(content, file)
    return [note for role, network in networks.items() for note in losses(role, network)] + _centres(networks)


def generator_tensors(network: nn.Module) -> dict[str, Tensor]:
    """A generator's tensors under rosinality's names."""
    spec: StyleGAN2Generator = network.spec  # type: ignore[assignment]
    rows = generator_rows(doublings=spec.geometry.doublings, map_depth=spec.map_depth)
    tensors = _renamed(network, rows)
    if spec.map_lr_multiplier != MAP_LR_MULTIPLIER:  # theirs is a constant of the program: the weights make up for it
        factor = spec.map_lr_multiplier / MAP_LR_MULTIPLIER
        tensors |= {name: tensor * factor for name, tensor in tensors.items() if name.startswith("style.")}
    return tensors


def discriminator_tensors(network: nn.Module) -> dict[str, Tensor]:
    """A discriminator's tensors under rosinality's names."""
    spec: StyleGAN2Discriminator = network.spec  # type: ignore[assignment]
    return _renamed(network, discriminator_rows(doublings=spec.geometry.doublings))


def _renamed(network: nn.Module, rows: list[Row]) -> dict[str, Tensor]:
    ours = network.state_dict()
    return {row.theirs: _plain(row.outward(ours[row.ours])) for row in rows}


def _plain(tensor: Tensor) -> Tensor:
    """A copy that owns its memory: a part of a larger tensor would be saved with all of it."""
    return tensor.detach().to("cpu", torch.float32, copy=True).contiguous()


def _centres(networks: Mapping[str, nn.Module]) -> list[str]:
    averages = [networks[role].get_submodule("mapping").get_buffer("w_avg") for role in GENERATORS if role in networks]
    if len(averages) == 2 and not torch.equal(averages[0], averages[1]):
        return ["G: its own average of w is left out: the format has one, which is that of G_ema"]
    return []
