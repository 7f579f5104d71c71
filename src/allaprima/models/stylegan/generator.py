"""The generator of StyleGAN (Karras et al. 2019), figure 1 (b).

Axes: n image, s style (one for each layer), d size of w, c channel, h w rows and columns; rgb stands for the channels
of an image.
"""

from functools import partial
from typing import Any

import torch
from einops import rearrange, repeat
from jaxtyping import Float
from torch import Tensor, nn

from allaprima.layers import Generators, HeLinear, NoiseMode
from allaprima.models.checkpointing import through
from allaprima.models.growth import Growing, GrowingGenerator, Stage, paint
from allaprima.models.precision import at_least_fp32, enter_block, in_format_of
from allaprima.models.progan.generator import to_rgb
from allaprima.models.stylegan.mapping import LabelConcatMapping
from allaprima.models.stylegan.spec import StyleGANGenerator
from allaprima.models.stylegan.styled import StyledConv2d, StyledFeatures


class SynthesisInput(nn.Module):
    """The base grid before any convolution: a learned constant, or a linear map of w; then noise and style."""

    def __init__(self, spec: StyleGANGenerator) -> None:
        super().__init__()
        channels, self.size = spec.channels(4), spec.geometry.base
        if spec.const_input:
            self.const = nn.Parameter(torch.ones(channels, *self.size))
        else:
            self.dense = HeLinear(spec.w_dim, channels * self.size[0] * self.size[1], gain=2**0.5 / 4, bias=False)
        self.styled = StyledFeatures(channels, size=self.size, spec=spec)

    def forward(
        self, w: Float[Tensor, "n d"], *, noise_mode: NoiseMode, generators: Generators
    ) -> Float[Tensor, "n c h w"]:
        """Feature maps in the style of ``w``."""
        if hasattr(self, "const"):
            x = repeat(self.const, "c h w -> n c h w", n=w.shape[0])
        else:
            x = rearrange(self.dense(w), "n (c h w) -> n c h w", h=self.size[0], w=self.size[1])
        y: Tensor = self.styled(x, w, noise_mode=noise_mode, generators=generators)
        return y


class SynthesisBlock(nn.Module):
    """All layers of one resolution: two styles."""

    half_dtype: torch.dtype | None = None  # set by `allaprima.models.precision.set_half`

    def __init__(self, spec: StyleGANGenerator, resolution: int) -> None:
        super().__init__()
        self.may_be_half = spec.is_half(resolution)
        out, size = spec.channels(resolution), spec.geometry.size(resolution)
        if resolution == 4:
            self.input = SynthesisInput(spec)
        else:
            self.conv0 = StyledConv2d(spec.channels(resolution // 2), out, size=size, spec=spec, up=True)
        self.conv1 = StyledConv2d(out, out, size=size, spec=spec)
        self.torgb = to_rgb(out, spec.img_channels, conv_clamp=spec.conv_clamp)

    def features(
        self,
        x: Tensor | None,
        *,
        ws: Float[Tensor, "n s d"],
        noise_mode: NoiseMode,
        generators: Generators,
        force_fp32: bool,
    ) -> Tensor:
        """Feature maps of the resolution before → of this one; the first block makes them of w alone."""
        first, second = ws.unbind(dim=1)
        if x is None:
            x = self.input(first, noise_mode=noise_mode, generators=generators)
        else:
            x = enter_block(x, None if force_fp32 else self.half_dtype)
            x = self.conv0(x, first, noise_mode=noise_mode, generators=generators)
        y: Tensor = self.conv1(x, second, noise_mode=noise_mode, generators=generators)
        return y

    def colours(self, x: Tensor) -> Tensor:
        """The image at this resolution."""
        image: Tensor = self.torgb(x)
        return at_least_fp32(image)


class SynthesisNetwork(Growing):
    """ws → image: a constant, painted over by one block after another, each twice as fine as the last."""

    recomputes: bool = False  # set by `allaprima.models.checkpointing.set_checkpointing`

    def __init__(self, spec: StyleGANGenerator) -> None:
        super().__init__(spec.geometry)
        self.num_ws, self.w_dim = spec.num_ws, spec.w_dim
        for resolution in spec.geometry.resolutions:
            self.add_module(f"b{resolution}", SynthesisBlock(spec, resolution))

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
        blocks = [block for block in self.children() if isinstance(block, SynthesisBlock)]
        how: dict[str, Any] = {"noise_mode": noise_mode, "generators": generators, "force_fp32": force_fp32}
        own = zip(blocks, rearrange(ws, "n (block two) d -> block n two d", two=2), strict=True)
        forgetting: dict[str, Any] = {"recompute": self.recomputes, "generators": generators}
        stages = [
            Stage(partial(through, partial(block.features, ws=styles, **how), **forgetting), block.colours)
            for block, styles in own
        ]
        return self.geometry.crop(paint(stages, self.missing()))


class Generator(GrowingGenerator):
    """z → image. `mapping` and `synthesis` may be called apart."""

    def __init__(self, spec: StyleGANGenerator) -> None:
        super().__init__(spec)
        self.synthesis = SynthesisNetwork(spec)
        self.mapping = LabelConcatMapping(spec)
