"""StyleGAN2's generator and discriminator in the plain formulation; see `plain_networks.py`.

While they train, modulated convolutions scale feature maps instead of running as groups, as the published program does.

Axes: n image, s style, d size of w, c channel, h w rows and columns.
"""

import math
from collections.abc import Iterator
from functools import partial
from typing import Any

import torch
from einops import rearrange, repeat
from plain_layers import LRELU_GAIN, Conv, Linear, Mapping, PlainGenerator, empty_filter
from torch import Tensor, nn

from allaprima.layers.noise import Generators, NoiseMode, draw_noise
from allaprima.models.stylegan2 import StyleGAN2Discriminator, StyleGAN2Generator
from allaprima.ops import minibatch_std, plain


class Styled(nn.Module):
    """Modulated 3×3 convolution; noise; bias, activation, gain, clamp."""

    resample_filter: Tensor
    noise_const: Tensor

    def __init__(self, spec: StyleGAN2Generator, inside: int, outside: int, size: tuple[int, int], *, up: bool) -> None:
        super().__init__()
        self.size, self.up, self.use_noise, self.conv_clamp = size, up, spec.use_noise, spec.conv_clamp
        self.register_buffer("resample_filter", empty_filter(spec))
        self.affine = Linear(spec.w_dim, inside)
        self.weight = nn.Parameter(torch.empty(outside, inside, 3, 3))
        if spec.use_noise:
            self.register_buffer("noise_const", torch.empty(size))
            self.noise_strength = nn.Parameter(torch.empty([]))
        self.bias = nn.Parameter(torch.empty(outside))

    def forward(
        self, x: Tensor, w: Tensor, *, noise_mode: NoiseMode, generators: Generators, gain: float = 1.0
    ) -> Tensor:
        convolve = partial(plain.upsampling_conv2d, f=self.resample_filter) if self.up else plain.conv2d
        x = plain.modulated_conv2d(x, self.weight, self.affine(w), convolve=convolve, grouped=not self.training)
        if self.use_noise and noise_mode == "random":
            x = x + draw_noise(len(x), *self.size, generators=generators, device=x.device) * self.noise_strength
        if self.use_noise and noise_mode == "const":
            x = x + self.noise_const * self.noise_strength
        clamp = None if self.conv_clamp is None else self.conv_clamp * gain
        return plain.bias_act(x, self.bias, activation="lrelu", gain=LRELU_GAIN * gain, clamp=clamp)


class ToRGB(nn.Module):
    """Modulated 1×1 convolution without demodulation; bias and clamp."""

    def __init__(self, spec: StyleGAN2Generator, inside: int) -> None:
        super().__init__()
        self.conv_clamp, self.weight_gain = spec.conv_clamp, 1 / inside**0.5
        self.affine = Linear(spec.w_dim, inside)
        self.weight = nn.Parameter(torch.empty(spec.img_channels, inside, 1, 1))
        self.bias = nn.Parameter(torch.empty(spec.img_channels))

    def forward(self, x: Tensor, w: Tensor) -> Tensor:
        style = self.affine(w) * self.weight_gain
        x = plain.modulated_conv2d(x, self.weight, style, demodulate=False, grouped=not self.training)
        return plain.bias_act(x, self.bias, clamp=self.conv_clamp)


