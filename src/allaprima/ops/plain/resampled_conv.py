"""Convolutions that change the resolution, from the steps of StyleGAN2's appendix B; ``groups`` for modulated kernels.

Axes: n image, i input channel, o output channel, g input channels of a group, k kernel, h w rows and columns. Kernels
are 1×1 or 3×3, filters have an even number of taps.
"""

import torch.nn.functional as F
from einops import rearrange
from jaxtyping import Float
from torch import Tensor

from allaprima.ops.plain.upfirdn2d import downsample2d, upfirdn2d, upsample2d
from allaprima.ops.resampled_conv import Filter


def conv2d(
    x: Float[Tensor, "n i h w"], weight: Float[Tensor, "o g k k"], *, groups: int = 1
) -> Float[Tensor, "n o h w"]:
    """Correlate with ``weight``, keeping the size."""
    return F.conv2d(x, weight, padding=weight.shape[-1] // 2, groups=groups)


def upsampling_conv2d(
    x: Float[Tensor, "n i h w"], weight: Float[Tensor, "o g k k"], f: Filter, *, groups: int = 1
) -> Float[Tensor, "n o h2 w2"]:
    """Transposed convolution of stride 2, then the filter; 1×1: convolve, then up-sample."""
    k, taps = weight.shape[-1], f.shape[-1]
    if k == 1:
        return upsample2d(F.conv2d(x, weight, groups=groups), f)
    transposed = rearrange(weight, "(groups o) g k l -> (groups g) o k l", groups=groups)
    y = F.conv_transpose2d(x, transposed, stride=2, groups=groups)  # 2h + k - 2
    before, after = (taps + 1) // 2 + k // 2 - (k - 1), (taps - 2) // 2 + k // 2 - (k - 2)
    return upfirdn2d(y, f, padding=(before, after, before, after), gain=4)


def downsampling_conv2d(
    x: Float[Tensor, "n i h w"], weight: Float[Tensor, "o g k k"], f: Filter, *, groups: int = 1
) -> Float[Tensor, "n o h2 w2"]:
    """The filter, then a convolution of stride 2; 1×1: down-sample, then convolve."""
    k, taps = weight.shape[-1], f.shape[-1]
    if k == 1:
        return F.conv2d(downsample2d(x, f), weight, groups=groups)
    before, after = (taps - 1) // 2 + k // 2, (taps - 2) // 2 + k // 2
    y = upfirdn2d(x, f, padding=(before, after, before, after))
    return F.conv2d(y, weight, stride=2, groups=groups)
