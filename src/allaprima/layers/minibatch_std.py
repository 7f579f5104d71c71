"""Minibatch standard deviation as a layer: Progressive GAN (Karras et al. 2018), section 3."""

from jaxtyping import Float
from torch import Tensor, nn

from allaprima.ops import minibatch_std


class MinibatchStd(nn.Module):
    """Appends feature maps that say how different the images of a group are; see `allaprima.ops.minibatch_std`."""

    def __init__(self, *, group_size: int | None, num_channels: int = 1) -> None:
        super().__init__()
        self.group_size = group_size
        self.num_channels = num_channels

    def forward(self, x: Float[Tensor, "n c h w"]) -> Float[Tensor, "n c2 h w"]:
        """Append the maps."""
        return minibatch_std(x, group_size=self.group_size, num_channels=self.num_channels)
