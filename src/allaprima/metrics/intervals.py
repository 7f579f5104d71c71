"""How far a measured number may be from that of endlessly many images: 95 % intervals.

An interval tells what other images of the same generator, as many, would give; the reals stay as they are.

Axes: n measurement, g group.
"""

import math
from collections.abc import Callable, Sequence

import torch
from jaxtyping import Float, Shaped
from torch import Tensor

Interval = tuple[float, float]
"""Low and high end."""

Z = 1.959964  # quantile 0.975 of the normal distribution
STUDENT = (12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228)  # of Student's t, by freedom from 1
RESAMPLES = 200


def of_mean(values: Float[Tensor, " n"]) -> Interval:
    """Of the mean of independent values."""
    mean = float(values.double().mean())
    half = Z * float(values.double().std()) / math.sqrt(len(values)) if len(values) > 1 else math.inf
    return mean - half, mean + half


def of_share(share: float, count: int) -> Interval:
    """Of a share of ``count`` independent trials (Wilson 1927); not empty even where the share is 0 or 1."""
    centre = (share + Z**2 / (2 * count)) / (1 + Z**2 / count)
    half = Z / (1 + Z**2 / count) * math.sqrt(share * (1 - share) / count + Z**2 / (4 * count**2))
    return min(share, max(0.0, centre - half)), max(share, min(1.0, centre + half))


def student(freedom: int) -> float:
    """Quantile 0.975 of Student's t."""
    return STUDENT[freedom - 1] if freedom <= len(STUDENT) else Z * (1 + (Z**2 + 1) / (4 * freedom))


def jackknife(whole: float, without: Sequence[float]) -> tuple[float, Interval]:
    """A number less its bias, and its interval, from what it would be without each of some groups.

    Quenouille (1956) and Tukey (1958): a bias in proportion to 1 / count goes away. The interval belongs to the number
    as it is; that of the corrected one is as wide.

    Args:
        whole: The number from all groups.
        without: The number from all but one of them, for each.
    """
    groups = len(without)
    assert groups > 1
    mean = sum(without) / groups
    error = math.sqrt((groups - 1) / groups * sum((value - mean) ** 2 for value in without))
    half = student(groups - 1) * error
    return groups * whole - (groups - 1) * mean, (whole - half, whole + half)


def bootstrap(values: Shaped[Tensor, " n"], statistic: Callable[[Tensor], float], *, seed: int = 0) -> Interval:
    """Of any statistic of independent values: the middle 95 % of it over samples drawn from them (Efron 1979)."""
    generator = torch.Generator().manual_seed(seed)
    drawn = [
        statistic(values[torch.randint(len(values), (len(values),), generator=generator)]) for _ in range(RESAMPLES)
    ]
    low, high = torch.tensor(drawn, dtype=torch.float64).quantile(torch.tensor([0.025, 0.975], dtype=torch.float64))
    return float(low), float(high)
