"""What StyleGAN3's image undergoes on its way: turned, shifted, scaled; StyleGAN3 (Karras et al. 2021), section 3.2.

Axes: f frame, n image; matrices act on (x, y, 1): x to the right, y down, in units of the image's longer side, from its
centre.
"""

import math
from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from allaprima.errors import ConfigError
from allaprima.latents.paths import to_and_fro
from allaprima.models import StyleGAN3Generator

FULL_TURN = 360.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Motion:
    """How far an image is moved.

    Whole turns go round and round. Everything else goes there and back, so that a film of it loops.

    Attributes:
        rotate: Degrees, counterclockwise.
        translate: To the right and down, as a share of the image's longer side.
        scale: Factor of the size. The network was not trained for it: what it knows to draw at one size it draws at the
            others too.

    Raises:
        ConfigError: The scale is not above 0, or a number is not finite.
    """

    rotate: float = 0.0
    translate: tuple[float, float] = (0.0, 0.0)
    scale: float = 1.0

    def __post_init__(self) -> None:
        if not (self.scale > 0 and all(map(math.isfinite, (self.rotate, self.scale, *self.translate)))):
            raise ConfigError(f"the scale of a motion is {self.scale:g}: it must be above 0, and all numbers finite")

    def transforms(self, t: Float[Tensor, "f"]) -> Float[Tensor, "f 3 3"]:
        """What the image undergoes at each time from 0 to 1: scaled, then turned, then shifted."""
        share = to_and_fro(t)
        turned = t if self.rotate % FULL_TURN == 0 else share
        angle = turned * math.radians(self.rotate)
        size = self.scale**share
        zero, one = torch.zeros_like(share), torch.ones_like(share)
        x, y = (part * share for part in self.translate)
        rows = [
            torch.stack([size * angle.cos(), size * angle.sin(), x], dim=1),  # y points down
            torch.stack([-size * angle.sin(), size * angle.cos(), y], dim=1),
            torch.stack([zero, zero, one], dim=1),
        ]
        return torch.stack(rows, dim=1)


def require_movable(G: Any) -> None:
    """Raise `ConfigError` unless the generator paints a signal on the whole plane, which can be moved."""
    if not isinstance(G.spec, StyleGAN3Generator):
        raise ConfigError("only StyleGAN3's images can be turned, shifted and scaled: this is another architecture")


def buffers_of(G: Any, transforms: Float[Tensor, "n 3 3"]) -> dict[str, Tensor]:
    """The buffers of ``G.synthesis`` that move each image of a batch.

    The buffer maps places of the image to places of the features: it is the inverse of what the image undergoes, after
    which comes the transform that the model itself keeps.
    """
    own = G.synthesis.input.transform
    inverse = torch.linalg.inv(transforms.double()).to(own)
    return {"input.transform": own @ inverse}
