"""Density and coverage: Naeem et al. (2020), equations 4 and 5. Unlike precision and recall, no outlier spoils them.

Axes: n real image, m fake image, d feature.
"""

from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from allaprima.metrics.intervals import Interval, of_mean, of_share
from allaprima.metrics.neighbours import distance_blocks, radii

K = 5


class DensityCoverage(NamedTuple):
    """Density is about 1 for fakes like the reals, and may be above it; coverage is a share of the reals.

    The interval of coverage is what other reals, as many, would give.
    """

    density: float
    coverage: float
    density_interval: Interval
    coverage_interval: Interval


def density_coverage(real: Float[Tensor, "n d"], fake: Float[Tensor, "m d"], *, k: int = K) -> DensityCoverage:
    """Density: in how many reals' neighbourhoods a fake is, over k. Coverage: reals in whose neighbourhood a fake is.

    Raises:
        DataError: There are no more than ``k`` reals.
    """
    reach = radii(real, k)
    counts = torch.zeros(len(fake), dtype=torch.float64)
    covered = torch.zeros(len(real), dtype=torch.bool)
    for rows, columns, block in distance_blocks(fake, real):
        inside = block <= reach[columns]
        counts[rows] += inside.sum(dim=1).cpu()
        covered[columns] |= inside.any(dim=0).cpu()
    coverage = float(covered.double().mean())
    return DensityCoverage(float(counts.mean() / k), coverage, of_mean(counts / k), of_share(coverage, len(real)))
