"""The average of several networks: Izmailov et al. (2018), "Averaging weights leads to wider optima"; model soups
(Wortsman et al. 2022).
"""

import math
from collections.abc import Sequence
from typing import Any

import torch

from allaprima.errors import ConfigError
from allaprima.surgery.assembly import assemble
from allaprima.surgery.likeness import require_alike


def average(networks: Sequence[Any], weights: Sequence[float] | None = None) -> Any:
    """The network whose every parameter and buffer is the weighted mean of those of ``networks``.

    It paints well where the networks have a training in common: snapshots of one run, or fine-tunings of one model.

    Args:
        networks: Generators, or discriminators, of the same shape.
        weights: One for each network, of any positive sum; None: all alike.

    Raises:
        ConfigError: The networks differ in more than their weights, or there are not as many weights as networks.
    """
    if not networks:
        raise ConfigError("there is nothing to average: give at least one network")
    weights = [1.0] * len(networks) if weights is None else weights
    if len(weights) != len(networks):
        raise ConfigError(f"there are {len(weights)} weights for {len(networks)} networks: give one for each")
    total = math.fsum(weights)
    if not (math.isfinite(total) and total > 0):
        raise ConfigError(f"the weights {', '.join(f'{w:g}' for w in weights)} have no positive sum")
    first, *others = networks
    for other in others:
        require_alike(first, other)
    states = [network.state_dict() for network in networks]
    mean = {
        name: torch.stack([state[name].double() * (w / total) for state, w in zip(states, weights, strict=True)]).sum(0)
        for name in states[0]
    }
    return assemble(first.spec, mean)
