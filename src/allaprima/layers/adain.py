"""Adaptive instance normalisation: StyleGAN (Karras et al. 2019), section 2, equation 1; Huang & Belongie (2017).

Axes: n image, c channel, d size of w, h w rows and columns.
"""

import torch
from einops import rearrange
from jaxtyping import Float
from torch import Tensor, nn

from allaprima.layers.linear import EqualizedLinear

EPS = 1e-8


def instance_norm(x: Float[Tensor, "n c h w"]) -> Float[Tensor, "n c h w"]:
    """Bring each feature map of each image to mean 0 and variance 1: (x − μ) / σ in equation 1."""
    exact = x.to(torch.promote_types(x.dtype, torch.float32))
    variance, mean = torch.var_mean(exact, dim=(2, 3), unbiased=False, keepdim=True)
    return ((exact - mean) * (variance + EPS).rsqrt()).to(x.dtype)


class AdaIN(nn.Module):
    """Instance normalisation, then a scale and a shift for each feature map, both affine in w (block A of figure 1).

    Args:
        channels: Feature maps.
        w_dim: Size of the latent vector w.
        normalize: Off: scale and shift alone.
    """

    def __init__(self, channels: int, *, w_dim: int, normalize: bool = True) -> None:
        super().__init__()
        self.normalize = normalize
        self.affine = EqualizedLinear(w_dim, 2 * channels)  # scales less 1, then shifts: both start at 0

    def forward(self, x: Float[Tensor, "n c h w"], w: Float[Tensor, "n d"]) -> Float[Tensor, "n c h w"]:
        """Equation 1: y_s (x − μ) / σ + y_b, the style y = (y_s, y_b) being an affine map of w."""
        scale, shift = rearrange(self.affine(w), "n (two c) -> two n c 1 1", two=2).to(x.dtype)
        x = instance_norm(x) if self.normalize else x
        y: Tensor = x * (scale + 1) + shift
        return y
