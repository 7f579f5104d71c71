"""Whether the weights of two networks may be mixed: they must mean the same, tensor by tensor."""

import dataclasses
from typing import Any

from allaprima.errors import ConfigError
from allaprima.models import spec_to_dict

OF_TRAINING = {"num_fp16_res", "conv_clamp", "w_avg_beta", "magnitude_ema_beta", "mbstd_group"}
"""Fields in which two networks may differ."""

SEEN_IN_SHAPES = {
    *("channel_base", "channel_max", "widths", "doublings"),
    *("cardinality", "cardinalities", "embed_dim", "map_hidden", "cmap_dim"),
}
"""Fields that do nothing but size tensors: some values of them, or none, mean the same."""


def require_alike(first: Any, other: Any) -> None:
    """Raise a `ConfigError` that names the first difference, if there is one."""
    difference = first_difference(first, other)
    if difference is not None:
        raise ConfigError(f"the networks cannot be mixed: {difference}")


def first_difference(first: Any, other: Any) -> str | None:
    """What keeps the weights of two networks from being mixed, in words; None: nothing."""
    kinds = [spec_to_dict(network.spec)["type"] for network in (first, other)]
    if kinds[0] != kinds[1]:
        return f"one is a {kinds[0]}, the other a {kinds[1]}"
    for field in dataclasses.fields(first.spec):
        if field.name not in OF_TRAINING | SEEN_IN_SHAPES:
            mine, its = getattr(first.spec, field.name), getattr(other.spec, field.name)
            if mine != its:
                return f"{field.name} is {mine} in one and {its} in the other"
    shapes = [{name: list(t.shape) for name, t in network.state_dict().items()} for network in (first, other)]
    for name in {**shapes[0], **shapes[1]}:
        mine, its = (shape.get(name) for shape in shapes)
        if mine != its:
            return f"{name} is {mine or 'missing'} in one and {its or 'missing'} in the other"
    return None
