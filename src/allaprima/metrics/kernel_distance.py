"""The kernel distance: Bińkowski et al. (2018), section 4. KID where the features are those of Inception.

Unlike the Fréchet distance it has no bias, so a few thousand images will do.

Axes: n real image, m fake image, d feature.
"""

from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from allaprima.errors import DataError
from allaprima.metrics.intervals import Interval, Z

SUBSETS, SUBSET_SIZE = 100, 1000
MOST_WITNESSES = 2000  # images of each set from which the interval is computed
ROWS_AT_ONCE = 1024


class KernelEstimate(NamedTuple):
    """Squared maximum mean discrepancy, and an interval."""

    distance: float
    interval: Interval


def kernel_distance(
    real: Float[Tensor, "n d"],
    fake: Float[Tensor, "m d"],
    *,
    subsets: int = SUBSETS,
    subset_size: int = SUBSET_SIZE,
    seed: int = 0,
) -> KernelEstimate:
    """Mean of the unbiased estimate over random subsets of both sets, as the original takes it.

    Raises:
        DataError: A set has less than two images.
    """
    size = min(len(real), len(fake), subset_size)
    if size < 2:
        raise DataError("the kernel distance needs at least two images of each set")
    random = np.random.default_rng(seed)
    found = []
    for _ in range(subsets):
        x = real[torch.from_numpy(random.choice(len(real), size, replace=False))]
        y = fake[torch.from_numpy(random.choice(len(fake), size, replace=False))]
        found.append(squared_discrepancy(x, y))
    distance = float(np.mean(found))
    choice = float(np.var(found)) / subsets  # what other subsets of the same images would change
    half = Z * (_variance(real, fake, random) + choice) ** 0.5
    return KernelEstimate(distance, (distance - half, distance + half))


def squared_discrepancy(x: Float[Tensor, "n d"], y: Float[Tensor, "m d"]) -> float:
    """The unbiased estimate of MMD²: Gretton et al. (2012), equation 3. It can be below 0."""
    within = [_without_diagonal(z) / (len(z) * (len(z) - 1)) for z in (x, y)]
    return sum(within) - 2 * _sum(x, y) / (len(x) * len(y))


def kernel(x: Float[Tensor, "n d"], y: Float[Tensor, "m d"]) -> Float[Tensor, "n m"]:
    """(x · y / d + 1)³: equation 5 of Bińkowski et al. Products are of the features' own precision, sums of float64."""
    return ((x @ y.T).double() / x.shape[1] + 1) ** 3


def _sum(x: Tensor, y: Tensor) -> float:
    return sum(float(kernel(rows, y).sum()) for rows in torch.split(x, ROWS_AT_ONCE))


def _without_diagonal(x: Tensor) -> float:
    own = (x.double().square().sum(dim=1) / x.shape[1] + 1) ** 3
    return _sum(x, x) - float(own.sum())


def _variance(real: Tensor, fake: Tensor, random: np.random.Generator) -> float:
    """Of the estimate: what each fake adds to it, to first order (Serfling 1980, section 5.3)."""
    x, y = (z[torch.from_numpy(random.permutation(len(z))[:MOST_WITNESSES])] for z in (real, fake))
    own = kernel(y, y)
    own.fill_diagonal_(0)
    witness = own.sum(dim=1) / (len(own) - 1) - kernel(y, x).mean(dim=1)
    return float(4 * witness.var() / len(fake))
