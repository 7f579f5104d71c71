"""The Inception score: Salimans et al. (2016), section 4.

Axes: n image, a answer.
"""

from itertools import pairwise
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from allaprima.errors import DataError

SPLITS = 10


class InceptionScore(NamedTuple):
    """Mean and standard deviation over the splits; the deviation is of one split, not of the mean."""

    mean: float
    deviation: float


def inception_score(probabilities: Float[Tensor, "n a"], *, splits: int = SPLITS) -> InceptionScore:
    """exp(E KL(p(y|x) ‖ p(y))): how sure the answers are, and how many kinds of them there are.

    Args:
        probabilities: Of each answer, for each fake.
        splits: Parts that are scored alone; a part of few images scores too high.

    Raises:
        DataError: There are fewer images than splits.
    """
    if len(probabilities) < splits:
        raise DataError(f"the Inception score takes {splits} splits, but there are only {len(probabilities)} images")
    bounds = [i * len(probabilities) // splits for i in range(splits + 1)]
    p = probabilities.double()
    scores = torch.tensor([_score(p[a:b]) for a, b in pairwise(bounds)], dtype=torch.float64)
    return InceptionScore(float(scores.mean()), float(scores.std(correction=0)))


def _score(p: Tensor) -> float:
    divergence = torch.xlogy(p, p) - torch.xlogy(p, p.mean(dim=0, keepdim=True))
    return float(divergence.sum(dim=1).mean().exp())
