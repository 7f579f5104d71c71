"""Modulated convolution as the paper writes it: StyleGAN2 (Karras et al. 2020), section 2.2 and appendix B.

Axes: n image, i input channel, o output channel, k l kernel row and column, h w image row and column.
"""

from collections.abc import Callable

from einops import einsum, rearrange, reduce
from jaxtyping import Float
from torch import Tensor

from allaprima.ops.modulated_conv import EPS
from allaprima.ops.plain.resampled_conv import conv2d


def modulated_conv2d(
    x: Float[Tensor, "n i h w"],
    weight: Float[Tensor, "o i k l"],
    style: Float[Tensor, "n i"],
    *,
    demodulate: bool = True,
    convolve: Callable[..., Tensor] = conv2d,
    gain: float | Float[Tensor, ""] = 1.0,
    grouped: bool = True,
) -> Float[Tensor, "n o h2 w2"]:
    """Convolve every image with a kernel of its own, which is made first: [n, o, i, k, l].

    Args:
        x: Feature maps.
        weight: Shared kernel.
        style: Scale of each input channel, per image.
        demodulate: Divide each output channel by the scale it is expected to have (equation 3).
        convolve: One of this package's convolutions; it is told the number of ``groups``.
        gain: Factor on the output.
        grouped: Run the n kernels as the groups of one convolution (appendix B). Off, as the published program trains:
            the kernels serve demodulation alone, the shared kernel is run, and its input and output are scaled.
    """
    kernels = einsum(weight, style, "o i k l, n i -> n o i k l")  # equation 1
    factor = None
    if demodulate:
        factor = (reduce(kernels.square(), "n o i k l -> n o", "sum") + EPS).rsqrt()  # equation 3
    if not grouped:
        y = convolve(x * rearrange(style, "n i -> n i 1 1"), weight)
        y = y if factor is None else y * rearrange(factor, "n o -> n o 1 1")
        return _times(y, gain)
    if factor is not None:
        kernels = kernels * rearrange(factor, "n o -> n o 1 1 1")
    kernels = _times(kernels, gain)
    n = len(x)
    side_by_side = rearrange(x, "n i h w -> 1 (n i) h w")
    y = convolve(side_by_side, rearrange(kernels, "n o i k l -> (n o) i k l"), groups=n)
    return rearrange(y, "1 (n o) h w -> n o h w", n=n)


def _times(x: Tensor, gain: float | Tensor) -> Tensor:
    return x if isinstance(gain, float) and gain == 1 else x * gain