class SynthesisBlock(nn.Module):
    """All layers of one resolution."""

    resample_filter: Tensor

    def __init__(self, spec: StyleGAN2Generator, resolution: int) -> None:
        super().__init__()
        self.architecture, self.first = spec.architecture, resolution == 4
        here, size = spec.channels(resolution), spec.geometry.size(resolution)
        self.register_buffer("resample_filter", empty_filter(spec))
        if self.first:
            self.const = nn.Parameter(torch.empty(here, *size))
        else:
            before = spec.channels(resolution // 2)
            self.conv0 = Styled(spec, before, here, size, up=True)
        self.conv1 = Styled(spec, here, here, size, up=False)
        self.paints = spec.architecture == "skip" or resolution == spec.geometry.resolutions[-1]
        if self.paints:
            self.torgb = ToRGB(spec, here)
        if not self.first and spec.architecture == "resnet":
            up = plain.upsampling_conv2d
            self.skip = Conv(spec, before, here, kernel_size=1, activation="linear", bias=False, convolve=up)

    def forward(
        self, x: Tensor | None, image: Tensor | None, ws: Iterator[Tensor], colour: Tensor, **noise: Any
    ) -> tuple[Tensor, Tensor | None]:
        """``ws`` are those of the convolutions, ``colour`` is that of ToRGB."""
        if x is None:
            x = self.conv1(repeat(self.const, "c h w -> n c h w", n=len(colour)), next(ws), **noise)
        elif self.architecture == "resnet":
            shortcut = self.skip(x, gain=0.5**0.5)
            x = self.conv1(self.conv0(x, next(ws), **noise), next(ws), gain=0.5**0.5, **noise)
            x = shortcut + x
        else:
            x = self.conv1(self.conv0(x, next(ws), **noise), next(ws), **noise)
        if image is not None:
            image = plain.upsample2d(image, self.resample_filter)
        if self.paints:
            colours = self.torgb(x, colour)
            image = colours if image is None else image + colours
        return x, image


class StyleGAN2Synthesis(nn.Module):
    """ws → image."""

    def __init__(self, spec: StyleGAN2Generator) -> None:
        super().__init__()
        self.geometry = spec.geometry
        for resolution in spec.geometry.resolutions:
            self.add_module(f"b{resolution}", SynthesisBlock(spec, resolution))

    def forward(self, ws: Tensor, *, noise_mode: NoiseMode = "random", generators: Generators = None) -> Tensor:
        x, image, start = None, None, 0
        for block in self.children():
            count = 1 if x is None else 2
            own = ws[:, start : start + count].unbind(dim=1)
            colour = ws[:, start + count]
            x, image = block(x, image, iter(own), colour, noise_mode=noise_mode, generators=generators)
            start += count
        assert image is not None
        return self.geometry.crop(image)


class PlainStyleGAN2Generator(PlainGenerator):
    """StyleGAN2, figure 7: skip, residual or original."""

    def __init__(self, spec: StyleGAN2Generator) -> None:
        super().__init__()
        _refuse(spec)
        self.spec = spec
        self.synthesis = StyleGAN2Synthesis(spec)
        size = {"z_dim": spec.z_dim, "w_dim": spec.w_dim, "num_ws": spec.num_ws}
        self.mapping = Mapping(spec, **size, embed_dim=spec.embed_dim)


class DiscriminatorBlock(nn.Module):
    """All layers of one resolution; halves it."""

    resample_filter: Tensor

    def __init__(self, spec: StyleGAN2Discriminator, resolution: int) -> None:
        super().__init__()
        self.architecture = spec.architecture
        here, there = spec.channels(resolution), spec.channels(resolution // 2)
        self.register_buffer("resample_filter", empty_filter(spec))
        self.reads = spec.architecture == "skip" or resolution == spec.geometry.resolutions[-1]
        if self.reads:
            self.fromrgb = Conv(spec, spec.img_channels, here, kernel_size=1)
        down = plain.downsampling_conv2d
        self.conv0 = Conv(spec, here, here, kernel_size=3)
        self.conv1 = Conv(spec, here, there, kernel_size=3, convolve=down)
        if spec.architecture == "resnet":
            self.skip = Conv(spec, here, there, kernel_size=1, activation="linear", bias=False, convolve=down)

    def forward(self, x: Tensor | None, image: Tensor | None) -> tuple[Tensor, Tensor | None]:
        if self.reads:
            colours = self.fromrgb(image)
            x = colours if x is None else x + colours
            image = plain.downsample2d(image, self.resample_filter) if self.architecture == "skip" else None
        if self.architecture == "resnet":
            shortcut = self.skip(x, gain=0.5**0.5)
            return shortcut + self.conv1(self.conv0(x), gain=0.5**0.5), image
        return self.conv1(self.conv0(x)), image


class DiscriminatorEpilogue(nn.Module):
    """The base grid."""

    def __init__(self, spec: StyleGAN2Discriminator) -> None:
        super().__init__()
        channels, (height, width), maps = spec.channels(4), spec.geometry.base, spec.mbstd_num_channels
        self.group, self.maps = spec.mbstd_group, maps
        self.reads = spec.architecture == "skip" or spec.geometry.doublings == 0
        if self.reads:
            self.fromrgb = Conv(spec, spec.img_channels, channels, kernel_size=1)
        self.conv = Conv(spec, channels + maps, channels, kernel_size=3)
        self.fc = Linear(channels * height * width, channels, activation="lrelu")
        self.out = Linear(channels, spec.num_outputs)

    def forward(self, x: Tensor | None, image: Tensor | None) -> Tensor:
        if self.reads:
            colours = self.fromrgb(image)
            x = colours if x is None else x + colours
        if self.maps:
            x = minibatch_std(x, group_size=self.group, num_channels=self.maps)
        logits: Tensor = self.out(self.fc(rearrange(self.conv(x), "n c h w -> n (c h w)")))
        return logits


class PlainStyleGAN2Discriminator(nn.Module):
    """Image → logit."""

    def __init__(self, spec: StyleGAN2Discriminator) -> None:
        super().__init__()
        _refuse(spec)
        self.spec, self.geometry = spec, spec.geometry
        for resolution in reversed(spec.geometry.resolutions[1:]):
            self.add_module(f"b{resolution}", DiscriminatorBlock(spec, resolution))
        if spec.c_dim:
            self.mapping = Mapping(spec, z_dim=0, w_dim=spec.num_outputs, num_ws=None, embed_dim=spec.embed_dim)
        self.b4 = DiscriminatorEpilogue(spec)

    def forward(self, image: Tensor, c: Tensor | None = None) -> Tensor:
        x, rest = None, self.geometry.pad(image)
        for block in self.children():
            if isinstance(block, DiscriminatorBlock):
                x, rest = block(x, rest)
        logits: Tensor = self.b4(x, rest)
        if not self.spec.c_dim:
            return logits
        cmap = self.mapping(None, c)
        return (logits * cmap).sum(dim=1, keepdim=True) / math.sqrt(cmap.shape[1])


def _refuse(spec: Any) -> None:
    labels = (getattr(spec, "label_input", "embed"), getattr(spec, "label_output", "projection"))
    if spec.growing or labels != ("embed", "projection"):
        raise ValueError("there is no plain form of networks that grow, or of the labels of the TensorFlow programs")
