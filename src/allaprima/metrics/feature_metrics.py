"""From features of reals and fakes to the numbers of each metric.

Axes: n image, d feature.
"""

from dataclasses import dataclass, field

import torch
from jaxtyping import Float
from torch import Tensor

from allaprima.errors import ConfigError
from allaprima.metrics.density_coverage import density_coverage
from allaprima.metrics.detector import Detector
from allaprima.metrics.frechet import GROUPS, frechet_estimate
from allaprima.metrics.inception_score import inception_score
from allaprima.metrics.intervals import Interval
from allaprima.metrics.kernel_distance import kernel_distance
from allaprima.metrics.memorisation import memorisation
from allaprima.metrics.moments import moments_of
from allaprima.metrics.names import Metric
from allaprima.metrics.precision_recall import precision_recall
from allaprima.metrics.reals import RealFeatures


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """Numbers, intervals, and what else there is to say; see `allaprima.metrics.result.Result`."""

    values: dict[str, float]
    intervals: dict[str, Interval] = field(default_factory=dict)
    reals: int = 0
    notes: tuple[str, ...] = ()
    pairs: tuple[tuple[int, int, float], ...] = ()


def needs_reals(metric: Metric) -> bool:
    """Whether it compares with reals at all."""
    return metric.kind != "inception_score"


def needs_all_features(metric: Metric) -> bool:
    """Whether moments of the reals are not enough."""
    return metric.kind in ("kernel", "precision_recall", "density_coverage", "memorisation")


def from_features(
    metric: Metric,
    detector: Detector,
    fake: Float[Tensor, "n d"],
    real: RealFeatures | None,
    *,
    seed: int,
    device: torch.device | str = "cpu",
) -> Found:
    """The numbers of a metric of features; neighbours and kernels are computed on ``device``.

    Raises:
        ConfigError: The detector does not know answers, or the metric is of another kind.
        DataError: There are too few images.
    """
    if metric.kind == "inception_score":
        return _inception_score(detector, fake)
    assert real is not None
    if metric.kind == "frechet":
        return _frechet(fake, real)
    assert real.features is not None
    kept, fake = real.features.to(device), fake.to(device)
    notes = () if len(kept) == real.count else (f"neighbours and subsets are of the first {len(kept):,} reals",)
    match metric.kind:
        case "kernel":
            kernel = kernel_distance(kept, fake, seed=seed)
            return Found(
                values={"distance": kernel.distance},
                intervals={"distance": kernel.interval},
                reals=real.count,
                notes=notes,
            )
        case "precision_recall":
            share = precision_recall(kept, fake)
            return Found(
                values={"precision": share.precision, "recall": share.recall},
                intervals={"precision": share.precision_interval, "recall": share.recall_interval},
                reals=len(kept),
                notes=(*notes, "distances in float32"),
            )
        case "density_coverage":
            found = density_coverage(kept, fake)
            return Found(
                values={"density": found.density, "coverage": found.coverage},
                intervals={"density": found.density_interval, "coverage": found.coverage_interval},
                reals=len(kept),
                notes=notes,
            )
        case "memorisation":
            return _memorisation(fake, kept, notes)
    raise ConfigError(f"{metric.name} is not about features")


def _frechet(fake: Tensor, real: RealFeatures) -> Found:
    size = -(-len(fake) // GROUPS)
    estimate = frechet_estimate(real.moments, [moments_of(part) for part in torch.split(fake, size)])
    few = min(len(fake), real.count) <= fake.shape[1]
    notes = ("fewer images than features: the distance is far too large",) if few else ()
    return Found(
        values={"distance": estimate.distance, "corrected": estimate.corrected},
        intervals={"distance": estimate.interval},
        reals=real.count,
        notes=notes,
    )


def _inception_score(detector: Detector, fake: Tensor) -> Found:
    if detector.probabilities is None:
        raise ConfigError(f"{detector.title} gives no answers: the Inception score takes those of Inception")
    device = next(detector.network.parameters()).device if hasattr(detector.network, "parameters") else fake.device
    score = inception_score(detector.probabilities(fake.to(device)).cpu())
    return Found(values={"score": score.mean, "deviation": score.deviation})


def _memorisation(fake: Tensor, real: Tensor, notes: tuple[str, ...]) -> Found:
    found = memorisation(real, fake)
    return Found(
        values={
            "near_copies": found.share,
            "expected": found.expected,
            "threshold": found.threshold,
            "relative_distance": found.relative_distance,
        },
        intervals={"near_copies": found.interval},
        reals=len(real),
        notes=notes,
        pairs=tuple((pair.fake, pair.real, pair.distance) for pair in found.pairs),
    )
