"""The layers of StyleGAN's synthesis network: Karras et al. (2019), figure 1 (b).

Axes: n image, i input channel, o output channel, c channel, d size of w, h w rows and columns.
"""

import torch
from jaxtyping import Float
from torch import Tensor, nn

from allaprima.layers import AdaIN, Count, Generators, HeConv2d, NoiseMode, instance_norm, pixel_norm
from allaprima.layers.noise import draw_noise
from allaprima.models.stylegan.spec import StyleGANGenerator
from allaprima.ops import bias_act


class StyledFeatures(nn.Module):
    """What follows on a convolution, or on the constant: noise, bias, activation, normalisation, style.

    Args:
        channels: Feature maps.
        size: (height, width) of the maps, before the crop to the image's size.
        spec: The generator, which says which of the steps there are.
    """

    noise_const: Tensor

    def __init__(self, channels: int, *, size: tuple[int, int], spec: StyleGANGenerator) -> None:
        super().__init__()
        self.size = size
        self.use_noise = spec.use_noise
        self.use_pixel_norm, self.use_instance_norm = spec.use_pixel_norm, spec.use_instance_norm
        self.conv_clamp = spec.conv_clamp
        if spec.use_noise:
            self.register_buffer("noise_const", torch.randn(size))
            self.noise_strength = nn.Parameter(torch.zeros(channels))  # block B: one for each feature map
        self.bias = nn.Parameter(torch.zeros(channels))
        normalize = spec.use_instance_norm
        self.adain = AdaIN(channels, w_dim=spec.w_dim, normalize=normalize) if spec.use_styles else None

    def forward(
        self, x: Float[Tensor, "n c h w"], w: Float[Tensor, "n d"], *, noise_mode: NoiseMode, generators: Generators
    ) -> Float[Tensor, "n c h w"]:
        """Finish the layer in the style of ``w``."""
        noise = self.noise(x.shape[0], mode=noise_mode, generators=generators)
        if noise is not None:
            x = x + noise.to(x.dtype)
        x = bias_act(x, self.bias, activation="lrelu", gain=1.0, clamp=self.conv_clamp)
        if self.use_pixel_norm:
            x = pixel_norm(x)
        if self.adain is not None:
            y: Tensor = self.adain(x, w)
            return y
        return instance_norm(x) if self.use_instance_norm else x

    def noise(self, count: Count, *, mode: NoiseMode, generators: Generators) -> Float[Tensor, "n c h w"] | None:
        """The noise of this layer, scaled; None if there is none (``const`` gives one image's for all)."""
        if not self.use_noise or mode == "none":
            return None
        if mode == "const":
            return self.noise_const * self.noise_strength[None, :, None, None]
        assert mode == "random", mode
        noise = draw_noise(count, *self.size, generators=generators, device=self.bias.device)
        return noise * self.noise_strength[None, :, None, None]


class StyledConv2d(nn.Module):
    """Convolution, perhaps doubling the resolution with a blur after it, and `StyledFeatures`."""

    def __init__(
        self, in_channels: int, out_channels: int, *, size: tuple[int, int], spec: StyleGANGenerator, up: bool = False
    ) -> None:
        super().__init__()
        self.conv = HeConv2d(
            in_channels, out_channels, bias=False, activation="linear", up=up, blur_filter=spec.blur_filter
        )
        self.styled = StyledFeatures(out_channels, size=size, spec=spec)

    def forward(
        self, x: Float[Tensor, "n i h w"], w: Float[Tensor, "n d"], *, noise_mode: NoiseMode, generators: Generators
    ) -> Float[Tensor, "n o h2 w2"]:
        """Map ``x`` in the style of ``w``."""
        y: Tensor = self.styled(self.conv(x), w, noise_mode=noise_mode, generators=generators)
        return y
