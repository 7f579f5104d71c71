"""The Fréchet distance of two sets of features: Heusel et al. (2017), equation 6; Dowson and Landau (1982).

It is called FID only where the features are those of Inception.

Axes: d feature.
"""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from jaxtyping import Float64
from torch import Tensor

from allaprima.metrics.intervals import Interval, jackknife
from allaprima.metrics.moments import Moments

GROUPS = 10  # of images, of which one is left out in turn

ROUNDING = 1e-14
"""Variance, over the largest mean square of a feature, that is rounding; its root would not be small."""


class FrechetEstimate(NamedTuple):
    """The distance, the same less the part of its bias that is in proportion to 1 / fakes, and an interval."""

    distance: float
    corrected: float
    interval: Interval


def frechet_distance(a: Moments, b: Moments) -> float:
    """‖μa − μb‖² + Tr(Σa + Σb − 2 (Σa Σb)^½), with population covariances.

    The last trace is the nuclear norm of Raᵀ Rb, where R Rᵀ = Σ: real, symmetric, and 0 to rounding for equal sets
    however few images there are, which the square root of the product is not.
    """
    return _distance(_Gaussian(a), _Gaussian(b))


def frechet_estimate(real: Moments, groups: Sequence[Moments]) -> FrechetEstimate:
    """The distance of the reals from all groups of fakes together, and what leaving out each of them says of it.

    A finite number of fakes makes the distance larger, about in proportion to 1 / count (Chong and Forsyth 2020,
    section 3), the more so the better the generator is; ``corrected`` is less that.
    """
    fixed, whole = _Gaussian(real), Moments.total(groups)
    distance = _distance(fixed, _Gaussian(whole))
    if len(groups) < 2:
        return FrechetEstimate(distance, float("nan"), (float("nan"), float("nan")))
    corrected, interval = jackknife(distance, [_distance(fixed, _Gaussian(whole - group)) for group in groups])
    return FrechetEstimate(distance, corrected, interval)


class _Gaussian:
    """Mean, variance in all, and a root R of the covariance."""

    def __init__(self, moments: Moments) -> None:
        covariance = moments.covariance()
        values, vectors = torch.linalg.eigh((covariance + covariance.T) / 2)
        largest = float(moments.outer.diagonal().max()) / moments.count
        values = torch.where(values > ROUNDING * largest, values, 0)
        self.mean = moments.mean()
        self.variance = float(values.sum())
        self.root: Float64[Tensor, "d d"] = vectors * values.sqrt()


def _distance(a: _Gaussian, b: _Gaussian) -> float:
    overlap = float(torch.linalg.svdvals(a.root.T @ b.root).sum())
    return float((a.mean - b.mean).square().sum()) + a.variance + b.variance - 2 * overlap
