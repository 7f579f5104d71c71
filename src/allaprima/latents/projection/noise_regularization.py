"""Noise that is optimised must stay noise, and not become the picture: StyleGAN2 (Karras et al. 2020), appendix D.

Axes: n image, h w rows and columns; each image has its own map, [n, 1, h, w].
"""

from collections.abc import Iterable

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

LARGEST = 8  # maps up to this side are not halved any more


def noise_penalty(maps: Iterable[Float[Tensor, "n 1 h w"]]) -> Float[Tensor, " n"]:
    """How much each map resembles itself one pixel further: the square of that correlation, summed over scales.

    The scales are means of 2×2 pixels, down to 8 pixels on the shorter side. An odd last row or column has no say in
    coarser scales.
    """
    parts = [correlation for noise in maps for correlation in _correlations(noise)]
    return torch.stack(parts).sum(dim=0)


def _correlations(noise: Tensor) -> Iterable[Tensor]:
    while True:
        for axis in (2, 3):
            yield (noise * noise.roll(1, dims=axis)).mean(dim=(1, 2, 3)).square()
        if min(noise.shape[2:]) <= LARGEST:
            return
        noise = F.avg_pool2d(noise, 2)


@torch.no_grad()
def normalize_noise_(maps: Iterable[Float[Tensor, "n 1 h w"]]) -> None:
    """Give each map the mean 0 and the variance 1 again, in place."""
    for noise in maps:
        noise -= noise.mean(dim=(2, 3), keepdim=True)
        noise *= noise.square().mean(dim=(2, 3), keepdim=True).clamp(min=torch.finfo(noise.dtype).tiny).rsqrt()
