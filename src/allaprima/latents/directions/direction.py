"""A direction in the styles of a generator, and steps along it.

Axes: n image, s style (one for each layer), d size of w, k strength.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from einops import einsum, rearrange
from jaxtyping import Float
from torch import Tensor

from allaprima.errors import LatentError
from allaprima.latents.layer_choice import Layers, rows_of


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Direction:
    """Where to move styles, how far a step of strength 1 is, and in which layers.

    Attributes:
        name: Of this one, as ``sefa-0`` or ``smile``.
        method: How it was found.
        vector: Of length 1: [d], the same in all layers, or [s, d].
        unit: Length of a step of strength 1. For what was found in W, the standard deviation of random w along the
            vector; for a difference of latents, its length.
        rows: Of ``ws`` that move, unless others are asked for.
        figures: What the method says of it, as an eigenvalue or an accuracy, by name.
    """

    name: str
    method: str
    vector: Float[Tensor, "d"] | Float[Tensor, "s d"]
    unit: float
    rows: tuple[int, ...]
    figures: dict[str, float] = field(default_factory=dict)


def apply_direction(
    G: Any,
    ws: Float[Tensor, "n s d"],
    direction: Direction,
    strength: float | Sequence[float] | Float[Tensor, "n"],
    *,
    layers: Layers | None = None,
) -> Float[Tensor, "n s d"]:
    """Styles moved along ``direction``.

    Args:
        G: The generator.
        ws: Styles.
        direction: Where to.
        strength: How many units, for all images or for each; negative is the other way.
        layers: Move in these alone; None: in those of the direction.

    Raises:
        LatentError: The direction does not fit the generator, or it has no such layers.
    """
    strengths = torch.as_tensor(strength, dtype=ws.dtype, device=ws.device).expand(len(ws))
    return ws + einsum(strengths, unit_step(G, direction, layers=layers).to(ws), "n, s d -> n s d")


def along(
    G: Any,
    w: Float[Tensor, "s d"],
    direction: Direction,
    strengths: Sequence[float],
    *,
    layers: Layers | None = None,
) -> Float[Tensor, "k s d"]:
    """The styles ``w`` of one image, moved along ``direction`` by several strengths; see `apply_direction`.

    Raises:
        LatentError: The direction does not fit ``G``, or it has no such ``layers``.
    """
    many = w.expand(len(strengths), *w.shape)
    return apply_direction(G, many, direction, strengths, layers=layers)


def unit_step(G: Any, direction: Direction, *, layers: Layers | None = None) -> Float[Tensor, "s d"]:
    """What is added to styles at strength 1: zero in the layers that stay. Raises `LatentError`."""
    vector = direction.vector
    if vector.shape not in {(G.w_dim,), (G.num_ws, G.w_dim)}:
        raise LatentError(
            f"the direction {direction.name!r} is {list(vector.shape)}: this model's are [{G.w_dim}] or"
            f" [{G.num_ws}, {G.w_dim}]"
        )
    rows = list(direction.rows) if layers is None else rows_of(G, layers)
    if not rows or max(rows) >= G.num_ws or min(rows) < 0:
        raise LatentError(f"the direction {direction.name!r} moves layers {rows}: this model has 0 to {G.num_ws - 1}")
    step = torch.zeros(G.num_ws, G.w_dim)
    step[rows] = vector.float().expand(G.num_ws, -1)[rows] * direction.unit
    return step


def upright(vectors: Float[Tensor, "v d"]) -> Float[Tensor, "v d"]:
    """Each vector or its opposite, whose largest number is positive: methods that leave the sign open agree on it."""
    largest = vectors.gather(1, vectors.abs().argmax(dim=1, keepdim=True))
    return vectors * torch.where(largest < 0, -1.0, 1.0).to(vectors)


def flattened(ws: Float[Tensor, "n s d"]) -> Float[Tensor, "n e"]:
    """One vector for each image: w, where all layers have the same, and otherwise all styles one after another."""
    return ws[:, 0] if bool((ws == ws[:, :1]).all()) else rearrange(ws, "n s d -> n (s d)")
