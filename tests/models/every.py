"""A small network of each kind that a model file can name; a new kind is here as soon as it is in the table."""

import dataclasses
from typing import Any

import torch

from allaprima.errors import ConfigError
from allaprima.models import Spec, build
from allaprima.models.painter import Painter
from allaprima.models.spec import NETWORKS

FIELDS: dict[str, Any] = {
    "channel_base": 64,
    "channel_max": 8,
    "network_capacity": 2,
    "cardinality": 2,
    "z_dim": 8,
    "w_dim": 8,
    "map_depth": 1,
    "num_layers": 4,
}
GENERATORS = [name for name, (_, network) in NETWORKS.items() if issubclass(network, Painter)]
DISCRIMINATORS = [name for name in NETWORKS if name not in GENERATORS]
SHAPES = [(16, 16, 3), (24, 24, 1), (9, 21, 4), (4, 4, 5)]  # height, width, channels


def small_spec(name: str, height: int = 16, width: int = 16, channels: int = 3, **fields: Any) -> Spec:
    """Of the fields, those that the kind has."""
    kind: Any = NETWORKS[name][0]
    known = {field.name for field in dataclasses.fields(kind)}
    shape = {"height": height, "width": width, "img_channels": channels}
    spec: Spec = kind(**shape, **{key: value for key, value in (FIELDS | fields).items() if key in known})
    return spec


def takes(name: str, height: int, width: int) -> bool:
    """Whether there can be one for this size; if not, a sentence says so."""
    try:
        small_spec(name, height, width)
    except ConfigError:
        return False
    return True


def small(name: str, *shape: int, **fields: Any) -> Any:
    """A network as after a training: nothing of it is still zero."""
    torch.manual_seed(0)
    network = build(small_spec(name, *shape, **fields)).requires_grad_(requires_grad=False)
    for parameter in network.parameters():
        if not parameter.any():
            parameter.normal_(std=0.3)
    return network


def inputs(network: Any, count: int, seed: int = 5) -> tuple[torch.Tensor, torch.Tensor]:
    """Latents for a generator or images for a discriminator, and labels."""
    source = torch.Generator().manual_seed(seed)
    shape = (network.img_channels, network.img_height, network.img_width)
    first = torch.randn(count, *((network.z_dim,) if isinstance(network, Painter) else shape), generator=source)
    return first, torch.eye(network.c_dim)[torch.arange(count) % network.c_dim] if network.c_dim else torch.zeros(
        count, 0
    )
