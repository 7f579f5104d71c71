"""Layers whose kernels are scaled by a style: StyleGAN2 (Karras et al. 2020), figure 2 (d)."""

from collections.abc import Sequence
from functools import partial

import torch
from jaxtyping import Float
from torch import Tensor, nn

from allaprima.layers.linear import EqualizedLinear
from allaprima.layers.noise import Count, Generators, NoiseMode, draw_noise
from allaprima.ops import (
    ACTIVATIONS,
    bias_act,
    demodulating_conv2d,
    kept_upsampling_conv2d,
    modulated_conv2d,
    scaled_bias_act_,
    setup_filter,
    split_gain,
    upsampling_conv2d,
)


class StyledConv2d(nn.Module):
    """Modulated 3×3 convolution, noise, bias, activation (one grey box of figure 2 d).

    Args:
        in_channels: Channels of the input.
        out_channels: Channels of the output.
        w_dim: Size of the latent vector w.
        size: (height, width) of the output, before the crop to the image's size.
        up: Double the resolution.
        use_noise: Whether to own noise.
        activation: Name in `allaprima.ops.ACTIVATIONS`.
        resample_filter: Taps of the low-pass filter.
        conv_clamp: Bound of the output for a gain of 1; None does not bound it.
    """

    resample_filter: Tensor
    noise_const: Tensor

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        *,
        w_dim: int,
        size: tuple[int, int],
        up: bool = False,
        use_noise: bool = True,
        activation: str = "lrelu",
        resample_filter: Sequence[float] = (1, 3, 3, 1),
        conv_clamp: float | None = None,
    ) -> None:
        super().__init__()
        self.size = size
        self.up = up
        self.use_noise = use_noise
        self.activation = activation
        self.conv_clamp = conv_clamp
        self.register_buffer("resample_filter", setup_filter(resample_filter))
        self.affine = EqualizedLinear(w_dim, in_channels, initial_bias=1.0)  # every style starts at 1
        self.weight = nn.Parameter(torch.randn(out_channels, in_channels, 3, 3))
        if use_noise:
            self.register_buffer("noise_const", torch.randn(size))
            self.noise_strength = nn.Parameter(torch.zeros([]))
        self.bias = nn.Parameter(torch.zeros(out_channels))

    def forward(
        self,
        x: Float[Tensor, "n i h w"],
        w: Float[Tensor, "n d"],
        *,
        noise_mode: NoiseMode = "random",
        generators: Generators = None,
        gain: float = 1.0,
    ) -> Float[Tensor, "n o h2 w2"]:
        """Map ``x`` in the style of ``w``; ``gain`` multiplies the activation's own gain, and the clamp.

        ``noise_mode`` and ``generators`` decide the noise, as `noise` says.
        """
        before, after = split_gain(self.activation, gain * ACTIVATIONS[self.activation].gain)
        y, scale = self._convolve(x, self.affine(w))
        noise = self.noise(x.shape[0], mode=noise_mode, generators=generators)
        return scaled_bias_act_(
            y,
            scale * before,
            None if noise is None else noise * before,
            self.bias * before,
            activation=self.activation,
            gain=after,
            clamp=None if self.conv_clamp is None else self.conv_clamp * gain,
        )

    def noise(self, count: Count, *, mode: NoiseMode, generators: Generators) -> Float[Tensor, "n 1 h w"] | None:
        """The noise of this layer, scaled, for ``count`` images; None if there is none.

        ``mode`` const gives one map for all images; random draws one for each from ``generators``.
        """
        if not self.use_noise or mode == "none":
            return None
        if mode == "const":
            return self.noise_const.view(-1, 1, *self.size) * self.noise_strength
        assert mode == "random", mode
        return draw_noise(count, *self.size, generators=generators, device=self.bias.device) * self.noise_strength

    def _convolve(self, x: Tensor, style: Tensor) -> tuple[Tensor, Tensor]:
        if not self.up:
            return demodulating_conv2d(x, self.weight, style)
        enlarge = partial(upsampling_conv2d, f=self.resample_filter)
        kept = partial(kept_upsampling_conv2d, f=self.resample_filter)
        return demodulating_conv2d(x, self.weight, style, convolve=enlarge, kept=kept)


class ToRGB(nn.Module):
    """Modulated 1×1 convolution without demodulation, to the channels of the image (tRGB of figure 7).

    Args:
        in_channels: Channels of the input.
        out_channels: Channels of the image.
        w_dim: Size of the latent vector w.
        conv_clamp: Bound of the output; None does not bound it.
    """

    def __init__(self, in_channels: int, out_channels: int, *, w_dim: int, conv_clamp: float | None = None) -> None:
        super().__init__()
        self.conv_clamp = conv_clamp
        self.affine = EqualizedLinear(w_dim, in_channels, initial_bias=1.0)
        self.weight = nn.Parameter(torch.randn(out_channels, in_channels, 1, 1))
        self.bias = nn.Parameter(torch.zeros(out_channels))
        self.weight_gain = 1 / in_channels**0.5

    def forward(self, x: Float[Tensor, "n i h w"], w: Float[Tensor, "n d"]) -> Float[Tensor, "n c h w"]:
        """The colours that ``x`` means, in the style of ``w``."""
        style = self.affine(w) * self.weight_gain
        y = modulated_conv2d(x, self.weight, style, demodulate=False)
        return bias_act(y, self.bias, clamp=self.conv_clamp)
