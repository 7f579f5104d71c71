"""Does a generator paint what it was shown? The nearest training image of each fake, and how many are near copies.

The rule: training images, too, have nearest others among themselves. Nearer than all but a hundredth of them have
theirs is called a near copy. Fakes that are drawn as the training images were come so near in about a hundredth of
cases, so a share well above that says that training images are repeated. (Meehan et al. 2020, section 2, compare the
same two distances, as ranks.)

Axes: n real image, m fake image, d feature.
"""

from typing import NamedTuple

from jaxtyping import Float
from torch import Tensor

from allaprima.errors import DataError
from allaprima.metrics.intervals import Interval, of_share
from allaprima.metrics.neighbours import exact, nearest

NEAR = 0.01
"""Share of the training images that are as near to another of them as a near copy is."""

PAIRS = 32


class ClosePair(NamedTuple):
    """A fake and the training image nearest to it."""

    fake: int
    real: int
    distance: float


class Memorisation(NamedTuple):
    """Near copies.

    Attributes:
        share: Of the fakes.
        interval: Of that share.
        threshold: A near copy is no further than this from a training image.
        expected: The share that is no sign of anything.
        relative_distance: Median distance of fakes from the nearest training image, over that of training images from
            the nearest other one: about 1 for new images of the same kind, and below it for copies.
        pairs: The closest, the nearest first; no training image twice.
    """

    share: float
    interval: Interval
    threshold: float
    expected: float
    relative_distance: float
    pairs: list[ClosePair]


def memorisation(
    real: Float[Tensor, "n d"], fake: Float[Tensor, "m d"], *, near: float = NEAR, pairs: int = PAIRS
) -> Memorisation:
    """Measure distances in feature space; ``real`` must be what the generator was trained with.

    Raises:
        DataError: There are less than two training images, or no fake.
    """
    if len(real) < 2 or not len(fake):
        raise DataError("near copies need two training images and a fake at least")
    others = nearest(real, real, 1, same=True).indices
    own = exact(real, real, others)[:, 0]
    found = nearest(fake, real, 1).indices
    distances = exact(fake, real, found)[:, 0]
    threshold = float(own.sort().values[int(near * (len(own) - 1))])
    share = float((distances <= threshold).double().mean())
    return Memorisation(
        share=share,
        interval=of_share(share, len(fake)),
        threshold=threshold,
        expected=float((own <= threshold).double().mean()),
        relative_distance=float(distances.median() / own.median().clamp(min=1e-12)),
        pairs=_closest(distances, found[:, 0], pairs),
    )


def _closest(distances: Tensor, indices: Tensor, count: int) -> list[ClosePair]:
    pairs: list[ClosePair] = []
    taken = set()
    for fake in distances.argsort(stable=True).tolist():
        real = int(indices[fake])
        if real not in taken:
            taken.add(real)
            pairs.append(ClosePair(fake, real, float(distances[fake])))
        if len(pairs) == count:
            break
    return pairs
