"""Low-pass filters of StyleGAN3 (Karras et al. 2021): Kaiser windows, appendix C.1; radial jinc filters, section 3.2.

Frequencies and sampling rates are in any one unit (StyleGAN3: cycles and samples per image). A filter passes what is
below ``cutoff - half_width``, stops what is above ``cutoff + half_width``, and has a sum of 1. All is computed in
float64 on the processor, also while a network is built on the meta device.

Axes: taps, or taps × taps.
"""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from numpy.typing import NDArray
from torch import Tensor

Array = NDArray[np.floating[Any]]


def kaiser_beta(num_taps: int, *, half_width: float, rate: float) -> float:
    """Shape of the Kaiser window for a transition of ``half_width`` either side of the cutoff (Kaiser 1974)."""
    width = 2 * half_width / (rate / 2)  # of the transition, relative to the Nyquist frequency
    attenuation = 2.285 * (num_taps - 1) * math.pi * width + 7.95  # in decibels
    if attenuation > 50:
        return 0.1102 * (attenuation - 8.7)
    if attenuation > 21:
        excess = attenuation - 21
        return 0.5842 * math.pow(excess, 0.4) + 0.07886 * excess
    return 0.0


def kaiser_lowpass(num_taps: int, *, cutoff: float, half_width: float, rate: float) -> Float[Tensor, "taps"]:
    """Separable low-pass filter: a windowed sinc.

    Args:
        num_taps: Length.
        cutoff: Frequency that is damped to one half.
        half_width: Half of the transition between what passes and what is stopped.
        rate: Sampling rate of the image that is filtered.
    """
    h = np.sinc(2 * cutoff * _times(num_taps, rate)) * _window(num_taps, half_width=half_width, rate=rate)
    return _normalized(h)


def jinc_lowpass(num_taps: int, *, cutoff: float, half_width: float, rate: float) -> Float[Tensor, "taps taps"]:
    """The same for rotations: h(r) = J₁(2π f_c r) / (π r) passes a disc of frequencies; not separable.

    Arguments are those of `kaiser_lowpass`.
    """
    times = _times(num_taps, rate)
    radius = np.hypot(times[:, None], times[None, :])
    window = _window(num_taps, half_width=half_width, rate=rate)
    return _normalized(_jinc(radius, cutoff) * np.outer(window, window))


def _times(num_taps: int, rate: float) -> Array:
    """Where the taps lie, centred on 0."""
    return (np.arange(num_taps) - (num_taps - 1) / 2) / rate


def _window(num_taps: int, *, half_width: float, rate: float) -> Array:
    return np.kaiser(num_taps, kaiser_beta(num_taps, half_width=half_width, rate=rate))


def _jinc(radius: Array, cutoff: float) -> Array:
    """J₁(2π f_c r) / (π r), which tends to f_c at the centre."""
    away = np.maximum(radius, 1e-9 / cutoff)
    j1: Callable[[Tensor], Tensor] = torch.special.bessel_j1
    return j1(torch.from_numpy(2 * np.pi * cutoff * away)).numpy() / (np.pi * away)


def _normalized(h: Array) -> Tensor:
    """Sum 1: a constant image keeps its value."""
    return torch.from_numpy((h / h.sum()).astype(np.float32))
