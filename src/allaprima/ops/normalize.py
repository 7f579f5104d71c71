"""Normalisation of latents: Progressive GAN (Karras et al. 2018), section 4.2, applied to vectors."""

from jaxtyping import Float
from torch import Tensor

EPS = 1e-8


def normalize_second_moment(x: Float[Tensor, "n d"], *, dim: int = 1) -> Float[Tensor, "n d"]:
    """Scale so that the mean square along ``dim`` is 1."""
    return x * (x.square().mean(dim=dim, keepdim=True) + EPS).rsqrt()
