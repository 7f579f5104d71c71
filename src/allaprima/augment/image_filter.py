"""Image-space filtering: ADA (Karras et al. 2020), appendix B, figure 19.

Four frequency bands, an octave each, are amplified or attenuated. Each image has its own separable filter of 43 taps.

Axes: n image, c channel, h w rows and columns, b band, t tap, i place after filtering, j place before.
"""

import torch
import torch.nn.functional as F
from einops import einsum
from jaxtyping import Float
from torch import Tensor

from allaprima.augment.draws import Draws
from allaprima.augment.spec import NUM_BANDS, AugmentSpec
from allaprima.augment.wavelet import reflected, scatter

EXPECTED_POWER = (10 / 13, 1 / 13, 1 / 13, 1 / 13)
"""Share of each band in the power of a natural image, whose spectrum falls as 1/f."""

SYM2_POWER = (-1 / 32, 0.0, 9 / 32, 1 / 2, 9 / 32, 0.0, -1 / 32)
"""Autocorrelation of the low-pass filter of the symlet with two vanishing moments, scaled to a sum of 1."""


def filter_bank() -> Float[Tensor, "b t"]:
    """The bands' filters, lowest frequencies first (the recursion of appendix B); together they change nothing."""
    low = torch.tensor(SYM2_POWER, dtype=torch.float64)
    high = -low
    high[len(high) // 2] += 1  # what the low-pass filter leaves
    bank = torch.ones(1, 1, dtype=torch.float64)
    for _ in range(1, NUM_BANDS):
        spread = bank.new_zeros(len(bank), 2 * bank.shape[1] - 1)
        spread[:, ::2] = bank
        lows = F.conv1d(spread[:, None], low[None, None], padding=len(low) - 1)[:, 0]
        beyond = (lows.shape[1] - len(high)) // 2
        bank = torch.cat([lows, F.pad(high, (beyond, beyond))[None]])
    return bank.float()


def band_gains(count: int, p: float, spec: AugmentSpec, draws: Draws) -> Float[Tensor, "n b"]:
    """Draw the gain of each band; after each band's turn all are scaled so that the expected power stays."""
    power = torch.tensor(EXPECTED_POWER, device=draws.device)
    gains = torch.ones(count, NUM_BANDS, device=draws.device)
    for band, multiplier in enumerate(spec.imgfilter_bands):
        chance = spec.imgfilter * multiplier * p
        if chance > 0:
            gate = draws.gate(count, chance)
            gain = torch.exp2(draws.normal(count) * spec.imgfilter_std)
            turn = torch.ones_like(gains)
            turn[:, band] = torch.where(gate, gain, 1)
            gains = gains * turn * (power * turn.square()).sum(dim=1, keepdim=True).rsqrt()
    return gains


def apply_filter(images: Float[Tensor, "n c h w"], gains: Float[Tensor, "n b"]) -> Float[Tensor, "n c h w"]:
    """Filter each image, reflected beyond its edges, by the bank's sum with its own ``gains``.

    As a matrix for each axis, the reflection folded in: there is no convolution with one kernel an image whose second
    derivative PyTorch does not compute channel by channel, and an image may be smaller than the filter.
    """
    gains = gains.to(images)
    rows, columns = (einsum(gains, _band_matrices(size, images), "n b, b i j -> n i j") for size in images.shape[2:])
    return rows[:, None] @ images @ columns[:, None].transpose(2, 3)


def _band_matrices(size: int, like: Tensor) -> Float[Tensor, "b i j"]:
    """Each band's filter along an axis of ``size`` pixels, as a matrix."""
    bank = filter_bank()
    taps = torch.arange(bank.shape[1]) - bank.shape[1] // 2
    source = reflected(torch.arange(size)[:, None] + taps, size)
    return torch.stack([scatter(source, band.expand(size, -1), size) for band in bank]).to(like)
