"""DINOv2's vision transformer: Dosovitskiy et al. (2021), section 3.1; Oquab et al. (2023), section 4.

What a distance of its features says agrees with people's judgement better than what Inception's says (Stein et al.
2023, section 4). Names are those of the published ``dinov2_vitl14_pretrain.pth``.

Axes: n image, t token (the class, then the patches), d size of a token, h w rows and columns, k head.
"""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from einops import rearrange
from jaxtyping import Float, UInt8
from torch import Tensor, nn

from allaprima.models.lpips import DEVIATION, MEAN

PATCH = 14
SIDE = 224
"""Pixels of a side that the network is shown."""

TRAINED_GRID = 37
"""Patches of a side that positions were learned for: 518 pixels."""

OFFSET = 0.1
"""Of the scale by which positions are interpolated: the original's guard against rounding, part of its numbers."""

EPS = 1e-6


@dataclass(frozen=True, slots=True, kw_only=True)
class DINOv2Size:
    """One of the published sizes: of a token, blocks, heads of attention."""

    width: int
    depth: int
    heads: int


SMALL = DINOv2Size(width=384, depth=12, heads=6)
BASE = DINOv2Size(width=768, depth=12, heads=12)
LARGE = DINOv2Size(width=1024, depth=24, heads=16)


class PatchEmbedding(nn.Module):
    """One token for each patch of 14×14 pixels."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.proj = nn.Conv2d(3, width, PATCH, stride=PATCH)

    def forward(self, images: Float[Tensor, "n 3 h w"]) -> Float[Tensor, "n t d"]:
        """Tokens, row by row."""
        tokens: Tensor = rearrange(self.proj(images), "n d h w -> n (h w) d")
        return tokens


class Attention(nn.Module):
    """Every token looks at all others (Vaswani et al. 2017, section 3.2)."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.qkv = nn.Linear(width, 3 * width)
        self.proj = nn.Linear(width, width)

    def forward(self, x: Float[Tensor, "n t d"]) -> Float[Tensor, "n t d"]:
        """Tokens, mixed."""
        q, k, v = rearrange(self.qkv(x), "n t (three k d) -> three n k t d", three=3, k=self.heads)
        mixed: Tensor = self.proj(rearrange(F.scaled_dot_product_attention(q, k, v), "n k t d -> n t (k d)"))
        return mixed


class Perceptron(nn.Module):
    """Two layers, four times as wide between them."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.fc1 = nn.Linear(width, 4 * width)
        self.fc2 = nn.Linear(4 * width, width)

    def forward(self, x: Float[Tensor, "n t d"]) -> Float[Tensor, "n t d"]:
        """Each token for itself."""
        result: Tensor = self.fc2(F.gelu(self.fc1(x)))
        return result


class LayerScale(nn.Module):
    """A learned factor for each number of a token (Touvron et al. 2021)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.gamma = nn.Parameter(torch.ones(width))

    def forward(self, x: Float[Tensor, "n t d"]) -> Float[Tensor, "n t d"]:
        """Scaled."""
        return x * self.gamma


class Block(nn.Module):
    """Attention and perceptron, each normalised before and added after."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(width, eps=EPS)
        self.attn = Attention(width, heads)
        self.ls1 = LayerScale(width)
        self.norm2 = nn.LayerNorm(width, eps=EPS)
        self.mlp = Perceptron(width)
        self.ls2 = LayerScale(width)

    def forward(self, x: Float[Tensor, "n t d"]) -> Float[Tensor, "n t d"]:
        """One step."""
        x = x + self.ls1(self.attn(self.norm1(x)))
        x = x + self.ls2(self.mlp(self.norm2(x)))
        return x  # noqa: RET504 - one line for each half


class DINOv2(nn.Module):
    """Pictures → the class token, normalised."""

    def __init__(self, size: DINOv2Size = LARGE) -> None:
        super().__init__()
        self.size = size
        self.cls_token = nn.Parameter(torch.zeros(1, 1, size.width))
        self.pos_embed = nn.Parameter(torch.zeros(1, 1 + TRAINED_GRID**2, size.width))
        self.mask_token = nn.Parameter(torch.zeros(1, size.width))  # only training has a use for it
        self.patch_embed = PatchEmbedding(size.width)
        self.blocks = nn.ModuleList(Block(size.width, size.heads) for _ in range(size.depth))
        self.norm = nn.LayerNorm(size.width, eps=EPS)
        self.eval().requires_grad_(requires_grad=False)

    def forward(self, pixels: UInt8[Tensor, "n 3 h w"]) -> Float[Tensor, "n d"]:
        """Features of RGB pixels of any size, which are resized to 224×224: bicubic, with antialiasing."""
        x = F.interpolate(pixels.float(), (SIDE, SIDE), mode="bicubic", align_corners=False, antialias=True) / 255
        mean, deviation = (x.new_tensor(values).view(1, 3, 1, 1) for values in (MEAN, DEVIATION))
        return self.class_token((x - mean) / deviation)

    def class_token(self, images: Float[Tensor, "n 3 h w"]) -> Float[Tensor, "n d"]:
        """Of colours less the mean of ImageNet and over its deviation; sides are multiples of 14."""
        tokens = self.patch_embed(images)
        grid = (images.shape[2] // PATCH, images.shape[3] // PATCH)
        x = torch.cat([self.cls_token.expand(len(images), -1, -1), tokens], dim=1) + self.positions(grid)
        for block in self.blocks:
            x = block(x)
        result: Tensor = self.norm(x[:, 0])
        return result

    def positions(self, grid: tuple[int, int]) -> Float[Tensor, "1 t d"]:
        """What tells a token where it is, interpolated where there are other than 37×37 patches."""
        if grid == (TRAINED_GRID, TRAINED_GRID):
            return self.pos_embed
        own, patches = self.pos_embed[:, :1], self.pos_embed[:, 1:]
        maps = rearrange(patches, "1 (h w) d -> 1 d h w", h=TRAINED_GRID)
        scale = [(side + OFFSET) / TRAINED_GRID for side in grid]
        maps = F.interpolate(maps, scale_factor=scale, mode="bicubic", align_corners=False, antialias=False)
        assert maps.shape[2:] == grid
        return torch.cat([own, rearrange(maps, "1 d h w -> 1 (h w) d")], dim=1)
