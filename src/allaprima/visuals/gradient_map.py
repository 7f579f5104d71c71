"""Where a discriminator looks: how much its score would change with each pixel (Simonyan et al. 2014, section 3).

Axes: n image, k image of the company, c channel or label, h w rows and columns.
"""

from typing import Any

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from allaprima.models.judging import in_company, judge

REACH = 2  # pixels to each side that smoothing averages over


def gradient_maps(
    D: Any,
    images: Float[Tensor, "n c h w"],
    c: Float[Tensor, "n d"] | None = None,
    *,
    company: Float[Tensor, "k c h w"] | None = None,
) -> Float[Tensor, "n h w"]:
    """|∂ score / ∂ pixel|, summed over the channels.

    Args:
        D: Of any architecture.
        images: In the network's range; with alpha, colours are premultiplied there.
        c: Their labels, for a network with labels.
        company: What each image is judged with, see `allaprima.models.judging.in_company`.
    """
    with torch.enable_grad(), in_company(D, company):
        images = images.detach().requires_grad_()
        (gradient,) = torch.autograd.grad(judge(D, images, c).sum(), images)
    return gradient.abs().sum(dim=1)


def smoothed(maps: Float[Tensor, "n h w"], reach: int = REACH) -> Float[Tensor, "n h w"]:
    """Weighted means of the pixels around, the nearer the more: single pixels say little. Edges are repeated."""
    taps = torch.tensor([float(reach + 1 - abs(i)) for i in range(-reach, reach + 1)], dtype=maps.dtype)
    kernel = torch.outer(taps, taps) / taps.sum() ** 2
    padded = F.pad(maps[:, None], (reach,) * 4, mode="replicate")
    return F.conv2d(padded, kernel.to(maps.device)[None, None])[:, 0]
