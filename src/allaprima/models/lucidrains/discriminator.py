"""The discriminator of ``stylegan2_pytorch``: a residual network of plain convolutions.

After StyleGAN2 (Karras et al. 2020), figure 7, without minibatch statistics. A block may quantise its output to learned
vectors (Zhao et al. 2020, "Feature Quantization Improves GAN Training", section 3).

Axes: n image, c channel, h w rows and columns, v vector of a dictionary.
"""

import torch
from einops import rearrange
from jaxtyping import Float
from torch import Tensor, nn

from allaprima.models.judge import Judge
from allaprima.models.lucidrains.colour import to_unit
from allaprima.models.lucidrains.layers import BLUR, blur, he_
from allaprima.models.lucidrains.spec import LucidrainsDiscriminator
from allaprima.ops import bias_act, setup_filter


class DiscriminatorBlock(nn.Module):
    """All layers of one resolution; halves it, unless it is the last."""

    blur_filter: Tensor
    codebook: Tensor

    def __init__(self, in_channels: int, out_channels: int, *, down: bool, dictionary: int | None) -> None:
        super().__init__()
        self.down, self.quantizes = down, dictionary is not None
        self.skip = he_(nn.Conv2d(in_channels, out_channels, 1, stride=2 if down else 1))
        self.conv0 = he_(nn.Conv2d(in_channels, out_channels, 3, padding=1))
        self.conv1 = he_(nn.Conv2d(out_channels, out_channels, 3, padding=1))
        if down:
            self.register_buffer("blur_filter", setup_filter(BLUR))
            self.conv2 = he_(nn.Conv2d(out_channels, out_channels, 3, stride=2, padding=1))
        if dictionary is not None:
            self.register_buffer("codebook", torch.randn(out_channels, dictionary))

    def forward(self, x: Float[Tensor, "n c h w"]) -> Float[Tensor, "n c2 h2 w2"]:
        """Feature maps, or the image → feature maps of half the resolution."""
        y = bias_act(self.conv0(x), activation="lrelu", gain=1.0)
        y = bias_act(self.conv1(y), activation="lrelu", gain=1.0)
        if self.down:
            y = self.conv2(blur(y, self.blur_filter))
        y = (y + self.skip(x)) * 0.5**0.5
        return quantize(y, self.codebook) if self.quantizes else y


class Discriminator(Judge):
    """Image → logit, positive for what it takes for real.

    Deviations: it takes images in [-1, 1] (`allaprima.models.lucidrains.colour`), and its sign is turned. By the hinge
    loss that the package trains with, its logits are negative for real images. (With its option of a dual contrastive
    loss they are positive; a file does not tell.) The vectors of quantisation are not learned further.
    """

    def __init__(self, spec: LucidrainsDiscriminator) -> None:
        super().__init__()
        self.spec = spec
        channels = spec.img_channels
        for number, resolution in enumerate(spec.resolutions, start=1):
            dictionary = spec.fq_dict_size if number in spec.fq_layers else None
            out, down = spec.channels(resolution), resolution > 2
            self.add_module(f"b{resolution}", DiscriminatorBlock(channels, out, down=down, dictionary=dictionary))
            channels = out
        self.conv = he_(nn.Conv2d(channels, channels, 3, padding=1))
        self.out = he_(nn.Linear(channels * 2 * 2, 1))

    def forward(self, image: Float[Tensor, "n rgb h w"], c: Float[Tensor, "n c"] | None = None) -> Float[Tensor, "n 1"]:
        """Judge images in [-1, 1]; ``c`` is ignored, as there are no labels."""
        self.check(image)
        x = to_unit(image.float())
        for block in self.children():
            x = block(x) if isinstance(block, DiscriminatorBlock) else x
        logits: Tensor = self.out(rearrange(self.conv(x), "n c h w -> n (c h w)"))
        return -logits


def quantize(x: Float[Tensor, "n c h w"], codebook: Float[Tensor, "c v"]) -> Float[Tensor, "n c h w"]:
    """Replace the vector at each pixel by the nearest of the codebook; the gradient passes straight through."""
    pixels = rearrange(x.detach(), "n c h w -> (n h w) c")
    nearest = torch.cdist(pixels, codebook.T).argmin(dim=1)
    codes = rearrange(codebook.T[nearest], "(n h w) c -> n c h w", n=len(x), h=x.shape[2])
    return x + (codes - x).detach()
