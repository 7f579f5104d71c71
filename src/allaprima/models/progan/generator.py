"""The generator of Progressive GAN (Karras et al. 2018), table 2.

Axes: n image, s style (here one), d size of w, c channel, h w rows and columns; rgb stands for the channels of
an image.
"""

from functools import partial
from typing import Any

import torch
from einops import rearrange
from jaxtyping import Float
from torch import Tensor, nn

from allaprima.layers import Generators, HeConv2d, HeLinear, NoiseMode, pixel_norm
from allaprima.models.checkpointing import through
from allaprima.models.growth import Growing, GrowingGenerator, Stage, paint
from allaprima.models.mapping import LatentNormalization
from allaprima.models.precision import at_least_fp32, enter_block, in_format_of
from allaprima.models.progan.spec import ProGANGenerator
from allaprima.ops import bias_act


class SynthesisBlock(nn.Module):
    """All layers of one resolution."""

    half_dtype: torch.dtype | None = None  # set by `allaprima.models.precision.set_half`

    def __init__(self, spec: ProGANGenerator, resolution: int) -> None:
        super().__init__()
        self.is_first = resolution == 4
        self.may_be_half = spec.is_half(resolution)
        self.pixel_norm, self.conv_clamp = spec.pixel_norm, spec.conv_clamp
        self.size = spec.geometry.size(resolution)
        self.activation = "lrelu" if spec.leaky else "relu"
        out = spec.channels(resolution)
        conv = partial(HeConv2d, activation=self.activation, equalized=spec.equalized, conv_clamp=spec.conv_clamp)
        if self.is_first:
            self.dense = HeLinear(
                spec.w_dim, out * self.size[0] * self.size[1], gain=2**0.5 / 4, bias=False, equalized=spec.equalized
            )  # a quarter of He's gain: a fact of the published networks, not of the paper
            self.bias = nn.Parameter(torch.zeros(out, *self.size) if spec.bias_per_place else torch.zeros(out))
        else:
            self.conv0 = conv(spec.channels(resolution // 2), out, up=True)
        self.conv1 = conv(out, out)
        self.torgb = to_rgb(out, spec.img_channels, equalized=spec.equalized, conv_clamp=spec.conv_clamp)

    def features(self, x: Tensor | None, w: Float[Tensor, "n d"], *, force_fp32: bool = False) -> Tensor:
        """Feature maps of the resolution before → of this one; the first block makes them of w."""
        if x is None:
            x = rearrange(self.dense(w), "n (c h w) -> n c h w", h=self.size[0], w=self.size[1])
            bias = self.bias if self.bias.ndim == 3 else rearrange(self.bias, "c -> c 1 1")
            x = bias_act(x + bias, None, activation=self.activation, gain=1.0, clamp=self.conv_clamp)
        else:
            x = self.conv0(enter_block(x, None if force_fp32 else self.half_dtype))
        return self._normalize(self.conv1(self._normalize(x)))

    def colours(self, x: Tensor) -> Tensor:
        """The image at this resolution."""
        image: Tensor = self.torgb(x)
        return at_least_fp32(image)

    def _normalize(self, x: Tensor) -> Tensor:
        return pixel_norm(x) if self.pixel_norm else x


class SynthesisNetwork(Growing):
    """w → image: each block is twice as fine as the last."""

    recomputes: bool = False  # set by `allaprima.models.checkpointing.set_checkpointing`

    def __init__(self, spec: ProGANGenerator) -> None:
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
        """Paint images of ``ws``, about [-1, 1], not clamped.

        ``force_fp32`` runs all blocks in float32. There is no noise and no moving average here: ``noise_mode``,
        ``generators`` and ``update_emas`` are ignored.
        """
        if ws.shape[1:] != (self.num_ws, self.w_dim):
            raise ValueError(f"ws must be [n, {self.num_ws}, {self.w_dim}], got {list(ws.shape)}")
        w = in_format_of(self, ws[:, 0])
        blocks = [block for block in self.children() if isinstance(block, SynthesisBlock)]
        how: dict[str, Any] = {"w": w, "force_fp32": force_fp32}
        stages = [
            Stage(partial(through, partial(block.features, **how), recompute=self.recomputes), block.colours)
            for block in blocks
        ]
        return self.geometry.crop(paint(stages, self.missing()))


class Generator(GrowingGenerator):
    """z → image. `mapping` normalises z with the label, `synthesis` paints."""

    def __init__(self, spec: ProGANGenerator) -> None:
        super().__init__(spec)
        self.synthesis = SynthesisNetwork(spec)
        self.mapping = LatentNormalization(z_dim=spec.z_dim, c_dim=spec.c_dim)


def to_rgb(in_channels: int, out_channels: int, *, equalized: bool = True, conv_clamp: float | None) -> HeConv2d:
    """The 1×1 convolution that makes colours (toRGB of figure 2)."""
    return HeConv2d(
        in_channels,
        out_channels,
        kernel_size=1,
        gain=1.0,
        activation="linear",
        equalized=equalized,
        conv_clamp=conv_clamp,
    )
