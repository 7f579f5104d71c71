"""Mean and covariance of features that arrive in parts, from any number of processes.

Axes: n image, d feature.
"""

from collections.abc import Iterable

import torch
from jaxtyping import Float, Float64
from torch import Tensor

from allaprima.errors import DataError


class Moments:
    """Count, sum and sum of outer products of feature vectors, in float64. Those of two sets, added, are of both.

    Args:
        dim: Features of an image.
    """

    def __init__(self, dim: int) -> None:
        self.count = 0
        self.sum = torch.zeros(dim, dtype=torch.float64)
        self.outer = torch.zeros(dim, dim, dtype=torch.float64)

    def add(self, features: Float[Tensor, "n d"]) -> None:
        """Count these in, too. Raises `DataError` if a number is not finite."""
        x = features.detach().double().cpu()
        if not bool(torch.isfinite(x).all()):
            raise DataError("features are not finite: the images, or the weights of the detector, are broken")
        self.count += len(x)
        self.sum += x.sum(dim=0)
        self.outer += x.T @ x

    def __add__(self, other: "Moments") -> "Moments":
        return Moments.of(self.count + other.count, self.sum + other.sum, self.outer + other.outer)

    def __sub__(self, part: "Moments") -> "Moments":
        return Moments.of(self.count - part.count, self.sum - part.sum, self.outer - part.outer)

    @staticmethod
    def of(count: int, total: Float64[Tensor, " d"], outer: Float64[Tensor, "d d"]) -> "Moments":
        """Made of ``count``, the sum ``total`` and ``outer``, as another process or a file hands them over."""
        made = Moments(0)
        made.count, made.sum, made.outer = count, total, outer
        return made

    @staticmethod
    def total(parts: Iterable["Moments"]) -> "Moments":
        """Of all parts together."""
        first, *others = parts
        for other in others:
            first = first + other
        return first

    def mean(self) -> Float64[Tensor, " d"]:
        """Mean feature vector."""
        return self.sum / self._checked()

    def covariance(self) -> Float64[Tensor, "d d"]:
        """Population covariance: divided by the count, as FID's reference does."""
        mean = self.mean()
        return self.outer / self.count - torch.outer(mean, mean)

    def _checked(self) -> int:
        if not self.count:
            raise DataError("there are no features to take the mean of")
        return self.count


def moments_of(features: Float[Tensor, "n d"]) -> Moments:
    """Of features that are all there."""
    made = Moments(features.shape[1])
    made.add(features)
    return made
