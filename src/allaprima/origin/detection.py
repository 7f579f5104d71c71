"""Whether a picture has the mark of `allaprima.origin.watermark`, and how sure that is.

Of a picture without the mark, the distance of each projection to the lattice is uniform: for any picture whatsoever,
as the dither is, and independently for each projection. With M of them, S the sum of the cosines of these distances
(a whole lattice cell being 2π), and E exp(t cos U) = I₀(t) ≤ exp(t²/4), Chernoff's bound gives

    P(S ≥ s) ≤ exp(−s² / M)    for s > 0,

which is the p-value. It is a bound, not an approximation; the chance is over keys, and the key is a fixed one that no
picture knows of. Twice is looked: at all blocks that are not flat, and at those with texture, where alone pictures with
many of them are marked; the smaller p-value counts double (Bonferroni).
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from allaprima.origin.block_dct import blocks, brightness, project
from allaprima.origin.watermark import busy, directions_of, dither, split, step_of

FALSE_ALARMS = 1e-6  # of pictures without the mark, at most so many are said to have it
FLAT = 4.0  # gray levels: blocks that range over less were not marked, or have lost it, and tell nothing


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was found in a picture.

    Attributes:
        p_value: The chance, at most, that a picture without the mark agrees with it as well as this one does.
        agreement: Mean cosine: 1 where all projections lie on the lattice, about 0 without the mark.
        projections: Number of those that were looked at.
    """

    p_value: float
    agreement: float
    projections: int

    @property
    def is_marked(self) -> bool:
        """Whether the mark is there, but for one mistake in a million pictures without it."""
        return self.p_value <= FALSE_ALARMS


def look_for_mark(image: NDArray[np.uint8]) -> Verdict:
    """Look for the mark in a picture [h, w] or [h, w, c], c of 1 to 4, of any size."""
    parts = blocks(brightness(*split(image[:, :, None] if image.ndim == 2 else image)))
    amounts = project(parts, directions_of())
    cosines = np.cos(2 * np.pi * (amounts / step_of(image.shape) - dither(*amounts.shape[:2])))
    looks = (verdict_of(cosines[np.ptp(parts, axis=(2, 3)) >= FLAT]), verdict_of(cosines[busy(parts)]))
    best = min(looks, key=lambda look: look.p_value)
    return replace(best, p_value=min(1.0, len(looks) * best.p_value))


def verdict_of(cosines: NDArray[np.float64]) -> Verdict:
    """The verdict of these projections alone; which they are must not depend on the key."""
    if cosines.size == 0:
        return Verdict(1.0, 0.0, 0)
    total = float(cosines.sum())
    return Verdict(float(np.exp(-(max(total, 0.0) ** 2) / cosines.size)), total / cosines.size, cosines.size)
