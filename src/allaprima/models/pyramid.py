"""What the specs of all networks share that double, or halve, their resolution: the images, and the feature maps."""

from dataclasses import dataclass

from allaprima.models.geometry import Geometry, channels_at
from allaprima.models.precision import is_half
from allaprima.models.requirement import require


@dataclass(frozen=True, slots=True, kw_only=True)
class Pyramid:
    """One stage at each of the resolutions 4, 8, 16, …; a spec that inherits from it adds what its own layers need.

    Attributes:
        height: Rows of the images.
        width: Columns of the images.
        img_channels: 1 gray, 2 gray with alpha, 3 RGB, 4 RGB with alpha, or any other number.
        c_dim: Size of the label; 0 for none.
        channel_base: Feature maps at resolution r are ``channel_base // r`` …
        channel_max: … but at most so many.
        num_fp16_res: The so many finest resolutions run in half precision where a training or a caller asks for that.
    """

    height: int
    width: int
    img_channels: int
    c_dim: int = 0
    channel_base: int = 16384
    channel_max: int = 512
    num_fp16_res: int = 0

    def __post_init__(self) -> None:
        assert self.geometry.base  # which refuses images without pixels
        for field, least in LEAST.items():
            value = getattr(self, field)
            require(value >= least, field, value, f"at least {least}")

    @property
    def geometry(self) -> Geometry:
        """The grids between the base and the image."""
        return Geometry(self.height, self.width)

    def channels(self, resolution: int) -> int:
        """Feature maps at a resolution."""
        return channels_at(resolution, base=self.channel_base, maximum=self.channel_max)

    def is_half(self, resolution: int) -> bool:
        """Whether the stage of this resolution is among those that may run in half precision."""
        return is_half(self.geometry, resolution, self.num_fp16_res)


LEAST = {"img_channels": 1, "c_dim": 0, "channel_base": 1, "channel_max": 1, "num_fp16_res": 0}
