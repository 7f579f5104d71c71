"""The discriminator of StyleGAN2 (Karras et al. 2020), figure 7, with the label projection of Miyato & Koyama (2018).

Axes: n image, c channel, h w rows and columns.
"""

import math

import torch
from einops import rearrange
from jaxtyping import Float
from torch import Tensor, nn

from allaprima.layers import EqualizedConv2d, EqualizedLinear, MinibatchStd
from allaprima.models.checkpointing import Forgetful, through
from allaprima.models.growth import Growing, look
from allaprima.models.judge import Judge
from allaprima.models.mapping import MappingNetwork
from allaprima.models.precision import at_least_fp32, enter_block, in_format_of
from allaprima.models.stylegan2.spec import StyleGAN2Discriminator
from allaprima.ops import downsample2d, setup_filter


class DiscriminatorBlock(nn.Module):
    """All layers of one resolution; halves it."""

    resample_filter: Tensor
    half_dtype: torch.dtype | None = None  # set by `allaprima.models.precision.set_half`

    def __init__(self, spec: StyleGAN2Discriminator, resolution: int) -> None:
        super().__init__()
        self.architecture = spec.architecture
        self.may_be_half = spec.is_half(resolution)
        here, there = spec.channels(resolution), spec.channels(resolution // 2)
        self.register_buffer("resample_filter", setup_filter(spec.resample_filter))
        self.sees_image = resolution == spec.geometry.resolutions[-1] or spec.architecture == "skip"
        if self.sees_image or spec.growing:
            self.fromrgb = from_rgb(spec, here)
        self.conv0 = EqualizedConv2d(here, here, kernel_size=3, activation="lrelu", conv_clamp=spec.conv_clamp)
        self.conv1 = EqualizedConv2d(
            here,
            there,
            kernel_size=3,
            activation="lrelu",
            down=True,
            resample_filter=spec.resample_filter,
            conv_clamp=spec.conv_clamp,
        )
        if spec.architecture == "resnet":
            self.skip = EqualizedConv2d(
                here, there, kernel_size=1, bias=False, down=True, resample_filter=spec.resample_filter
            )

    def forward(
        self, x: Float[Tensor, "n c h w"] | None, image: Float[Tensor, "n rgb h w"] | None
    ) -> tuple[Tensor, Tensor | None]:
        """Feature maps and the image, as far as it is still read → both at half the resolution."""
        if x is not None:
            x = enter_block(x, self.half_dtype)
        if self.sees_image:
            assert image is not None
            colours = self.read(image)
            x = colours if x is None else x + colours
            image = downsample2d(image, self.resample_filter) if self.architecture == "skip" else None
        assert x is not None
        return self.halve(x), image

    def read(self, image: Float[Tensor, "n rgb h w"], /) -> Tensor:
        """Colours → feature maps."""
        x: Tensor = self.fromrgb(enter_block(image, self.half_dtype))
        return x

    def halve(self, x: Float[Tensor, "n c h w"], /) -> Tensor:
        """Feature maps → of half the resolution."""
        x = enter_block(x, self.half_dtype)
        if self.architecture == "resnet":
            shortcut = self.skip(x, gain=0.5**0.5)
            y: Tensor = shortcut + self.conv1(self.conv0(x), gain=0.5**0.5)
        else:
            y = self.conv1(self.conv0(x))
        return y


class DiscriminatorEpilogue(nn.Module):
    """The base grid: minibatch standard deviation, a convolution, two linear layers."""

    def __init__(self, spec: StyleGAN2Discriminator) -> None:
        super().__init__()
        channels, (height, width) = spec.channels(4), spec.geometry.base
        self.sees_image = spec.architecture == "skip" or spec.geometry.doublings == 0
        if self.sees_image or spec.growing:
            self.fromrgb = from_rgb(spec, channels)
        self.mbstd = (
            MinibatchStd(group_size=spec.mbstd_group, num_channels=spec.mbstd_num_channels)
            if spec.mbstd_num_channels
            else None
        )
        self.conv = EqualizedConv2d(
            channels + spec.mbstd_num_channels,
            channels,
            kernel_size=3,
            activation="lrelu",
            conv_clamp=spec.conv_clamp,
        )
        self.fc = EqualizedLinear(channels * height * width, channels, activation="lrelu")
        self.out = EqualizedLinear(channels, spec.num_outputs)

    def read(self, image: Float[Tensor, "n rgb h w"], /) -> Tensor:
        """Colours → feature maps."""
        x: Tensor = self.fromrgb(image)
        return x

    def forward(self, x: Tensor | None, image: Tensor | None, cmap: Tensor | None) -> Float[Tensor, "n 1"]:
        """Feature maps of the base grid → logits."""
        if x is not None:
            x = at_least_fp32(x).contiguous()
        if self.sees_image and image is not None:
            colours = self.read(image)
            x = colours if x is None else x + colours
        if self.mbstd is not None:
            x = self.mbstd(x)
        y: Tensor = self.out(self.fc(rearrange(self.conv(x), "n c h w -> n (c h w)")))
        return y if cmap is None else (y * cmap).sum(dim=1, keepdim=True)


class Discriminator(Growing, Judge):
    """Image → logit, positive for what it takes for real."""

    recomputes: bool = False  # set by `allaprima.models.checkpointing.set_checkpointing`

    def __init__(self, spec: StyleGAN2Discriminator) -> None:
        super().__init__(spec.geometry, grows=spec.growing)
        self.spec = spec
        for resolution in reversed(spec.geometry.resolutions[1:]):
            self.add_module(f"b{resolution}", DiscriminatorBlock(spec, resolution))
        if spec.c_dim and spec.label_output == "projection":
            self.mapping = MappingNetwork(
                z_dim=0,
                c_dim=spec.c_dim,
                w_dim=spec.num_outputs,
                num_ws=None,
                num_layers=spec.map_depth,
                lr_multiplier=spec.map_lr_multiplier,
                embed_dim=spec.embed_dim,
                hidden_dim=spec.map_hidden,
            )
        self.b4 = DiscriminatorEpilogue(spec)

    def forward(self, image: Float[Tensor, "n rgb h w"], c: Float[Tensor, "n c"] | None = None) -> Float[Tensor, "n 1"]:
        """Judge images in [-1, 1]; ``c`` are their labels, None or [n, 0] for a network without labels."""
        self.check(image)
        blocks = [block for block in self.children() if isinstance(block, DiscriminatorBlock)]
        image = self.geometry.pad(image)
        x: Tensor | None = None
        picture: Tensor | None = None
        if self.lod is not None:
            x = look(image, [Forgetful(b) for b in blocks] if self.recomputes else blocks, self.b4, self.missing())
        else:
            picture = image
            for block in blocks:
                x, picture = through(block, x, picture, recompute=self.recomputes)
        logits: Tensor = self.b4(x, picture, self.label_weights(c))
        return logits

    def label_weights(self, c: Float[Tensor, "n c"] | None) -> Float[Tensor, "n d"] | None:
        """What the outputs are weighted with before they are summed up to one logit; None without labels."""
        if not self.c_dim:
            return None
        if self.spec.label_output == "projection":
            cmap: Tensor = self.mapping(None, c)
            return cmap / math.sqrt(cmap.shape[1])
        if c is None or c.shape[1:] != (self.c_dim,):
            shape = "None" if c is None else list(c.shape)
            raise ValueError(f"this model has labels: c must be [n, {self.c_dim}], got {shape}")
        return in_format_of(self, c)


def from_rgb(spec: StyleGAN2Discriminator, channels: int) -> EqualizedConv2d:
    """The 1×1 convolution that reads colours."""
    return EqualizedConv2d(spec.img_channels, channels, kernel_size=1, activation="lrelu", conv_clamp=spec.conv_clamp)
