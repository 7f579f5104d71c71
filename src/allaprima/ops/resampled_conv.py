"""Convolutions that change the resolution: StyleGAN2, section 4 and appendix B.

A convolution followed by a low-pass filter (up) or following one (down), so that no new frequencies fold into the
image.

Axes: n image, i input channel, o output channel, k kernel, h w rows and columns. Kernels are 1×1 or 3×3, filters have
an even number of taps.
"""

import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from allaprima.ops.cpu_choice import enlarging_by_products_pays, in_quick_layout, pays
from allaprima.ops.kept_conv import ENLARGED, kept_conv2d, kept_enlarging_conv2d
from allaprima.ops.transposed_conv import transposed_conv2d
from allaprima.ops.upfirdn2d import downsample2d, upfirdn2d, upsample2d
from allaprima.ops.winograd import takes, winograd_conv2d

Filter = Float[Tensor, "taps taps"] | Float[Tensor, "taps"]  # what `setup_filter` makes of few, of many taps


def conv2d(
    x: Float[Tensor, "n i h w"], weight: Float[Tensor, "o i k k"], *, padding: int | None = None
) -> Float[Tensor, "n o h2 w2"]:
    """Correlate with ``weight``.

    Args:
        x: Feature maps.
        weight: Kernel.
        padding: Zeros around the image; None: as many as keep the size.
    """
    padding = weight.shape[-1] // 2 if padding is None else padding
    kept = kept_conv2d(x, weight, padding=padding)
    if kept is not None:
        return kept
    if pays(x, weight) and takes(x, padding):
        return winograd_conv2d(x, weight, padding=padding)
    return F.conv2d(in_quick_layout(x, weight), weight, padding=padding)


def upsampling_conv2d(
    x: Float[Tensor, "n i h w"], weight: Float[Tensor, "o i k k"], f: Filter
) -> Float[Tensor, "n o h2 w2"]:
    """Convolve ``x`` with ``weight`` (k odd), double its size and filter with ``f``.

    The kernel is convolved, not correlated: published weights are stored in this orientation (a fact of the format, not
    of the paper), while `conv2d` and `downsampling_conv2d` correlate.
    """
    k = weight.shape[-1]
    if k == 1:  # colours do not mix with places: filter fewer or equal channels, afterwards
        return upsample2d(conv2d(x, weight), f)
    padding = _padding_of_enlarged(k, f)
    kept = kept_enlarging_conv2d(x, weight, f, padding)
    if kept is not None:
        return kept
    if enlarging_by_products_pays(x, weight):
        y = transposed_conv2d(x, weight)
    else:
        y = F.conv_transpose2d(in_quick_layout(x, weight), weight.transpose(0, 1), stride=2)  # 2h + k - 2
    return upfirdn2d(y, f, padding=padding, gain=ENLARGED)


def kept_upsampling_conv2d(
    x: Float[Tensor, "n i h w"], weight: Float[Tensor, "o i k k"], style: Float[Tensor, "n i"], f: Filter
) -> Float[Tensor, "n o h2 w2"] | None:
    """`upsampling_conv2d` of ``x`` times ``style``, with what is kept of the kernel (`KeptKernels`).

    None where nothing is kept of it, or where the style would be another pass over memory.

    Args:
        x: Feature maps.
        weight: A network's own kernel, as in `upsampling_conv2d`.
        style: Factors on the input's channels, of each image.
        f: Filter, made by `setup_filter`.
    """
    return kept_enlarging_conv2d(x, weight, f, _padding_of_enlarged(weight.shape[-1], f), style=style)


def _padding_of_enlarged(k: int, f: Filter) -> tuple[int, int, int, int]:
    """For the filter that follows the transposed convolution, in which each pixel paints ``k`` rows."""
    taps = f.shape[-1]
    before, after = (taps + 1) // 2 + k // 2 - (k - 1), (taps - 2) // 2 + k // 2 - (k - 2)
    return before, after, before, after


def downsampling_conv2d(
    x: Float[Tensor, "n i h w"], weight: Float[Tensor, "o i k k"], f: Filter
) -> Float[Tensor, "n o h2 w2"]:
    """Filter ``x`` with ``f``, halve its size and correlate with ``weight``; k is odd."""
    k, taps = weight.shape[-1], f.shape[-1]
    if k == 1:
        return conv2d(downsample2d(x, f), weight)
    before, after = (taps - 1) // 2 + k // 2, (taps - 2) // 2 + k // 2
    x = upfirdn2d(in_quick_layout(x, weight), f, padding=(before, after, before, after))
    return F.conv2d(x, weight, stride=2)
