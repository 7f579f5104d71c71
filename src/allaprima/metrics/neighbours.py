"""Nearest neighbours among many features, block by block: the memory needed does not grow with the sets.

Axes: n m image, d feature, k neighbour.
"""

from collections.abc import Iterator
from typing import NamedTuple

import torch
from jaxtyping import Float, Int64
from torch import Tensor

from allaprima.errors import DataError

ROWS, COLUMNS = 2048, 8192


class Nearest(NamedTuple):
    """Distances [n, k], the smallest first, and whose they are."""

    distances: Tensor
    indices: Tensor


def distance_blocks(x: Float[Tensor, "n d"], y: Float[Tensor, "m d"]) -> Iterator[tuple[slice, slice, Tensor]]:
    """Euclidean distances of all of ``x`` from all of ``y``, in blocks: which rows, which columns, distances."""
    for top in range(0, len(x), ROWS):
        rows = slice(top, min(top + ROWS, len(x)))
        for left in range(0, len(y), COLUMNS):
            columns = slice(left, min(left + COLUMNS, len(y)))
            yield rows, columns, torch.cdist(x[rows], y[columns])


def nearest(x: Float[Tensor, "n d"], y: Float[Tensor, "m d"], k: int, *, same: bool = False) -> Nearest:
    """The ``k`` nearest of ``y`` for each of ``x``.

    Args:
        x: Who asks.
        y: Who may be near.
        k: Of them.
        same: ``y`` is ``x``, and nobody is a neighbour of itself.

    Raises:
        DataError: There are too few.
    """
    available = len(y) - (1 if same else 0)
    if k > available:
        raise DataError(f"{k} neighbours are asked for, but there are only {max(available, 0)} other images")
    found = Nearest(
        torch.full((len(x), k), torch.inf, dtype=x.dtype, device=x.device),
        torch.zeros(len(x), k, dtype=torch.int64, device=x.device),
    )
    for rows, columns, block in distance_blocks(x, y):
        if same:
            own = torch.arange(rows.start, rows.stop, device=x.device)
            own = own[(own >= columns.start) & (own < columns.stop)]
            block[own - rows.start, own - columns.start] = torch.inf
        best = block.topk(min(k, block.shape[1]), largest=False)
        distances = torch.cat([found.distances[rows], best.values], dim=1)
        indices = torch.cat([found.indices[rows], best.indices + columns.start], dim=1)
        order = distances.topk(k, largest=False)
        found.distances[rows] = order.values
        found.indices[rows] = indices.gather(1, order.indices)
    return found


def radii(x: Float[Tensor, "n d"], k: int) -> Float[Tensor, " n"]:
    """How far the k-th nearest other of ``x`` is from each of it."""
    return nearest(x, x, k, same=True).distances[:, -1]


def exact(x: Float[Tensor, "n d"], y: Float[Tensor, "m d"], indices: Int64[Tensor, "n k"]) -> Float[Tensor, "n k"]:
    """Distances of each of ``x`` from those of ``y``, free of the rounding of matrix products: 0 for equal ones."""
    return torch.stack([(x - y[column]).double().norm(dim=1) for column in indices.T], dim=1)
