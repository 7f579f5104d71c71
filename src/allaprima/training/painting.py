"""Latents of one phase, and the images that the generator makes of them.

Axes: n image, c label, z d sizes of latents.
"""

import math
from collections.abc import Iterator
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from allaprima.training.randomness import Streams
from allaprima.training.run import Run


class Latents(NamedTuple):
    """What the generator paints from in one phase: two latents an image where styles are mixed."""

    z: Float[Tensor, "n z"]
    c: Float[Tensor, "n c"]
    mix: Float[Tensor, "n z"] | None
    cutoff: int
    noise: torch.Generator

    def split(self, size: int) -> Iterator["Latents"]:
        """Parts of at most ``size`` images."""
        for start in range(0, len(self.z), size):
            part = slice(start, start + size)
            yield self._replace(z=self.z[part], c=self.c[part], mix=None if self.mix is None else self.mix[part])


def draw_latents(run: Run, phase: str, count: int | None = None) -> Latents:
    """Latents, labels and the second latents of style mixing (StyleGAN, section 3.1) for one phase."""
    count = run.batch if count is None else count
    generator = run.generator(f"{phase}/latents", on_cpu=True)
    z = torch.randn(2, count, run.G.z_dim, generator=generator).to(run.device)
    rows = torch.randint(len(run.label_table), (count,), generator=generator)
    chance, place = torch.rand(2, generator=generator).tolist()
    styled = styles_in_use(run)
    mixes = chance < run.recipe.style_mixing and styled > 1
    cutoff = 1 + int(place * (styled - 1))
    c = run.label_table[rows].to(run.device)
    return Latents(z[0], c, z[1] if mixes else None, cutoff, run.generator(f"{phase}/noise"))


@torch.no_grad()
def paint_fixed(run: Run, count: int) -> Float[Tensor, "n c h w"]:
    """Images of the generator in training, always of the same latents and labels."""
    generator = Streams(run.recipe.seed).generator("vitals/latents")
    z = torch.randn(count, run.G.z_dim, generator=generator).to(run.device)
    c = run.label_table[torch.randint(len(run.label_table), (count,), generator=generator)].to(run.device)
    parts = zip(torch.split(z, run.batch_gpu), torch.split(c, run.batch_gpu), strict=True)
    return torch.cat([run.G(*part, noise_mode="const") for part in parts])


def styles_in_use(run: Run) -> int:
    """Layers that take a style; a growing network has two fewer for each doubling that is still missing."""
    missing = math.floor(float(run.G.lod)) if run.recipe.growing else 0
    num_ws: int = run.G.num_ws
    return num_ws - 2 * missing


def paint(run: Run, latents: Latents, *, update_emas: bool = False) -> tuple[Tensor, Tensor]:
    """Images and the styles that they were made of."""
    ws = run.G.mapping(latents.z, latents.c, update_emas=update_emas)
    if latents.mix is not None:
        fine = run.G.mapping(latents.mix, latents.c)
        ws = torch.cat([ws[:, : latents.cutoff], fine[:, latents.cutoff :]], dim=1)
    return run.G.synthesis(ws, generators=latents.noise, update_emas=update_emas), ws
