"""A stage of R3GAN: the residual blocks of one resolution and the transition between it and the next.

Axes: n image, c channel, d size of a vector, h w rows and columns.
"""

from collections.abc import Iterable

import torch
from jaxtyping import Float
from torch import Tensor, nn

from allaprima.models.precision import enter_block
from allaprima.models.r3gan.layers import (
    DiscriminativeBasis,
    Downsampling,
    GenerativeBasis,
    ResidualBlock,
    Upsampling,
)
from allaprima.models.r3gan.spec import Backbone, R3GANDiscriminator, R3GANGenerator


class Stage(nn.Module):
    """Layers of one resolution, one after another. The base grid is entered from, and left as, a vector."""

    half_dtype: torch.dtype | None = None  # set by `allaprima.models.precision.set_half`

    def __init__(self, layers: Iterable[nn.Module], *, may_be_half: bool) -> None:
        super().__init__()
        self.may_be_half = may_be_half
        self.Layers = nn.ModuleList(layers)

    def forward(
        self, x: Float[Tensor, "n c h w"] | Float[Tensor, "n d"], *, force_fp32: bool = False
    ) -> Float[Tensor, "n c2 h2 w2"] | Float[Tensor, "n d2"]:
        """Map ``x``."""
        if x.ndim == 4:
            x = enter_block(x, None if force_fp32 else self.half_dtype)
        for layer in self.Layers:
            x = layer(x)
        return x


def generator_stage(spec: R3GANGenerator, resolution: int) -> Stage:
    """The transition to this resolution, then its blocks."""
    transition = (
        GenerativeBasis(spec.w_dim, spec.channels(4), spec.geometry.base)
        if resolution == 4
        else Upsampling(spec.channels(resolution // 2), spec.channels(resolution), resample_filter=spec.resample_filter)
    )
    return Stage([transition, *residual_blocks(spec, resolution)], may_be_half=spec.is_half(resolution))


def discriminator_stage(spec: R3GANDiscriminator, resolution: int) -> Stage:
    """The blocks of this resolution, then the transition from it."""
    transition = (
        DiscriminativeBasis(spec.channels(4), spec.embedded or 1, spec.geometry.base)
        if resolution == 4
        else Downsampling(
            spec.channels(resolution), spec.channels(resolution // 2), resample_filter=spec.resample_filter
        )
    )
    return Stage([*residual_blocks(spec, resolution), transition], may_be_half=spec.is_half(resolution))


def residual_blocks(spec: Backbone, resolution: int) -> list[nn.Module]:
    """All blocks of a resolution."""
    channels, groups = spec.channels(resolution), spec.groups(resolution)
    return [
        ResidualBlock(channels, expansion=spec.expansion, groups=groups, num_blocks=spec.num_blocks)
        for _ in range(spec.blocks_per_stage)
    ]
