"""Doubling and halving by an orthogonal wavelet's low-pass filter: ADA (Karras et al. 2020), appendix B.

What is doubled and halved again is what it was; between the two an image can be sampled bilinearly without blur.

Axes: o i places after and before.
"""

import math

import torch
from jaxtyping import Float
from torch import Tensor

SYM6 = (
    *(0.015404109327027373, 0.0034907120842174702, -0.11799011114819057, -0.048311742585633),
    *(0.4910559419267466, 0.787641141030194, 0.3379294217276218, -0.07263752278646252),
    *(-0.021060292512300564, 0.04472490177066578, 0.0017677118642428036, -0.007800708325034148),
)
"""Low-pass filter of the symlet with six vanishing moments (Daubechies 1992, table 6.3)."""

BEYOND = 5
"""Samples of the doubled resolution that halving needs on either side."""

SAMPLED = (BEYOND + 0.5) / 2
"""Pixels beyond the outermost one from which halving takes its samples."""

FILTERED = 3.5
"""Pixels about a sample that doubling makes it of, with those of the sample beside it."""

REACH = math.ceil(SAMPLED + FILTERED)
"""Pixels on either side that doubling and halving together use."""


def low_pass() -> Float[Tensor, "12"]:
    """The filter's taps, of sum 1, in float64."""
    f = torch.tensor(SYM6, dtype=torch.float64)
    return f / f.sum()


def doubling(length: int, before: int, after: int) -> Float[Tensor, "o i"]:
    """Matrix that continues ``length`` pixels by ``before`` and ``after`` reflected ones and doubles the resolution."""
    padded = before + length + after
    sample = torch.arange(2 * padded)[:, None]
    tap = (sample + BEYOND) % 2 + torch.arange(0, len(SYM6), 2)  # the others meet the zeros between the pixels
    source = (sample + BEYOND - tap) // 2
    values = torch.where((source >= 0) & (source < padded), 2 * low_pass()[tap], 0)
    return scatter(reflected(source - before, length), values, length)


def halving(length: int) -> Float[Tensor, "o i"]:
    """Matrix that makes ``length`` pixels of twice as many samples and `BEYOND` on either side."""
    source = 2 * torch.arange(length)[:, None] + torch.arange(len(SYM6))
    return scatter(source, low_pass().expand(length, -1), 2 * (length + BEYOND))


def reflected(place: Tensor, length: int) -> Tensor:
    """The places among ``length`` pixels that mirrors at the first and the last pixel show at ``place``."""
    if length == 1:
        return torch.zeros_like(place)
    period = 2 * length - 2
    place = place.remainder(period)
    return torch.minimum(place, period - place)


def scatter(source: Tensor, values: Tensor, length: int) -> Float[Tensor, "o i"]:
    """Matrix that sums ``length`` pixels at places ``source`` with weights ``values``, both [o taps]."""
    return values.new_zeros(len(source), length).scatter_add_(1, source, values)
