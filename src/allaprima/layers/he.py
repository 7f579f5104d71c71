"""Layers with He's constant at run time: Progressive GAN (Karras et al. 2018), section 4.1; He et al. (2015).

The gain of the activation multiplies the weights, not the output, so that biases keep their own scale: the difference
from `EqualizedConv2d` and `EqualizedLinear`, which are StyleGAN2's.
"""

import math
from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor, nn

from allaprima.ops import (
    bias_act,
    conv2d,
    downsample_mean,
    downsampling_conv2d_mean,
    filter2d,
    setup_filter,
    upsampling_conv2d_nearest,
)

SQRT2 = math.sqrt(2)  # He's gain for rectified units


class HeConv2d(nn.Module):
    """Convolution, bias, activation; keeps, doubles (nearest) or halves (2×2 mean) the resolution.

    Args:
        in_channels: Channels of the input.
        out_channels: Channels of the output.
        kernel_size: 1 or 3; 3 if the resolution changes.
        gain: Factor in He's constant: √2 before a rectified unit, 1 before none.
        bias: Whether to add a bias.
        activation: Name in `allaprima.ops.ACTIVATIONS`.
        up: Double the resolution.
        down: Halve the resolution.
        blur_filter: Taps of a low-pass filter after doubling, before halving; none: no filter.
        halve_last: Average after the activation, not before.
        equalized: Multiply by He's constant at run time; off: at initialisation.
        conv_clamp: Bound of the output; None does not bound it.
    """

    blur_filter: Tensor | None

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        *,
        kernel_size: int = 3,
        gain: float = SQRT2,
        bias: bool = True,
        activation: str = "lrelu",
        up: bool = False,
        down: bool = False,
        blur_filter: Sequence[float] = (),
        halve_last: bool = False,
        equalized: bool = True,
        conv_clamp: float | None = None,
    ) -> None:
        super().__init__()
        self.activation = activation
        self.up, self.down = up, down and not halve_last
        self.halve_last = down and halve_last
        self.conv_clamp = conv_clamp
        constant = gain / (in_channels * kernel_size**2) ** 0.5
        self.weight_gain: float = constant if equalized else 1.0
        deviation = 1.0 if equalized else constant
        self.weight = nn.Parameter(torch.randn(out_channels, in_channels, kernel_size, kernel_size).mul_(deviation))
        self.bias = nn.Parameter(torch.zeros(out_channels)) if bias else None
        blurs = bool(blur_filter) and (up or down)
        self.register_buffer("blur_filter", setup_filter(blur_filter) if blurs else None)

    def forward(self, x: Float[Tensor, "n i h w"]) -> Float[Tensor, "n o h2 w2"]:
        """Map ``x``."""
        y = self._convolve(x, (self.weight * self.weight_gain).to(x.dtype))
        y = bias_act(y, self.bias, activation=self.activation, gain=1.0, clamp=self.conv_clamp)
        return downsample_mean(y) if self.halve_last else y

    def _convolve(self, x: Tensor, weight: Tensor) -> Tensor:
        if self.up:
            y = upsampling_conv2d_nearest(x, weight)
            return y if self.blur_filter is None else filter2d(y, self.blur_filter)
        if self.down:
            return downsampling_conv2d_mean(self._blurred(x), weight)
        return conv2d(self._blurred(x), weight)

    def _blurred(self, x: Tensor) -> Tensor:
        return x if self.blur_filter is None else filter2d(x, self.blur_filter)


class HeLinear(nn.Module):
    """Linear map, bias, activation; arguments as in `HeConv2d`."""

    def __init__(
        self,
        in_features: int,
        out_features: int,
        *,
        gain: float = SQRT2,
        bias: bool = True,
        activation: str = "linear",
        equalized: bool = True,
    ) -> None:
        super().__init__()
        self.activation = activation
        constant = gain / in_features**0.5
        self.weight_gain: float = constant if equalized else 1.0
        deviation = 1.0 if equalized else constant
        self.weight = nn.Parameter(torch.randn(out_features, in_features).mul_(deviation))
        self.bias = nn.Parameter(torch.zeros(out_features)) if bias else None

    def forward(self, x: Float[Tensor, "n i"]) -> Float[Tensor, "n o"]:
        """Map each row of ``x``."""
        y = x @ (self.weight * self.weight_gain).T
        return bias_act(y, self.bias, activation=self.activation, gain=1.0)
