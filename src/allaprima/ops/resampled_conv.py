"""Convolutions that change the resolution: StyleGAN2, section 4 and appendix B.

A convolution followed by a low-pass filter (up) or following one (down), so that no new frequencies fold into the
image.

Axes: n image, i input channel, o output channel, k kernel, h w rows and columns. Kernels are 1×1 or 3×3, filters have
an even number of taps.
"""

import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from allaprima.ops.upfirdn2d import downsample2d, upfirdn2d, upsample2d

Filter = Float[Tensor, "taps taps"] | Float[Tensor, "taps"]  # what `setup_filter` makes of few, of many taps


def conv2d(x: Float[Tensor, "n i h w"], weight: Float[Tensor, "o i k k"]) -> Float[Tensor, "n o h w"]:
    """Correlate with ``weight``, keeping the size."""
    return F.conv2d(x, weight, padding=weight.shape[-1] // 2)


def upsampling_conv2d(
    x: Float[Tensor, "n i h w"], weight: Float[Tensor, "o i k k"], f: Filter
) -> Float[Tensor, "n o h2 w2"]:
    """Convolve and double the size.

    The kernel is convolved, not correlated: published weights are stored in this orientation (a fact of the format, not
    of the paper), while `conv2d` and `downsampling_conv2d` correlate.
    """
    k, taps = weight.shape[-1], f.shape[-1]
    if k == 1:  # colours do not mix with places: filter fewer or equal channels, afterwards
        return upsample2d(F.conv2d(x, weight), f)
    y = F.conv_transpose2d(x, weight.transpose(0, 1), stride=2)  # 2h + k - 2
    before, after = (taps + 1) // 2 + k // 2 - (k - 1), (taps - 2) // 2 + k // 2 - (k - 2)
    return upfirdn2d(y, f, padding=(before, after, before, after), gain=4)


def downsampling_conv2d(
    x: Float[Tensor, "n i h w"], weight: Float[Tensor, "o i k k"], f: Filter
) -> Float[Tensor, "n o h2 w2"]:
    """Halve the size and correlate with ``weight``."""
    k, taps = weight.shape[-1], f.shape[-1]
    if k == 1:
        return F.conv2d(downsample2d(x, f), weight)
    before, after = (taps - 1) // 2 + k // 2, (taps - 2) // 2 + k // 2
    return F.conv2d(upfirdn2d(x, f, padding=(before, after, before, after)), weight, stride=2)
