"""Minibatch standard deviation: Progressive GAN (Karras et al. 2018), section 3.

Axes: g place within a group, m group, f new channel, c channel of that part, h w rows and columns.
"""

import torch
from einops import rearrange, reduce, repeat
from jaxtyping import Float
from torch import Tensor

EPS = 1e-8


def minibatch_std(
    x: Float[Tensor, "n c h w"], *, group_size: int | None, num_channels: int = 1
) -> Float[Tensor, "n c2 h w"]:
    """Append ``num_channels`` feature maps that say how different the images of a group are.

    Images i, i + n/g, i + 2n/g … form a group. A batch that ``group_size`` does not divide is grouped by the largest
    smaller divisor, so that a last, smaller batch works too.

    Args:
        x: Feature maps.
        group_size: Images in a group; None or more than n: the whole batch.
        num_channels: Number of parts into which the channels are divided, each giving one map. Divides c.
    """
    n, _, h, w = x.shape
    g = actual_group(n, group_size)
    exact = x.to(torch.promote_types(x.dtype, torch.float32))
    parts = rearrange(exact, "(g m) (f c) h w -> g m f c h w", g=g, f=num_channels)
    std = (torch.var(parts, dim=0, unbiased=False) + EPS).sqrt()
    maps = repeat(reduce(std, "m f c h w -> m f", "mean"), "m f -> (g m) f h w", g=g, h=h, w=w)
    return torch.cat([x, maps.to(x.dtype)], dim=1)


def actual_group(n: int, group_size: int | None) -> int:
    """Images in a group of a batch of n: the largest divisor of n that is not larger than ``group_size``."""
    return next(d for d in range(min(group_size or n, n), 0, -1) if n % d == 0)
