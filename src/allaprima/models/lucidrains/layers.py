"""Layers of ``stylegan2_pytorch``: plain weights, initialised as He et al. (2015) say, not scaled at run time.

Axes: n image, i input channel, o output channel, d size of w, c image channel, h w rows and columns.
"""

from typing import TypeVar

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from allaprima.ops import bias_act, modulated_conv2d, setup_filter, upfirdn2d

BLUR = (1, 2, 1)
Layer = TypeVar("Layer", nn.Linear, nn.Conv2d)


class SlowLinear(nn.Module):
    """Linear map and leaky ReLU of weights that learn at ``lr_multiplier`` of the learning rate.

    Deviation from `allaprima.layers.EqualizedLinear`: neither He's constant nor a gain after the activation.
    """

    def __init__(self, in_features: int, out_features: int, *, lr_multiplier: float) -> None:
        super().__init__()
        self.lr_multiplier = lr_multiplier
        self.weight = nn.Parameter(torch.randn(out_features, in_features))
        self.bias = nn.Parameter(torch.zeros(out_features))

    def forward(self, x: Float[Tensor, "n i"]) -> Float[Tensor, "n o"]:
        """Map each row of ``x``."""
        y = F.linear(x, self.weight * self.lr_multiplier)
        return bias_act(y, self.bias * self.lr_multiplier, activation="lrelu", gain=1.0)


class StyledConv2d(nn.Module):
    """Modulated 3×3 convolution (StyleGAN2, section 2.2), noise with a strength for each feature map, bias, leaky ReLU.

    Args:
        in_channels: Channels of the input.
        out_channels: Channels of the output.
        w_dim: Size of the latent vector w.
    """

    def __init__(self, in_channels: int, out_channels: int, *, w_dim: int) -> None:
        super().__init__()
        self.affine = he_(nn.Linear(w_dim, in_channels))  # styles less 1
        self.weight = he_normal(out_channels, in_channels, 3)
        self.noise_strength = nn.Parameter(torch.zeros(out_channels))
        self.bias = nn.Parameter(torch.zeros(out_channels))

    def forward(
        self, x: Float[Tensor, "n i h w"], w: Float[Tensor, "n d"], noise: Float[Tensor, "m 1 h w"] | None
    ) -> Float[Tensor, "n o h w"]:
        """Map ``x`` in the style of ``w``; None is noise of 0."""
        y = modulated_conv2d(x, self.weight, self.affine(w) + 1)
        if noise is not None:
            y = y + noise * self.noise_strength[:, None, None]
        return bias_act(y, self.bias, activation="lrelu", gain=1.0)


class ToRGB(nn.Module):
    """Colours, added to those of the coarser grids; then the sum is doubled, if this is not the last grid.

    Deviation from StyleGAN2, figure 7, where the coarser image is doubled *before* the finer one is added: here each
    resolution's own colours are blurred as well, all but the last's.
    """

    blur_filter: Tensor

    def __init__(self, in_channels: int, out_channels: int, *, w_dim: int, up: bool) -> None:
        super().__init__()
        self.up = up
        self.affine = he_(nn.Linear(w_dim, in_channels))
        self.weight = he_normal(out_channels, in_channels, 1)
        if up:
            self.register_buffer("blur_filter", setup_filter(BLUR))

    def forward(
        self, x: Float[Tensor, "n i h w"], image: Float[Tensor, "n c h w"] | None, w: Float[Tensor, "n d"]
    ) -> Float[Tensor, "n c h2 w2"]:
        """Feature maps and the image so far, of the same size → the image."""
        colours = modulated_conv2d(x, self.weight, self.affine(w) + 1, demodulate=False)
        image = colours if image is None else image + colours
        return blur(double(image), self.blur_filter) if self.up else image


def double(x: Float[Tensor, "n c h w"]) -> Float[Tensor, "n c h2 w2"]:
    """Twice as many rows and columns, bilinear."""
    return F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False)


def blur(x: Float[Tensor, "n c h w"], f: Float[Tensor, "k k"]) -> Float[Tensor, "n c h w"]:
    """Filter with three taps a side; edges are mirrored, so that they do not darken."""
    return upfirdn2d(F.pad(x, (1, 1, 1, 1), mode="reflect"), f)


def he_normal(out_channels: int, in_channels: int, size: int) -> nn.Parameter:
    """A new kernel for a rectified unit: He et al. (2015), equation 10."""
    return nn.Parameter(torch.randn(out_channels, in_channels, size, size).mul_((2 / (in_channels * size**2)) ** 0.5))


def he_(layer: Layer) -> Layer:
    """``layer`` with such weights; its bias stays as PyTorch draws it."""
    nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
    return layer
