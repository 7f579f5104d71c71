"""The generator of StyleGAN2 (Karras et al. 2020), figure 7: skip, residual and original synthesis networks.

Axes: n image, s style (one for each layer), d size of w, c channel, h w rows and columns.
"""

import itertools
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

import torch
from einops import repeat
from jaxtyping import Float
from torch import Tensor, nn

from allaprima.layers import EqualizedConv2d, Generators, NoiseMode, StyledConv2d, ToRGB
from allaprima.models.checkpointing import through
from allaprima.models.growth import Growing, GrowingGenerator, Stage, paint
from allaprima.models.mapping import MappingNetwork
from allaprima.models.precision import at_least_fp32, enter_block, in_format_of
from allaprima.models.stylegan2.spec import StyleGAN2Generator
from allaprima.ops import setup_filter, upsample2d


class SynthesisBlock(nn.Module):
    """All layers of one resolution. Parameter names are the published ones."""

    resample_filter: Tensor
    half_dtype: torch.dtype | None = None  # set by `allaprima.models.precision.set_half`

    def __init__(self, spec: StyleGAN2Generator, resolution: int) -> None:
        super().__init__()
        self.is_first = resolution == 4
        self.is_last = resolution == spec.geometry.resolutions[-1]
        self.may_be_half = spec.is_half(resolution)
        self.architecture = spec.architecture
        out, size = spec.channels(resolution), spec.geometry.size(resolution)
        self.register_buffer("resample_filter", setup_filter(spec.resample_filter))

        def styled(in_channels: int, *, up: bool) -> StyledConv2d:
            return StyledConv2d(
                in_channels,
                out,
                w_dim=spec.w_dim,
                size=size,
                up=up,
                use_noise=spec.use_noise,
                resample_filter=spec.resample_filter,
                conv_clamp=spec.conv_clamp,
            )

        if self.is_first:
            self.const = nn.Parameter(torch.randn(out, *size))
        else:
            self.conv0 = styled(spec.channels(resolution // 2), up=True)
        self.conv1 = styled(out, up=False)
        if self.is_last or spec.architecture == "skip" or spec.growing:
            self.torgb = ToRGB(out, spec.img_channels, w_dim=spec.w_dim, conv_clamp=spec.conv_clamp)
        if not self.is_first and spec.architecture == "resnet":
            self.skip = EqualizedConv2d(
                spec.channels(resolution // 2),
                out,
                kernel_size=1,
                bias=False,
                up=True,
                resample_filter=spec.resample_filter,
            )

    @property
    def num_conv(self) -> int:
        """Layers that take a style, without ToRGB."""
        return 1 if self.is_first else 2

    def forward(
        self,
        x: Float[Tensor, "n c h w"] | None,
        image: Float[Tensor, "n rgb h w"] | None,
        ws: Float[Tensor, "n s d"],
        *,
        noise_mode: NoiseMode,
        generators: Generators,
        force_fp32: bool = False,
    ) -> tuple[Tensor, Tensor | None]:
        """Feature maps and the image so far → feature maps and the image at this resolution."""
        x = self.features(x, ws, noise_mode=noise_mode, generators=generators, force_fp32=force_fp32)
        if image is not None:
            image = upsample2d(image, self.resample_filter)
        if self.is_last or self.architecture == "skip":
            colours = self.colours(x, ws)
            image = colours if image is None else image + colours
        return x, image

    def features(
        self,
        x: Float[Tensor, "n c h w"] | None,
        ws: Float[Tensor, "n s d"],
        *,
        noise_mode: NoiseMode,
        generators: Generators,
        force_fp32: bool = False,
    ) -> Tensor:
        """Feature maps of the resolution before → of this one; the first block makes them of its constant."""
        styles: Iterator[Tensor] = iter(ws.unbind(dim=1))
        if x is None:
            x = repeat(self.const, "c h w -> n c h w", n=ws.shape[0])
        x = enter_block(x, None if force_fp32 else self.half_dtype)
        if self.is_first:
            x = self.conv1(x, next(styles), noise_mode=noise_mode, generators=generators)
        elif self.architecture == "resnet":
            shortcut = self.skip(x, gain=0.5**0.5)
            x = self.conv0(x, next(styles), noise_mode=noise_mode, generators=generators)
            x = self.conv1(x, next(styles), noise_mode=noise_mode, generators=generators, gain=0.5**0.5)
            x = shortcut + x
        else:
            x = self.conv0(x, next(styles), noise_mode=noise_mode, generators=generators)
            x = self.conv1(x, next(styles), noise_mode=noise_mode, generators=generators)
        return x

    def colours(self, x: Float[Tensor, "n c h w"], ws: Float[Tensor, "n s d"]) -> Float[Tensor, "n rgb h w"]:
        """What this block alone paints, in the style after those of its convolutions."""
        image: Tensor = self.torgb(x, ws[:, self.num_conv])
        return at_least_fp32(image)


Owned = tuple[SynthesisBlock, Tensor]  # a block and its styles

LARGE = 2**21  # numbers in an image's feature maps: 8 MB


def _one_by_one(block: SynthesisBlock, x: Tensor, how: dict[str, Any]) -> bool:
    """Whether to go on image by image, for less memory: on a CPU, a batch of large feature maps is no quicker.

    Not where one generator draws the noise of a batch: its numbers would come to other layers. Nor where each image
    was given noise of its own (`allaprima.models.paint_with_noise`).
    """
    shares_noise = how["noise_mode"] == "random" and not isinstance(how["generators"], Sequence)
    if block.conv1.use_noise and how["noise_mode"] == "const":
        shares_noise = block.conv1.noise_const.ndim > 2
    records = torch.is_grad_enabled() or torch.compiler.is_compiling()
    return not (shares_noise or records) and x.device.type == "cpu" and len(x) > 1 and x[0].numel() >= LARGE


def _alone(
    n: int, own: list[Owned], x: Tensor, image: Tensor | None, how: dict[str, Any]
) -> tuple[list[Owned], Tensor, Tensor | None, dict[str, Any]]:
    """What the n-th image needs of it all."""
    generators = how["generators"]
    mine = {**how, "generators": generators[n : n + 1] if isinstance(generators, Sequence) else generators}
    one = slice(n, n + 1)
    return [(block, styles[one]) for block, styles in own], x[one], None if image is None else image[one], mine


class SynthesisNetwork(Growing):
    """ws → image: a constant, painted over by one block after another, each twice as fine as the last."""

    recomputes: bool = False  # set by `allaprima.models.checkpointing.set_checkpointing`

    def __init__(self, spec: StyleGAN2Generator) -> None:
        super().__init__(spec.geometry, grows=spec.growing)
        self.num_ws, self.w_dim = spec.num_ws, spec.w_dim
        for resolution in spec.geometry.resolutions:
            self.add_module(f"b{resolution}", SynthesisBlock(spec, resolution))

    def blocks(self) -> Iterator[tuple[SynthesisBlock, int]]:
        """Each block, with the index of its first style. ToRGB shares the style of the next block's first layer."""
        blocks: list[SynthesisBlock] = [m for m in self.children() if isinstance(m, SynthesisBlock)]
        starts = itertools.accumulate((block.num_conv for block in blocks), initial=0)
        yield from zip(blocks, starts, strict=False)

    def forward(
        self,
        ws: Float[Tensor, "n s d"],
        *,
        noise_mode: NoiseMode = "random",
        generators: Generators = None,
        force_fp32: bool = False,
        update_emas: bool = False,
    ) -> Float[Tensor, "n rgb h w"]:
        """Paint.

        Args:
            ws: One style for each layer.
            noise_mode: ``random`` draws new noise, ``const`` takes the stored one, ``none`` adds none.
            generators: Where random noise comes from: one generator, or one for each image; None: the global one.
            force_fp32: Run all blocks in float32, also those that were set to half precision.
            update_emas: Ignored: there is no moving average here.

        Returns:
            Images, about [-1, 1], not clamped.
        """
        if ws.shape[1:] != (self.num_ws, self.w_dim):
            raise ValueError(f"ws must be [n, {self.num_ws}, {self.w_dim}], got {list(ws.shape)}")
        ws = in_format_of(self, ws)
        how: dict[str, Any] = {"noise_mode": noise_mode, "generators": generators, "force_fp32": force_fp32}
        own = [(block, ws[:, start : start + block.num_conv + 1]) for block, start in self.blocks()]
        if self.lod is not None:
            stages = [
                Stage(self._through(partial(b.features, ws=w, **how), generators), partial(b.colours, ws=w))
                for b, w in own
            ]
            return self.geometry.crop(paint(stages, self.missing()))
        return self.geometry.crop(self._paint(own, None, None, how))

    def _paint(self, own: list[Owned], x: Tensor | None, image: Tensor | None, how: dict[str, Any]) -> Tensor:
        """Run these blocks; from where a batch's feature maps are large, image by image."""
        for position, (block, styles) in enumerate(own):
            if x is not None and _one_by_one(block, x, how):
                rest = own[position:]
                return torch.cat([self._paint(*_alone(n, rest, x, image, how)) for n in range(len(x))])
            x, image = self._through(partial(block, **how), how["generators"])(x, image, styles)
        assert image is not None
        return image

    def _through(self, layers: Callable[..., Any], generators: Generators) -> Callable[..., Any]:
        return partial(through, layers, recompute=self.recomputes, generators=generators)


class Generator(GrowingGenerator):
    """z → image. `mapping` and `synthesis` may be called apart; attributes have the reference's names."""

    def __init__(self, spec: StyleGAN2Generator) -> None:
        super().__init__(spec)
        self.synthesis = SynthesisNetwork(spec)
        self.mapping = MappingNetwork(
            z_dim=spec.z_dim,
            c_dim=spec.c_dim,
            w_dim=spec.w_dim,
            num_ws=spec.num_ws,
            num_layers=spec.map_depth,
            lr_multiplier=spec.map_lr_multiplier,
            w_avg_beta=spec.w_avg_beta,
            embed_dim=spec.embed_dim,
            hidden_dim=spec.map_hidden,
            label=spec.label_input,
        )
