"""LPIPS, a distance of images that agrees with people's: Zhang et al. (2018), section 3 and equation 1, version 0.1.

Axes: n image, c channel, h w rows and columns.
"""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from allaprima.models.vgg16 import VGG16, WIDTHS

MEAN, DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
"""Of ImageNet's colours, from 0 to 1: what VGG-16 was trained with."""

EPS = 1e-10  # keeps the direction of no features defined
LARGEST, SMALLEST = 256, 16
"""Pixels of a side that the network is shown: the projector of StyleGAN2 averages larger images down, and VGG-16 ends
at a sixteenth."""


class LPIPS(nn.Module):
    """The distance: features of VGG-16, of length 1 at every place, compared with learned weights for each channel."""

    mean: Tensor
    deviation: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.vgg = VGG16()
        self.weights = nn.ParameterList(torch.ones(width) for width in WIDTHS)
        self.register_buffer("mean", torch.tensor(MEAN).view(1, 3, 1, 1), persistent=False)
        self.register_buffer("deviation", torch.tensor(DEVIATION).view(1, 3, 1, 1), persistent=False)

    def forward(self, a: Float[Tensor, "n c h w"], b: Float[Tensor, "n c h w"]) -> Float[Tensor, " n"]:
        """How different each image of ``a`` looks from its partner in ``b``; both in [-1, 1], gray or RGB."""
        return self.between(self.features(a), self.features(b))

    def features(self, images: Float[Tensor, "n c h w"]) -> list[Tensor]:
        """What is compared of gray or RGB images in [-1, 1]: feature maps of each block, of length 1 at every place."""
        colours = shown(images).expand(-1, 3, -1, -1)
        maps: list[Tensor] = self.vgg(((colours + 1) / 2 - self.mean) / self.deviation)
        return [to_unit_length(x) for x in maps]

    def between(self, a: Sequence[Tensor], b: Sequence[Tensor]) -> Float[Tensor, " n"]:
        """Equation 1, of `features`."""
        parts = [
            ((x - y).square() * weight.view(1, -1, 1, 1)).sum(dim=1).mean(dim=(1, 2))
            for x, y, weight in zip(a, b, self.weights, strict=True)
        ]
        return torch.stack(parts).sum(dim=0)


def to_unit_length(features: Float[Tensor, "n c h w"]) -> Float[Tensor, "n c h w"]:
    """Feature vectors of length 1 at every place; none where all features are 0."""
    return features / (features.square().sum(dim=1, keepdim=True) + EPS).sqrt()


def shown(images: Float[Tensor, "n c h w"]) -> Float[Tensor, "n c h2 w2"]:
    """Images at a size that the network is meant for: large ones averaged over areas, tiny ones repeated."""
    height, width = images.shape[2:]
    longer, shorter = max(height, width), min(height, width)
    if longer > LARGEST:
        size = (max(round(height * LARGEST / longer), SMALLEST), max(round(width * LARGEST / longer), SMALLEST))
        return F.interpolate(images, size, mode="area")
    if shorter < SMALLEST:
        return F.interpolate(images, scale_factor=-(-SMALLEST // shorter), mode="nearest")
    return images
