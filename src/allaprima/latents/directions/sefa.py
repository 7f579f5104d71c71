"""Directions in closed form: SeFa (Shen & Zhou 2021), "unsupervised semantic factorization".

The layers that read a style turn w into A w + b. A step of length 1 along n changes that by A n, most of all where n is
the first eigenvector of AᵀA, then where it is the second, and so on: neither samples nor labels are needed.

Axes: d size of w, v direction.
"""

from typing import Any

import torch

from allaprima.errors import ConfigError
from allaprima.latents.centres import sample_w, spread_along
from allaprima.latents.directions.direction import Direction, upright
from allaprima.latents.directions.style_readers import style_readers
from allaprima.latents.layer_choice import Layers, rows_of


def sefa(G: Any, count: int = 8, *, layers: Layers = "all") -> list[Direction]:
    """The directions in which the styles of ``layers`` change most, the strongest first.

    Args:
        G: The generator. Of Progressive GAN and R3GAN, whose one layer reads the latent, these are directions of z;
            the part of their latents that says the class stays.
        count: How many.
        layers: Whose matrices are taken, and which the directions move.

    Raises:
        LatentError: The generator has no such layers.
        ConfigError: It has fewer directions.
    """
    rows = rows_of(G, layers)
    free = free_numbers(G)
    require_count(count, free)
    matrix = torch.cat([reader.matrix for reader in style_readers(G) if reader.row in rows])[:, :free]
    values, columns = torch.linalg.eigh(matrix.T @ matrix)
    vectors = torch.zeros(count, G.w_dim, dtype=torch.float64)
    vectors[:, :free] = upright(columns.T.flip(0)[:count])
    return [
        Direction(
            name=f"sefa-{index}",
            method="sefa",
            vector=vector.float(),
            unit=float(spread),
            rows=tuple(rows),
            figures={"eigenvalue": float(value)},
        )
        for index, (vector, spread, value) in enumerate(
            zip(vectors, spread_along(sample_w(G), vectors), values.flip(0)[:count], strict=True)
        )
    ]


def free_numbers(G: Any) -> int:
    """How many numbers of w directions may move: all; without a mapping network those of z, not those of the class."""
    return int(G.z_dim if G.num_ws == 1 else G.w_dim)


def require_count(count: int, most: int) -> None:
    """Raise `ConfigError` unless there are ``count`` directions."""
    if not 1 <= count <= most:
        raise ConfigError(f"there cannot be {count} directions of this model: ask for 1 to {most}")
