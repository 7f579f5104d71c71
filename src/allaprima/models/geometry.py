"""Any height and any width: how a network that doubles its resolution reaches the size of an image.

A generator starts from a small base grid and doubles it ``doublings`` times; the result is cropped, centred, to the
image. A discriminator pads its input to the same size and halves it back. 64×64 starts at 4×4 exactly as in the papers,
24×24 at 6×6, 128×64 at 8×4, 101×67 at 7×5.
"""

import math
from dataclasses import dataclass

import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from allaprima.errors import ConfigError

SMALLEST_SIDE = 4  # of the base grid


@dataclass(frozen=True, slots=True, init=False)
class Geometry:
    """The grids between the base grid and an image of ``height`` × ``width``.

    Attributes:
        doublings: How often the base grid is doubled; unless it is given, as often as a base of at least 4 allows.

    Raises:
        ConfigError: A side is below 1, or ``doublings`` below 0.
    """

    height: int
    width: int
    doublings: int

    def __init__(self, height: int, width: int, doublings: int | None = None) -> None:
        if height < 1 or width < 1:
            raise ConfigError(f"an image of {height}×{width} pixels (height × width) has no pixels")
        if doublings is None:
            doublings = max(int(math.log2(min(height, width) / SMALLEST_SIDE)), 0)
        if doublings < 0:
            raise ConfigError(f"doublings is {doublings}: it must be at least 0")
        for name, value in (("height", height), ("width", width), ("doublings", doublings)):
            object.__setattr__(self, name, value)

    @property
    def base(self) -> tuple[int, int]:
        """(height, width) of the base grid."""
        step = 2**self.doublings
        return (-(-self.height // step), -(-self.width // step))

    @property
    def full(self) -> tuple[int, int]:
        """(height, width) of the last grid, at least as large as the image."""
        return self.size(4 * 2**self.doublings)

    @property
    def resolutions(self) -> tuple[int, ...]:
        """Names of the grids: 4, 8, 16, … as for a square image of as many doublings. The published weights' names."""
        return tuple(4 * 2**i for i in range(self.doublings + 1))

    def size(self, resolution: int) -> tuple[int, int]:
        """(height, width) of the grid that is called ``resolution``."""
        return (self.base[0] * resolution // 4, self.base[1] * resolution // 4)

    @property
    def _margins(self) -> tuple[int, int, int, int]:
        """Left, right, top, bottom."""
        y, x = self.full[0] - self.height, self.full[1] - self.width
        return (x // 2, x - x // 2, y // 2, y - y // 2)

    def crop(self, x: Float[Tensor, "n c h w"]) -> Float[Tensor, "n c h2 w2"]:
        """Cut the image out of the last grid."""
        left, _, top, _ = self._margins
        return x[:, :, top : top + self.height, left : left + self.width] if any(self._margins) else x

    def pad(self, x: Float[Tensor, "n c h w"]) -> Float[Tensor, "n c h2 w2"]:
        """Continue the image's edges until it fills the last grid: the inverse of `crop`."""
        return F.pad(x, self._margins, mode="replicate") if any(self._margins) else x


def channels_at(resolution: int, *, base: int, maximum: int) -> int:
    """Feature maps at a resolution: halved with every doubling, at most ``maximum``."""
    return max(min(base // resolution, maximum), 1)
