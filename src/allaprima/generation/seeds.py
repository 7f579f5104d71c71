"""What a seed means: the latent that the reference tools draw for it, so that people's favourite seeds stay theirs."""

import operator
import re
from collections.abc import Iterable, Sequence

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from allaprima.errors import LatentError

LARGEST_SEED = 2**32 - 1
MOST_SEEDS = 10_000_000


def parse_seeds(text: str) -> list[int]:
    """Seeds of a text such as ``7``, ``0-31`` or ``0,5,10-14``. Raises `LatentError`."""
    seeds: list[int] = []
    for part in text.split(","):
        match = re.fullmatch(r"\s*(\d{1,30})(?:\s*-\s*(\d{1,30}))?\s*", part)
        if match is None:
            raise LatentError(f"{part.strip()!r} is no seed: give numbers and ranges, such as 0-31 or 0,5,10-14")
        first, last = int(match[1]), int(match[2] or match[1])
        if last < first:
            raise LatentError(f"the range of seeds {part.strip()} runs backwards: write {last}-{first}")
        if last > LARGEST_SEED:
            raise LatentError(f"{last} is no seed: the largest is {LARGEST_SEED}")
        if last - first >= MOST_SEEDS:
            raise LatentError(f"{part.strip()} are more than {MOST_SEEDS} seeds")
        seeds += range(first, last + 1)
    return seeds


def checked_seeds(seeds: Iterable[int]) -> list[int]:
    """The seeds as plain integers. Raises `LatentError` if one is none."""
    found: list[int] = []
    for seed in seeds:
        try:
            found.append(operator.index(seed))
        except TypeError as error:
            raise LatentError(f"{seed!r} is no seed: it must be an integer") from error
        if not 0 <= found[-1] <= LARGEST_SEED:
            raise LatentError(f"{seed} is no seed: it must be from 0 to {LARGEST_SEED}")
    return found


def latents_of_seeds(seeds: Sequence[int], z_dim: int) -> Float[Tensor, "n z"]:
    """One latent for each seed: ``numpy.random.RandomState(seed).randn(1, z_dim)``."""
    rows = [np.random.RandomState(seed).randn(1, z_dim) for seed in seeds]
    return torch.from_numpy(np.concatenate(rows)).float()
