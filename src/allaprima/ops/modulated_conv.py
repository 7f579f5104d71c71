"""Modulated convolution: StyleGAN2 (Karras et al. 2020), section 2.2.

Axes: n image, i input channel, o output channel, k l kernel row and column, h w image row and column.
"""

from collections.abc import Callable

from einops import reduce
from jaxtyping import Float
from torch import Tensor

from allaprima.ops.resampled_conv import conv2d

EPS = 1e-8  # keeps the square root in equation 3 away from zero


def demodulation(weight: Float[Tensor, "o i k l"], style: Float[Tensor, "n i"]) -> Float[Tensor, "n o"]:
    """The factor that brings each output channel back to unit variance (equation 3).

    The sum of squares of the modulated kernel is a product of the squared styles with the squared kernel, summed over
    k and l first: the tensor [n, o, i, k, l] is never made.
    """
    squares = reduce(weight.square(), "o i k l -> o i", "sum")
    return (style.square() @ squares.T + EPS).rsqrt()


def modulated_conv2d(
    x: Float[Tensor, "n i h w"],
    weight: Float[Tensor, "o i k l"],
    style: Float[Tensor, "n i"],
    *,
    demodulate: bool = True,
    convolve: Callable[[Tensor, Tensor], Tensor] = conv2d,
    gain: float = 1.0,
) -> Float[Tensor, "n o h2 w2"]:
    """Convolve every image of the batch with its own, style-scaled copy of ``weight``.

    Scaling the kernel's input channels (equation 1) is scaling the image's, and demodulating its output channels is
    scaling the result's, so that one ordinary convolution serves the whole batch.

    Args:
        x: Feature maps, unit variance expected; float32, or half precision.
        weight: Shared kernel, float32; k and l odd.
        style: Scale of each input channel, per image, float32; 1 leaves the channel as it is.
        demodulate: Divide each output channel by the scale it is expected to have (equation 3).
            Off in ToRGB, whose output is a colour and must keep its scale.
        convolve: The convolution, perhaps one that changes the resolution.
        gain: Factor on the output.
    """
    if demodulate and x.element_size() == 2:  # equal after demodulation, and far from the end of half's range
        weight = weight / (weight.shape[1:].numel() ** 0.5 * weight.abs().amax(dim=(1, 2, 3), keepdim=True))
        style = style / style.abs().amax(dim=1, keepdim=True)
    if not demodulate:
        return convolve(x * _per_channel(style * gain, x), weight.to(x.dtype))
    y = convolve(x * _per_channel(style, x), weight.to(x.dtype))
    return y * _per_channel(demodulation(weight, style) * gain, y)


def _per_channel(scale: Tensor, x: Tensor) -> Tensor:
    return scale.to(x.dtype)[:, :, None, None]
