"""Pixelwise normalisation of feature vectors: Progressive GAN (Karras et al. 2018), section 4.2.

Axes: n image, c channel, h w rows and columns.
"""

import torch
from jaxtyping import Float
from torch import Tensor

EPS = 1e-8


def pixel_norm(x: Float[Tensor, "n c h w"]) -> Float[Tensor, "n c h w"]:
    """Scale each pixel's vector so that its mean square over the channels is 1; nothing of it is learned."""
    exact = x.to(torch.promote_types(x.dtype, torch.float32))
    return (exact * (exact.square().mean(dim=1, keepdim=True) + EPS).rsqrt()).to(x.dtype)
