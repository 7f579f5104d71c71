"""What all discriminators of the family have in common, as `allaprima.models.painter` has it of generators.

Axes: n image, h w rows and columns; rgb stands for the channels of an image, of whatever number.
"""

from typing import Any

from jaxtyping import Float
from torch import Tensor, nn


class Judge(nn.Module):
    """Image, and label → scores: the first column says how real it looks; further ones speak of the label.

    Attributes:
        spec: Tells the sizes of the images and of the label. Whoever inherits sets it.
    """

    spec: Any

    @property
    def c_dim(self) -> int:
        """Size of the label; 0 for none."""
        c_dim: int = self.spec.c_dim
        return c_dim

    @property
    def img_channels(self) -> int:
        """Channels of the images."""
        channels: int = self.spec.img_channels
        return channels

    @property
    def img_height(self) -> int:
        """Rows of the images."""
        height: int = self.spec.height
        return height

    @property
    def img_width(self) -> int:
        """Columns of the images."""
        width: int = self.spec.width
        return width

    @property
    def img_resolution(self) -> int:
        """The longer side of the images, as in the reference."""
        return max(self.img_height, self.img_width)

    def check(self, image: Float[Tensor, "n rgb h w"]) -> None:
        """Raise a `ValueError` unless these are images of the network's size."""
        wanted = [self.img_channels, self.img_height, self.img_width]
        if list(image.shape[1:]) != wanted:
            raise ValueError(f"images must be [n, {', '.join(map(str, wanted))}], got {list(image.shape)}")
