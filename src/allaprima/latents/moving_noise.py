"""Noise that changes smoothly and comes back to where it began.

Axes: n image, h w rows and columns of a map.
"""

from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from allaprima.errors import ConfigError
from allaprima.latents.paths import circle
from allaprima.models import LucidrainsGenerator, noise_maps

UNIFORM_MEAN = 0.5  # of noise between 0 and 1


class MovingNoise:
    """For each layer a circle through noise, which starts at the noise that the model keeps.

    All points of a circle through normal noise are normal noise. (That of a `LucidrainsGenerator` is uniform; its mean
    and variance stay the same.)

    Args:
        G: The generator.
        seed: Of the noise that is reached after a quarter of the time.

    Raises:
        ConfigError: The generator has no noise.
    """

    def __init__(self, G: Any, *, seed: int = 0) -> None:
        self.start = noise_maps(G)
        if not self.start:
            raise ConfigError("this model adds no noise, so there is none that could move")
        self.is_uniform = isinstance(G.spec, LucidrainsGenerator)
        self.centre = UNIFORM_MEAN if self.is_uniform else 0.0
        generator = torch.Generator().manual_seed(seed)
        draw = torch.rand if self.is_uniform else torch.randn
        self.quarter = {name: draw(own.shape, generator=generator).to(own.device) for name, own in self.start.items()}

    def at(self, t: Float[Tensor, "n"]) -> dict[str, Tensor]:
        """The maps of every layer at each time, as `allaprima.models.paint_with_noise` takes them."""
        maps = {}
        for name, own in self.start.items():
            points = circle(own, self.quarter[name], t.to(own.device), centre=self.centre)
            maps[name] = points if self.is_uniform else points[:, None]
        return maps
