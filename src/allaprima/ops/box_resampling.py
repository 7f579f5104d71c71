"""Nearest-neighbour doubling and 2×2 averaging, alone and fused with a convolution.

Progressive GAN (Karras et al. 2018), figure 2 and appendix A. A 3×3 kernel on an image of doubled pixels reads each
pixel of the small image several times; summed up beforehand, its weights are a 4×4 kernel of stride 2 on the small
image: 4 multiplications an output instead of 9. Halving is the mirror image of that: 4 instead of 9 likewise, as seen
from the large image.

Axes: n image, c channel, i input channel, o output channel, k kernel, h w rows and columns.
"""

import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor


def upsample_nearest(x: Float[Tensor, "n c h w"], factor: int = 2) -> Float[Tensor, "n c h2 w2"]:
    """Make a square of ``factor`` × ``factor`` pixels of each pixel."""
    return x if factor == 1 else F.interpolate(x, scale_factor=factor, mode="nearest")


def downsample_mean(x: Float[Tensor, "n c h w"], factor: int = 2) -> Float[Tensor, "n c h2 w2"]:
    """Average squares of ``factor`` × ``factor`` pixels."""
    return x if factor == 1 else F.avg_pool2d(x, factor)


def upsampling_conv2d_nearest(
    x: Float[Tensor, "n i h w"], weight: Float[Tensor, "o i 3 3"]
) -> Float[Tensor, "n o h2 w2"]:
    """``conv2d(upsample_nearest(x), weight)``, in one step: the kernel correlates with the image of doubled pixels."""
    kernel = _spread(weight.flip(2, 3))  # a transposed convolution paints its kernel, which turns it round
    return F.conv_transpose2d(x, kernel.transpose(0, 1), stride=2, padding=1)


def downsampling_conv2d_mean(
    x: Float[Tensor, "n i h w"], weight: Float[Tensor, "o i 3 3"]
) -> Float[Tensor, "n o h2 w2"]:
    """``downsample_mean(conv2d(x, weight))``, in one step."""
    return F.conv2d(x, _spread(weight) / 4, stride=2, padding=1)


def _spread(weight: Float[Tensor, "o i 3 3"]) -> Float[Tensor, "o i 4 4"]:
    """The sum of the four places that a 3×3 kernel can take in a 4×4 one: the kernel convolved with a 2×2 box."""
    w = F.pad(weight, (1, 1, 1, 1))
    return w[:, :, 1:, 1:] + w[:, :, 1:, :-1] + w[:, :, :-1, 1:] + w[:, :, :-1, :-1]
