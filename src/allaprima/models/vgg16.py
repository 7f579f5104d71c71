"""The convolutions of VGG-16: Simonyan and Zisserman (2015), table 1, column D. Names are those of torchvision's file.

Axes: n image, c channel, h w rows and columns.
"""

from jaxtyping import Float
from torch import Tensor, nn

CHANNELS = ((64, 64), (128, 128), (256, 256, 256), (512, 512, 512), (512, 512, 512))
"""Of the 3×3 convolutions of each block; between two blocks maxima of 2×2 pixels are taken."""

WIDTHS = tuple(block[-1] for block in CHANNELS)
"""Channels that each block ends with."""


class VGG16(nn.Module):
    """Feature maps of photographs; without the layers that name what is on them."""

    def __init__(self) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        before, self.ends = 3, []
        for block in CHANNELS:
            for channels in block:
                layers += [nn.Conv2d(before, channels, 3, padding=1), nn.ReLU()]
                before = channels
            self.ends.append(len(layers) - 1)
            layers.append(nn.MaxPool2d(2))
        self.features = nn.Sequential(*layers[:-1])

    def forward(self, images: Float[Tensor, "n 3 h w"]) -> list[Tensor]:
        """The last feature maps of each block: relu1_2, relu2_2, relu3_3, relu4_3, relu5_3.

        Args:
            images: Colours, less the mean of ImageNet and over its standard deviation; at least 16 pixels on each side.
        """
        kept, x = [], images
        for index, layer in enumerate(self.features):
            x = layer(x)
            if index in self.ends:
                kept.append(x)
        return kept
