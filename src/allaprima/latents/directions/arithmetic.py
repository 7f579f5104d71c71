"""Sums of latents: what one image has more than another, given to a third (Radford et al. 2016, section 6.3).

Axes: n image, s style (one for each layer), d size of w.
"""

from collections.abc import Sequence
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from allaprima.errors import LatentError
from allaprima.latents.directions.direction import Direction, flattened
from allaprima.latents.layer_choice import Layers, rows_of


def weighted_sum(terms: Sequence[tuple[float, Float[Tensor, "n s d"]]]) -> Float[Tensor, "n s d"]:
    """Σ factor · styles, as (1, a), (-1, b), (1, c) for a − b + c; one image fits any number of others.

    Raises:
        LatentError: There is nothing to add up, or the styles are of different shapes.
    """
    if not terms:
        raise LatentError("there are no latents to add up")
    shapes = [list(styles.shape) for _, styles in terms]
    counts = {shape[0] for shape in shapes} - {1}
    if len({tuple(shape[1:]) for shape in shapes}) > 1 or len(counts) > 1:
        raise LatentError(f"latents of different shapes cannot be added up: {', '.join(map(str, shapes))}")
    first, *others = [factor * styles for factor, styles in terms]
    return sum(others, start=first)


def difference(
    G: Any,
    positive: Float[Tensor, "n s d"],
    negative: Float[Tensor, "m s d"],
    *,
    name: str = "difference",
    layers: Layers = "all",
) -> Direction:
    """The direction from the mean of ``negative`` to the mean of ``positive``; strength 1 is all of the way.

    So for saved latents a, b and c, c moved along ``difference(G, a, b)`` by 1 is a − b + c. ``name`` is its name.

    Raises:
        LatentError: Both means are the same, or there are no such layers.
    """
    step = positive.double().mean(dim=0) - negative.double().mean(dim=0)
    vector = step[0] if len(flattened(step[None])[0]) == G.w_dim else step
    length = float(vector.norm())
    if not length:
        raise LatentError("both groups of latents have the same mean: no direction leads from one to the other")
    return Direction(
        name=name,
        method="difference",
        vector=(vector / length).float().cpu(),
        unit=length,
        rows=tuple(rows_of(G, layers)),
    )


def without(direction: Direction, others: Sequence[Direction]) -> Direction:
    """What is left of a direction without what it shares with others: InterFaceGAN, "conditional manipulation".

    Raises:
        LatentError: Vectors of different shapes, or nothing is left.
    """
    if any(other.vector.shape != direction.vector.shape for other in others):
        raise LatentError(f"directions of different shapes: {direction.name!r} cannot be freed of the others")
    vector = direction.vector.double().flatten()
    if others:
        shared, _ = torch.linalg.qr(torch.stack([other.vector.double().flatten() for other in others], dim=1))
        vector = vector - shared @ (shared.T @ vector)
    length = float(vector.norm())
    if length < 1e-6:
        raise LatentError(f"nothing is left of the direction {direction.name!r} without the others")
    return Direction(
        name=direction.name,
        method=direction.method,
        vector=(vector / length).float().reshape(direction.vector.shape),
        unit=direction.unit * length,
        rows=direction.rows,
    )
