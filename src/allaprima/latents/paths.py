"""Ways through latents, as functions of time: straight, on circles, smooth and closed, random and smooth.

Time runs from 0 to 1. A closed path is at 1 where it was at 0, and its frames stop short of 1, so that a film of them
loops without a frame that is shown twice.

Axes: n moment, f frame, k key, m path, d size of a latent; further axes are those of the latents.
"""

import math
from collections.abc import Callable, Sequence

import numpy as np
import torch
from einops import einsum
from jaxtyping import Float
from torch import Tensor

from allaprima.ops import lerp

Between = Callable[[Tensor, Tensor, Tensor], Tensor]


def moments(frames: int, *, closed: bool) -> Float[Tensor, "f"]:
    """The time of each frame: from 0 up to 1, which belongs to an open path only."""
    last = frames if closed else max(frames - 1, 1)
    return torch.arange(frames, dtype=torch.float64) / last


def along_legs(
    keys: Float[Tensor, "k *d"], t: Float[Tensor, "n"], *, closed: bool, between: Between = lerp
) -> Float[Tensor, "n *d"]:
    """From key to key, each leg in the same time.

    Args:
        keys: Where to pass.
        t: Times.
        closed: Whether a last leg leads from the last key back to the first.
        between: The point at a share of the way from a to b: `allaprima.ops.lerp` or `slerp`.
    """
    leg, share = legs(len(keys), t, closed=closed)
    a, b = keys[leg], keys[(leg + 1) % len(keys)]
    points: Tensor = between(a, b, share.to(keys.dtype).view(-1, *[1] * (keys.ndim - 2)).expand(a.shape[:-1]))
    return points


def legs(count: int, t: Float[Tensor, "n"], *, closed: bool) -> tuple[Tensor, Float[Tensor, "n"]]:
    """For each time the number of the leg, which is that of its first key, and the share of it that is behind."""
    of_all = count if closed else count - 1
    if of_all < 1 or count == 1:
        return torch.zeros_like(t, dtype=torch.long), torch.zeros_like(t)
    way = t * of_all
    leg = way.floor().clamp(0, of_all - 1).long()
    return leg, way - leg


def spline(keys: Float[Tensor, "k *d"], t: Float[Tensor, "n"]) -> Float[Tensor, "n *d"]:
    """The closed cubic spline through the keys, at equal distances of time: its second derivative is continuous.

    With y for the keys and M for the second derivatives there, continuity of the first derivative asks of each key i
    M[i-1] + 4 M[i] + M[i+1] = 6 (y[i-1] - 2 y[i] + y[i+1]), where neighbours are counted around.
    """
    count = len(keys)
    y = keys.double().flatten(start_dim=1)
    one = torch.eye(count, dtype=torch.float64, device=keys.device)
    around = one.roll(1, dims=0) + one.roll(-1, dims=0)
    M = torch.linalg.solve(4 * one + around, 6 * (around @ y - 2 * y))
    leg, share = legs(count, t.to(keys.device), closed=True)
    b, after = share[:, None], (leg + 1) % count
    a = 1 - b
    points = a * y[leg] + b * y[after] + ((a**3 - a) * M[leg] + (b**3 - b) * M[after]) / 6
    shaped: Tensor = points.to(keys.dtype).view(len(t), *keys.shape[1:])
    return shaped


def circle(
    a: Float[Tensor, "*d"], b: Float[Tensor, "*d"], t: Float[Tensor, "n"], *, centre: Tensor | float = 0.0
) -> Float[Tensor, "n *d"]:
    """The ellipse around ``centre`` that starts in a, and passes b after a quarter of the time.

    Of independent normal latents a and b all its points are normal, with the same variance.
    """
    angle = (2 * math.pi * t).to(a).view(-1, *[1] * a.ndim)
    points: Tensor = centre + angle.cos() * (a - centre) + angle.sin() * (b - centre)
    return points


def random_walks(seeds: Sequence[int], frames: int, size: int, *, sigma: float) -> Float[Tensor, "f m d"]:
    """White noise in time, smoothed by a Gaussian that goes around: closed, and standard normal at every frame.

    Args:
        seeds: One for each walk, which depends on no other.
        frames: How many.
        size: Of a latent.
        sigma: Of the Gaussian, in frames: within it a walk stays about where it is.
    """
    white = np.stack([np.random.default_rng(seed).standard_normal((frames, size)) for seed in seeds], axis=1)
    distance = torch.arange(frames, dtype=torch.float64)
    around = torch.minimum(distance, frames - distance)
    kernel = torch.exp(-0.5 * (around / max(sigma, 1e-6)).square())
    kernel = kernel / kernel.norm()  # the variance of white noise is multiplied by the sum of squares
    return circulant(kernel, torch.from_numpy(white)).float()


def circulant(kernel: Float[Tensor, "f"], signal: Float[Tensor, "f m d"]) -> Float[Tensor, "f m d"]:
    """Convolution in time that goes around."""
    spectrum = einsum(torch.fft.rfft(kernel), torch.fft.rfft(signal, dim=0), "f, f m d -> f m d")
    filtered: Tensor = torch.fft.irfft(spectrum, n=len(signal), dim=0)
    return filtered


def to_and_fro(t: Float[Tensor, "n"]) -> Float[Tensor, "n"]:
    """From 0 to 1 at half time and back to 0, slow at both ends."""
    return (1 - torch.cos(2 * math.pi * t)) / 2


def eased(share: Float[Tensor, "n"]) -> Float[Tensor, "n"]:
    """From 0 to 1, slow at both ends: the cubic whose slope is 0 there."""
    return share.square() * (3 - 2 * share)
