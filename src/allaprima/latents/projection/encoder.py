"""A first guess in one pass: a network from images to styles, made of the discriminator's blocks.

Richardson et al. (2021) guess one style for each layer, as an offset from the mean of W; so does this network. It is
small, and learns from nothing but the generator's own images: `allaprima.latents.projection.encoder_training`.

Axes: n image, s style (one for each layer), d size of w, c channel, h w rows and columns.
"""

from typing import Any

import torch
from einops import rearrange
from jaxtyping import Float, UInt8
from torch import Tensor, nn

from allaprima.errors import LatentError
from allaprima.images import to_network
from allaprima.latents.projection.start import mean_and_deviation
from allaprima.layers import EqualizedConv2d, EqualizedLinear
from allaprima.models import StyleGAN2Discriminator
from allaprima.models.stylegan2.discriminator import DiscriminatorBlock, from_rgb

CHANNEL_BASE, CHANNEL_MAX = 2048, 128
HIDDEN = 256
AT_ONCE = 32  # pictures that are looked at together


class Encoder(nn.Module):
    """Images → styles.

    Args:
        spec: Of the discriminator whose blocks these are; its last block and its labels have no part in it.
        num_ws: Styles of an image.
        w_dim: Size of w.

    Attributes:
        mean: The mean of W, where it starts from.
        deviation: Standard deviation of a number of w, which it counts in.
        seen: Images that it has learned from.
    """

    mean: Tensor
    deviation: Tensor
    seen: Tensor

    def __init__(self, spec: StyleGAN2Discriminator, *, num_ws: int, w_dim: int) -> None:
        super().__init__()
        self.spec, self.num_ws, self.w_dim = spec, num_ws, w_dim
        self.geometry = spec.geometry
        finer = self.geometry.resolutions[1:]
        self.blocks = nn.ModuleList(DiscriminatorBlock(spec, resolution) for resolution in reversed(finer))
        channels, (height, width) = spec.channels(4), self.geometry.base
        self.fromrgb = None if finer else from_rgb(spec, channels)
        self.conv = EqualizedConv2d(channels, channels, kernel_size=3, activation="lrelu")
        self.fc = EqualizedLinear(channels * height * width, HIDDEN, activation="lrelu")
        self.out = EqualizedLinear(HIDDEN, num_ws * w_dim)
        self.register_buffer("mean", torch.zeros(w_dim))
        self.register_buffer("deviation", torch.ones([]))
        self.register_buffer("seen", torch.zeros([], dtype=torch.float64))

    def forward(self, images: Float[Tensor, "n c h w"]) -> Float[Tensor, "n s d"]:
        """Guess the styles of images in [-1, 1]."""
        padded = self.geometry.pad(images)
        x: Any = None if self.fromrgb is None else self.fromrgb(padded)
        picture = padded if x is None else None
        for block in self.blocks:
            x, picture = block(x, picture)
        y = self.out(self.fc(rearrange(self.conv(x.float()), "n c h w -> n (c h w)")))
        ws: Tensor = self.mean + self.deviation * rearrange(y, "n (s d) -> n s d", s=self.num_ws)
        return ws

    def require(self, G: Any) -> None:
        """Raise `LatentError` unless this can be an encoder for ``G``."""
        own = (self.num_ws, self.w_dim, self.spec.img_channels, self.spec.height, self.spec.width)
        its = (G.num_ws, G.w_dim, G.img_channels, G.img_height, G.img_width)
        if own != its:
            raise LatentError(f"the encoder is for {_words(*own)}: this model has {_words(*its)}")


def new_encoder(G: Any, *, seed: int = 0, **label: Any) -> Encoder:
    """An encoder for a generator that has learned nothing yet: nearly the mean of W for every image.

    Args:
        G: The generator.
        seed: Of its random weights.
        label: ``class_index`` or ``c``, for a mean of one class.
    """
    spec = StyleGAN2Discriminator(
        height=G.img_height,
        width=G.img_width,
        img_channels=G.img_channels,
        channel_base=CHANNEL_BASE,
        channel_max=CHANNEL_MAX,
        mbstd_num_channels=0,
        num_fp16_res=64,
    )
    with torch.random.fork_rng(devices=()):
        torch.manual_seed(seed)
        encoder = Encoder(spec, num_ws=G.num_ws, w_dim=G.w_dim)
    mean, deviation = mean_and_deviation(G, **label)
    with torch.no_grad():
        encoder.out.weight.mul_(0.1)
        encoder.mean.copy_(mean[0, 0])
        encoder.deviation.fill_(deviation)
    return encoder.to(mean.device)


@torch.no_grad()
def guess(encoder: Encoder, targets: UInt8[Tensor, "n c h w"], *, at_once: int = AT_ONCE) -> Float[Tensor, "n s d"]:
    """The styles of pictures, at a glance."""
    device = encoder.mean.device
    return torch.cat([encoder(to_network(part).to(device)) for part in torch.split(targets, at_once)])


def _words(num_ws: int, w_dim: int, channels: int, height: int, width: int) -> str:
    return f"{num_ws} styles of {w_dim} numbers and images of {height}×{width} with {channels} channels"
