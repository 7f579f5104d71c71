"""Fine-tuning: a new run begins with the weights of a model file, as far as they fit."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from allaprima.checkpoint import Networks
from allaprima.errors import ConfigError
from allaprima.training.run import Run

SHOWN = 6  # names in a note


def transfer(run: Run, source: Networks) -> list[str]:
    """Copy the weights of ``source`` into the networks of a new run, and say in a sentence each what did not fit.

    A tensor fits if its name and shape are the same. Where images have another number of channels, the layers that read
    and write colours take those channels that both have.

    Raises:
        ConfigError: Nothing fits: the model is of another system.
    """
    origins = {"G": source.G or source.G_ema, "D": source.D, "G_ema": source.G_ema}
    notes = []
    for role, origin in origins.items():
        target: nn.Module = getattr(run, role)
        if origin is None:
            notes.append(f"the model has no {role}: it starts from random weights")
            continue
        left = copy_weights(origin, target)
        names = list(target.state_dict())
        if role != "D" and len(left) == len(names):
            raise ConfigError("none of the model's weights fits the recipe's networks: it is of another system or size")
        if left:
            more = f" and {len(left) - SHOWN} more" if len(left) > SHOWN else ""
            notes.append(
                f"{role}: {len(names) - len(left)} of {len(names)} tensors are the model's;"
                f" new are {', '.join(left[:SHOWN])}{more}"
            )
    return notes


@torch.no_grad()
def copy_weights(origin: Any, target: Any) -> list[str]:
    """Copy what fits; return the names of the tensors of ``target`` that stay as they were."""
    found: Mapping[str, Tensor] = origin.state_dict()
    left = []
    for name, tensor in target.state_dict().items():  # the tensors share their memory with the parameters
        its = found.get(name)
        if its is None or not _copy_common(its, tensor, (origin.img_channels, target.img_channels)):
            left.append(name)
    return left


def _copy_common(its: Tensor, mine: Tensor, channels: tuple[int, int]) -> bool:
    """Copy ``its`` to ``mine`` where their shapes differ in nothing but the number of colours; say whether they do."""
    if its.ndim != mine.ndim:
        return False
    sizes = list(zip(its.shape, mine.shape, strict=True))
    if any(a != b and (a, b) != channels for a, b in sizes):
        return False
    common = tuple(slice(min(a, b)) for a, b in sizes)
    mine[common] = its[common].to(mine)
    return True
