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
    """What the generator paints from in one phase: two latents an image where styles are mixed.

    ``places`` are the images' in the whole batch, ``noise`` has a generator for each of them.
    """

    z: Float[Tensor, "n z"]
    c: Float[Tensor, "n c"]
    mix: Float[Tensor, "n z"] | None
    cutoff: int
    noise: list[torch.Generator]
    places: range

    def split(self, size: int) -> Iterator["Latents"]:
        """Parts of at most ``size`` images."""
        for start in range(0, len(self.z), size):
            part = slice(start, start + size)
            mix = None if self.mix is None else self.mix[part]
            yield Latents(self.z[part], self.c[part], mix, self.cutoff, self.noise[part], self.places[part])


def draw_latents(run: Run, phase: str, count: int | None = None) -> Latents:
    """Latents, labels and the second latents of style mixing (StyleGAN, section 3.1) for one phase.

    Args:
        run: The training.
        phase: Names the randomness.
        count: Images of all processes, by default the batch; what comes is the share of this one.
    """
    places = run.processes.share(run.batch if count is None else count)
    z = torch.zeros(2, len(places), run.G.z_dim)
    rows = []
    for i, generator in enumerate(run.generators(f"{phase}/latents", places, on_cpu=True)):
        z[:, i] = torch.randn(2, run.G.z_dim, generator=generator)
        rows.append(int(torch.randint(len(run.label_table), (), generator=generator)))
    z, c = z.to(run.device), run.label_table[rows].to(run.device)
    chance, place = torch.rand(2, generator=run.generator(f"{phase}/mixing")).tolist()
    styled = styles_in_use(run)
    mixes = chance < run.recipe.style_mixing and styled > 1
    cutoff = 1 + int(place * (styled - 1))
    return Latents(z[0], c, z[1] if mixes else None, cutoff, run.generators(f"{phase}/noise", places), places)


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
