"""How many kinds of images does a generator make? Counted by a classifier's answers: the StackedMNIST test.

VEEGAN (Srivastava et al. 2017, section 4.2) and PacGAN (Lin et al. 2018, section 4.2): a data set of 1000 kinds, a
classifier that names the kind of each generated image, the number of kinds that occur, and how evenly they do.

Axes: n image, m mode (kind).
"""

from typing import NamedTuple

import torch
from jaxtyping import Float, Int
from torch import Tensor

from allaprima.errors import DataError


class ModeCoverage(NamedTuple):
    """Modes that occur at least once, and KL(generated ‖ reference) in nats: 0 if all occur as often as they should."""

    modes: int
    kl: float


def mode_coverage(
    labels: Int[Tensor, " n"], num_modes: int = 1000, reference: Float[Tensor, " m"] | Int[Tensor, " m"] | None = None
) -> ModeCoverage:
    """Count the modes in ``labels``, and compare how often they occur with ``reference``.

    Even of perfect samples KL is not 0, but about (num_modes - 1) / 2n: 0.019 for 26,000 of 1000 modes.

    Args:
        labels: Mode of each generated image, 0 to ``num_modes - 1``.
        num_modes: Modes that there are.
        reference: How often each occurs in the data, as counts or shares; None: all equally often. A mode that occurs
            here but not in the reference makes KL infinite.

    Raises:
        DataError: No labels, one out of range, or a reference that is no histogram of ``num_modes``.
    """
    if not len(labels):
        raise DataError("there are no labels to count")
    low, high = int(labels.min()), int(labels.max())
    if low < 0 or high >= num_modes:
        raise DataError(f"labels go from {low} to {high}, but must be within 0 to {num_modes - 1}")
    counts = torch.bincount(labels.long().cpu(), minlength=num_modes)
    wanted = _shares(torch.ones(num_modes) if reference is None else reference, num_modes)
    return ModeCoverage(int((counts > 0).sum()), kl_divergence(counts / counts.sum(dtype=torch.float64), wanted))


def kl_divergence(p: Float[Tensor, " m"], q: Float[Tensor, " m"]) -> float:
    """KL(p ‖ q) = Σ p log(p / q) in nats; what p has not adds nothing."""
    return float((torch.xlogy(p, p) - torch.xlogy(p, q)).sum())


def _shares(histogram: Tensor, num_modes: int) -> Tensor:
    shares = histogram.double().cpu()
    if shares.shape != (num_modes,) or not bool((shares >= 0).all()) or not 0 < float(shares.sum()) < torch.inf:
        raise DataError(f"the reference must be {num_modes} counts or shares that are not negative, and not all 0")
    return shares / shares.sum()
