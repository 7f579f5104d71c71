"""The discriminator of Progressive GAN (Karras et al. 2018), table 2; StyleGAN's is the same with a blur.

Axes: n image, c channel, h w rows and columns; rgb stands for the channels of an image.
"""

from collections.abc import Sequence
from functools import partial

import torch
from einops import rearrange
from jaxtyping import Float
from torch import Tensor, nn

from allaprima.layers import HeConv2d, HeLinear, MinibatchStd
from allaprima.models.checkpointing import Forgetful
from allaprima.models.growth import Growing, look
from allaprima.models.judge import Judge
from allaprima.models.precision import at_least_fp32, enter_block
from allaprima.models.progan.spec import GrowingDiscriminatorNetwork, ProGANDiscriminator


class DiscriminatorBlock(nn.Module):
    """All layers of one resolution; halves it."""

    half_dtype: torch.dtype | None = None  # set by `allaprima.models.precision.set_half`

    def __init__(
        self,
        spec: GrowingDiscriminatorNetwork,
        resolution: int,
        *,
        activation: str,
        equalized: bool,
        blur_filter: Sequence[float],
        halve_last: bool,
    ) -> None:
        super().__init__()
        self.may_be_half = spec.is_half(resolution)
        here, there = spec.channels(resolution), spec.channels(resolution // 2)
        conv = partial(HeConv2d, activation=activation, equalized=equalized, conv_clamp=spec.conv_clamp)
        self.fromrgb = conv(spec.img_channels, here, kernel_size=1)
        self.conv0 = conv(here, here)
        self.conv1 = conv(here, there, down=True, blur_filter=blur_filter, halve_last=halve_last)

    def read(self, image: Float[Tensor, "n rgb h w"], /) -> Tensor:
        """Colours → feature maps."""
        x: Tensor = self.fromrgb(enter_block(image, self.half_dtype))
        return x

    def halve(self, x: Float[Tensor, "n c h w"], /) -> Tensor:
        """Feature maps → of half the resolution."""
        y: Tensor = self.conv1(self.conv0(enter_block(x, self.half_dtype)))
        return y


class DiscriminatorEpilogue(nn.Module):
    """The base grid: minibatch standard deviation, a convolution, two linear layers."""

    def __init__(self, spec: GrowingDiscriminatorNetwork, *, outputs: int, activation: str, equalized: bool) -> None:
        super().__init__()
        channels, (height, width) = spec.channels(4), spec.geometry.base
        conv = partial(HeConv2d, activation=activation, equalized=equalized, conv_clamp=spec.conv_clamp)
        self.fromrgb = conv(spec.img_channels, channels, kernel_size=1)
        self.mbstd = (
            MinibatchStd(group_size=spec.mbstd_group, num_channels=spec.mbstd_num_channels)
            if spec.mbstd_num_channels
            else None
        )
        self.conv = conv(channels + spec.mbstd_num_channels, channels)
        self.fc = HeLinear(channels * height * width, channels, activation=activation, equalized=equalized)
        self.out = HeLinear(channels, outputs, gain=1.0, equalized=equalized)

    def read(self, image: Float[Tensor, "n rgb h w"], /) -> Tensor:
        """Colours → feature maps."""
        x: Tensor = self.fromrgb(image)
        return x

    def forward(self, x: Float[Tensor, "n c h w"]) -> Float[Tensor, "n out"]:
        """Feature maps of the base grid → the network's outputs."""
        x = at_least_fp32(x).contiguous()
        if self.mbstd is not None:
            x = self.mbstd(x)
        y: Tensor = self.out(self.fc(rearrange(self.conv(x), "n c h w -> n (c h w)")))
        return y


class GrowingDiscriminator(Growing, Judge):
    """Image → outputs; what these mean is said by the classes that inherit from it."""

    recomputes: bool = False  # set by `allaprima.models.checkpointing.set_checkpointing`

    def __init__(
        self,
        spec: GrowingDiscriminatorNetwork,
        *,
        outputs: int,
        activation: str = "lrelu",
        equalized: bool = True,
        blur_filter: Sequence[float] = (),
        halve_last: bool = False,
    ) -> None:
        super().__init__(spec.geometry)
        self.spec = spec
        for resolution in reversed(spec.geometry.resolutions[1:]):
            block = DiscriminatorBlock(
                spec,
                resolution,
                activation=activation,
                equalized=equalized,
                blur_filter=blur_filter,
                halve_last=halve_last,
            )
            self.add_module(f"b{resolution}", block)
        self.b4 = DiscriminatorEpilogue(spec, outputs=outputs, activation=activation, equalized=equalized)

    def outputs(self, image: Float[Tensor, "n rgb h w"]) -> Float[Tensor, "n out"]:
        """The last layer's outputs for images in [-1, 1], of full size at any level of detail."""
        self.check(image)
        blocks = [block for block in self.children() if isinstance(block, DiscriminatorBlock)]
        stages = [Forgetful(b) for b in blocks] if self.recomputes else blocks
        y: Tensor = self.b4(look(self.geometry.pad(image), stages, self.b4, self.missing()))
        return y


class Discriminator(GrowingDiscriminator):
    """Image → a score, and with labels a logit for each class beside it (as in Odena et al. 2017).

    Attributes:
        label_head: Whether there are logits of classes.
    """

    def __init__(self, spec: ProGANDiscriminator) -> None:
        activation = "lrelu" if spec.leaky else "relu"
        super().__init__(
            spec,
            outputs=1 + spec.c_dim,
            activation=activation,
            equalized=spec.equalized,
            halve_last=spec.halve_last,
        )
        self.label_head = spec.c_dim > 0

    def forward(
        self, image: Float[Tensor, "n rgb h w"], c: Float[Tensor, "n c"] | None = None
    ) -> Float[Tensor, "n out"]:
        """Judge images in [-1, 1]: the score is column 0. ``c`` is ignored: labels are told, not read."""
        return self.outputs(image)
