"""The generator of ``stylegan2_pytorch``: a skip network after StyleGAN2 (Karras et al. 2020), figure 7.

Axes: n image, s style (one for each resolution), z d sizes of z and w, c channel, h w rows and columns; rgb stands for
the channels of an image.
"""

import torch
import torch.nn.functional as F
from einops import rearrange, reduce, repeat
from jaxtyping import Float
from torch import Tensor, nn

from allaprima.layers import Count, Generators, NoiseMode
from allaprima.models.lucidrains.colour import to_signed
from allaprima.models.lucidrains.layers import SlowLinear, StyledConv2d, ToRGB, double, he_
from allaprima.models.lucidrains.spec import LucidrainsGenerator
from allaprima.models.mapping import MappingNetwork
from allaprima.models.painter import Painter


class UnitMapping(MappingNetwork):
    """z → w, of latents of length 1, where the other mapping networks have the length √z.

    The published package has no running average of w; it takes the mean of some thousand whenever it truncates.
    """

    def __init__(self, spec: LucidrainsGenerator) -> None:
        super().__init__(z_dim=spec.z_dim, c_dim=0, w_dim=spec.w_dim, num_ws=spec.num_ws, num_layers=0)
        self.num_layers = spec.map_depth
        for i in range(spec.map_depth):
            layer = SlowLinear(spec.w_dim, spec.w_dim, lr_multiplier=spec.map_lr_multiplier)
            self.add_module(f"fc{i}", layer)

    def inputs(self, z: Tensor | None, c: Tensor | None) -> Tensor:
        """The vector that the layers map; there are no labels."""
        if z is None or z.shape[1:] != (self.z_dim,):
            raise ValueError(f"z must be [n, {self.z_dim}], got {None if z is None else list(z.shape)}")
        return F.normalize(z.float(), dim=1)


class SynthesisBlock(nn.Module):
    """All layers of one resolution, in one style."""

    def __init__(self, spec: LucidrainsGenerator, resolution: int) -> None:
        super().__init__()
        self.is_first = resolution == 4
        self.resolution = resolution
        out = spec.channels(resolution)
        before = out if self.is_first else spec.channels(resolution // 2)
        self.conv0 = StyledConv2d(before, out, w_dim=spec.w_dim)
        self.conv1 = StyledConv2d(out, out, w_dim=spec.w_dim)
        self.torgb = ToRGB(out, spec.img_channels, w_dim=spec.w_dim, up=resolution != spec.height)

    def forward(
        self,
        x: Float[Tensor, "n c h w"],
        image: Float[Tensor, "n rgb h2 w2"] | None,
        w: Float[Tensor, "n d"],
        noise: Float[Tensor, "m side side"] | None,
    ) -> tuple[Tensor, Tensor]:
        """Feature maps of the resolution before, and the image at this one → feature maps, and the image at the next.

        All layers see the upper left part of one noise image, with rows and columns exchanged, as published.
        """
        if not self.is_first:
            x = double(x)
        if noise is not None:
            noise = rearrange(noise[:, : self.resolution, : self.resolution], "m w h -> m 1 h w")
        x = self.conv1(self.conv0(x, w, noise), w, noise)
        return x, self.torgb(x, image, w)


class SynthesisNetwork(nn.Module):
    """ws → image.

    Deviations: images are in [-1, 1] (`allaprima.models.lucidrains.colour`). The published package always draws its
    noise anew: ``noise_const`` is ours.
    """

    noise_const: Tensor

    def __init__(self, spec: LucidrainsGenerator) -> None:
        super().__init__()
        self.num_ws, self.w_dim = spec.num_ws, spec.w_dim
        self.size = spec.height
        self.is_constant = spec.const_input
        channels = spec.channels(4)
        if spec.const_input:
            self.const = nn.Parameter(torch.randn(channels, 4, 4))
        else:
            self.start = nn.ConvTranspose2d(spec.w_dim, channels, 4, bias=False)
        self.conv = he_(nn.Conv2d(channels, channels, 3, padding=1))
        for resolution in spec.geometry.resolutions:
            self.add_module(f"b{resolution}", SynthesisBlock(spec, resolution))
        self.register_buffer("noise_const", torch.rand(spec.height, spec.width))

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
            ws: One style for each resolution.
            noise_mode: ``random`` draws new noise, between 0 and 1; ``const`` takes the stored one; ``none`` is noise
                of 0 (the biases of the noise stay: the convolutions have no others).
            generators: Where random noise comes from: one generator, or one for each image; None: the global one.
            force_fp32: Ignored: all is in float32.
            update_emas: Ignored: there is no moving average here.

        Returns:
            Images, about [-1, 1], not clamped.
        """
        if ws.shape[1:] != (self.num_ws, self.w_dim):
            raise ValueError(f"ws must be [n, {self.num_ws}, {self.w_dim}], got {list(ws.shape)}")
        ws = ws.float()
        noise = self.noise(ws.shape[0], mode=noise_mode, generators=generators)
        x: Tensor = self.conv(self.base(ws))
        image: Tensor | None = None
        blocks = [block for block in self.children() if isinstance(block, SynthesisBlock)]
        for block, w in zip(blocks, ws.unbind(dim=1), strict=True):
            x, image = block(x, image, w, noise)
        assert image is not None
        return to_signed(image)

    def base(self, ws: Float[Tensor, "n s d"]) -> Float[Tensor, "n c 4 4"]:
        """What is there before any convolution."""
        if self.is_constant:
            return repeat(self.const, "c h w -> n c h w", n=ws.shape[0])
        y: Tensor = self.start(reduce(ws, "n s d -> n d 1 1", "mean"))
        return y

    def noise(self, count: Count, *, mode: NoiseMode, generators: Generators) -> Float[Tensor, "n side side"] | None:
        """The noise image of each image, or one for all, or None for zeros."""
        if mode == "none":
            return None
        if mode == "const":
            return self.noise_const.view(-1, self.size, self.size)
        assert mode == "random", mode
        return draw_uniform_noise(count, self.size, generators=generators, device=self.noise_const.device)


class Generator(Painter):
    """z → image. `mapping` and `synthesis` may be called apart."""

    def __init__(self, spec: LucidrainsGenerator) -> None:
        super().__init__(spec)
        self.synthesis = SynthesisNetwork(spec)
        self.mapping = UnitMapping(spec)


def draw_uniform_noise(
    count: Count, size: int, *, generators: Generators, device: torch.device
) -> Float[Tensor, "n side side"]:
    """Noise between 0 and 1, one square an image; see `allaprima.layers.noise.draw_noise` for normal noise."""
    if generators is None or isinstance(generators, torch.Generator):
        source = device if generators is None else generators.device
        return torch.rand(count, size, size, generator=generators, device=source).to(device)
    assert len(generators) == count, f"{len(generators)} generators for {count} images"
    return torch.stack([torch.rand(size, size, generator=g, device=g.device) for g in generators]).to(device)
