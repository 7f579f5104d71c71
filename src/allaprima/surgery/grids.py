"""What is tied to the places of a grid, and how it gets to a grid of another size.

Pictures (a constant, the bases of R3GAN) are interpolated, bilinearly. What reads a grid reads a new one as if that had
been interpolated back first. Noise is tiled: interpolated noise would be neither white nor of unit variance.

Axes: h w rows and columns.
"""

import torch
import torch.nn.functional as F
from einops import einsum
from jaxtyping import Float
from torch import Tensor

Size = tuple[int, int]


def interpolation(old: int, new: int) -> Float[Tensor, "new old"]:
    """The matrix that takes ``old`` samples in a row to ``new`` of them; each of its rows has the sum 1; float64."""
    impulses = torch.eye(old, dtype=torch.float64)[None, None]  # one in each row of an image
    return F.interpolate(impulses, size=(old, new), mode="bilinear", antialias=True)[0, 0].T


def resample(pictures: Float[Tensor, "... h w"], size: Size) -> Float[Tensor, "... h2 w2"]:
    """Interpolate."""
    rows, columns = (interpolation(a, b).to(pictures) for a, b in zip(pictures.shape[-2:], size, strict=True))
    return einsum(rows, columns, pictures, "h2 h, w2 w, ... h w -> ... h2 w2")


def resample_reader(weights: Float[Tensor, "... h w"], size: Size) -> Float[Tensor, "... h2 w2"]:
    """The weights of a sum over a grid of ``size`` that equals the given one over the grid interpolated back."""
    rows, columns = (interpolation(b, a).to(weights) for a, b in zip(weights.shape[-2:], size, strict=True))
    return einsum(rows, columns, weights, "h h2, w w2, ... h w -> ... h2 w2")


def tile(noise: Float[Tensor, "h w"], size: Size) -> Float[Tensor, "h2 w2"]:
    """Repeat from the first row and column on, as often as needed."""
    rows, columns = (torch.arange(n, device=noise.device) % m for n, m in zip(size, noise.shape, strict=True))
    return noise[rows[:, None], columns]
