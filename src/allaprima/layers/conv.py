"""Convolution with an equalised learning rate: Progressive GAN (Karras et al. 2018), section 4.1."""

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor, nn

from allaprima.ops import (
    ACTIVATIONS,
    bias_act,
    conv2d,
    downsampling_conv2d,
    setup_filter,
    split_gain,
    upsampling_conv2d,
)


class EqualizedConv2d(nn.Module):
    """Convolution, bias, activation, gain, clamp; keeps, doubles or halves the resolution.

    Args:
        in_channels: Channels of the input.
        out_channels: Channels of the output.
        kernel_size: 1 or 3.
        bias: Whether to add a bias.
        activation: Name in `allaprima.ops.ACTIVATIONS`.
        up: Double the resolution.
        down: Halve the resolution.
        resample_filter: Taps of the low-pass filter.
        conv_clamp: Bound of the output for a gain of 1; None does not bound it.
    """

    resample_filter: Tensor

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        *,
        kernel_size: int,
        bias: bool = True,
        activation: str = "linear",
        up: bool = False,
        down: bool = False,
        resample_filter: Sequence[float] = (1, 3, 3, 1),
        conv_clamp: float | None = None,
    ) -> None:
        super().__init__()
        self.activation = activation
        self.up, self.down = up, down
        self.conv_clamp = conv_clamp
        self.weight_gain = 1 / (in_channels * kernel_size**2) ** 0.5
        self.register_buffer("resample_filter", setup_filter(resample_filter))
        self.weight = nn.Parameter(torch.randn(out_channels, in_channels, kernel_size, kernel_size))
        self.bias = nn.Parameter(torch.zeros(out_channels)) if bias else None

    def forward(self, x: Float[Tensor, "n i h w"], *, gain: float = 1.0) -> Float[Tensor, "n o h2 w2"]:
        """Map ``x``; ``gain`` multiplies the activation's own gain, and the clamp (√½ in residual blocks)."""
        before, after = split_gain(self.activation, gain * ACTIVATIONS[self.activation].gain)
        weight = (self.weight * (self.weight_gain * before)).to(x.dtype)
        if self.up:
            y = upsampling_conv2d(x, weight, self.resample_filter)
        elif self.down:
            y = downsampling_conv2d(x, weight, self.resample_filter)
        else:
            y = conv2d(x, weight)
        bias = None if self.bias is None else self.bias * before
        clamp = None if self.conv_clamp is None else self.conv_clamp * gain
        return bias_act(y, bias, activation=self.activation, gain=after, clamp=clamp)
