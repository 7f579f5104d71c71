"""Improved precision and recall: Kynkäänniemi et al. (2019), equations 1 and 2.

Axes: n real image, m fake image, d feature.
"""

from typing import NamedTuple

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from allaprima.metrics.intervals import Interval, of_share
from allaprima.metrics.neighbours import distance_blocks, radii

K = 3


class PrecisionRecall(NamedTuple):
    """Shares, and their intervals: that of recall is what other reals, as many, would give."""

    precision: float
    recall: float
    precision_interval: Interval
    recall_interval: Interval


def precision_recall(real: Float[Tensor, "n d"], fake: Float[Tensor, "m d"], *, k: int = K) -> PrecisionRecall:
    """Precision: the share of fakes within a real's neighbourhood. Recall: of reals within a fake's.

    A neighbourhood reaches to the k-th nearest other image of its own set. Distances are float32: the original rounds
    features to float16 (Deviation).

    Raises:
        DataError: A set has no more than ``k`` images.
    """
    precision = float(within(fake, real, radii(real, k)).double().mean())
    recall = float(within(real, fake, radii(fake, k)).double().mean())
    return PrecisionRecall(precision, recall, of_share(precision, len(fake)), of_share(recall, len(real)))


def within(
    asked: Float[Tensor, "n d"], centres: Float[Tensor, "m d"], reach: Float[Tensor, " m"]
) -> Bool[Tensor, " n"]:
    """Whether each of ``asked`` is within reach of any centre: equation 1."""
    found = torch.zeros(len(asked), dtype=torch.bool, device=asked.device)
    for rows, columns, block in distance_blocks(asked, centres):
        found[rows] |= (block <= reach[columns]).any(dim=1)
    return found
