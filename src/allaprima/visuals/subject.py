"""What is explained: a generator, and the seeds, the label and the truncation that its pictures are of.

Axes: n image, s style (one for each layer), z d sizes of z and w, c label, h w rows and columns; rgb stands for the
channels of an image, of whatever number.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from allaprima.generation import latents_of_seeds
from allaprima.generation.generate import PIXELS_AT_ONCE
from allaprima.models import paint_with_noise

LARGE = 128 * 128  # pixels


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """A generator and what it is asked for.

    Attributes:
        G: The generator, in evaluation mode.
        seeds: Of the images that are shown: at least one.
        c: The label of all images, [1, c_dim]; None for a model without labels.
        truncation_psi: Of all pictures but those of truncation itself.
    """

    G: Any
    seeds: Sequence[int]
    c: Float[Tensor, "1 c"] | None = None
    truncation_psi: float = 1.0

    def z(self, seeds: Sequence[int] | None = None) -> Float[Tensor, "n z"]:
        """Latents of these seeds, or of the subject's own."""
        return latents_of_seeds(list(self.seeds if seeds is None else seeds), self.G.z_dim)

    def ws(self, z: Float[Tensor, "n z"] | None = None, truncation_psi: float | None = None) -> Float[Tensor, "n s d"]:
        """Styles of these latents, or of the subject's own seeds."""
        z = (self.z() if z is None else z).to(device_of(self.G))
        c = None if self.c is None else self.c.to(z).expand(len(z), -1)
        psi = self.truncation_psi if truncation_psi is None else truncation_psi
        with torch.inference_mode():
            ws: Tensor = self.G.mapping(z, c, truncation_psi=psi)
        return ws

    @property
    def is_large(self) -> bool:
        """Whether an image takes so long that films and statistics are made of fewer of them."""
        return bool(self.G.img_height * self.G.img_width > LARGE)

    def few(self) -> "Subject":
        """The same, of large images with the first two seeds alone."""
        return replace(self, seeds=list(self.seeds)[:2]) if self.is_large else self

    @property
    def names(self) -> list[str]:
        """One for each seed."""
        return [f"seed {seed}" for seed in self.seeds]


def paint(G: Any, ws: Float[Tensor, "n s d"], noise: Mapping[str, Tensor] | None = None) -> Float[Tensor, "n rgb h w"]:
    """Images of these styles on the CPU, a few at a time, with the model's own noise but for the maps in ``noise``."""
    batch = max(1, PIXELS_AT_ONCE // (G.img_height * G.img_width))
    with torch.inference_mode():
        parts = [paint_with_noise(G, some, noise or {}).float().cpu() for some in torch.split(ws, batch)]
    return torch.cat(parts)


def device_of(G: Any) -> torch.device:
    """Where the weights are."""
    device: torch.device = next(G.parameters()).device
    return device
