"""Images from seeds or styles. An image depends on its own seed alone, never on its batch or its neighbours."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from einops import rearrange
from jaxtyping import Float
from numpy.typing import NDArray
from torch import Tensor

from allaprima.errors import LatentError
from allaprima.generation.seeds import latents_of_seeds
from allaprima.images import to_pixels
from allaprima.layers import NoiseMode

PIXELS_AT_ONCE = 8 * 256 * 256  # a batch of eight images of 256×256


@dataclass(frozen=True, slots=True, kw_only=True)
class Images:
    """Images that are painted when they are asked for: an iterable with a length, of uint8 [h, w, c] ([h, w] if gray).

    Attributes:
        G: The generator.
        seeds: One for each image: of its latent, and of its noise where that is random.
        ws: Styles [n, num_ws, w_dim] to paint instead of those of the seeds.
        c: Labels [n, c_dim], or one row for all; None for a model without labels.
        truncation_psi: 1 leaves latents as they are, 0 gives the average image.
        truncation_cutoff: Number of leading layers that are truncated; None: all.
        noise_mode: ``const`` takes the model's own noise, ``random`` draws it from the seed, ``none`` adds none.
        batch_size: Images painted at once; it changes speed and memory, not the images.
    """

    G: Any
    seeds: Sequence[int]
    ws: Float[Tensor, "n s d"] | None = None
    c: Float[Tensor, "n c"] | None = None
    truncation_psi: float = 1.0
    truncation_cutoff: int | None = None
    noise_mode: NoiseMode = "const"
    batch_size: int

    def __len__(self) -> int:
        return len(self.seeds)

    def __iter__(self) -> Iterator[NDArray[np.uint8]]:
        for start in range(0, len(self), self.batch_size):
            yield from self._paint(slice(start, start + self.batch_size))

    @torch.inference_mode()
    def _paint(self, part: slice) -> Iterator[NDArray[np.uint8]]:
        seeds = self.seeds[part]
        device = next(self.G.parameters()).device
        noise = [torch.Generator().manual_seed(seed) for seed in seeds] if self.noise_mode == "random" else None
        images = self.G.synthesis(self._styles(part).to(device), noise_mode=self.noise_mode, generators=noise)
        pixels = rearrange(to_pixels(images.float().cpu()), "n c h w -> n h w c").numpy()
        for image in pixels:
            yield image[:, :, 0] if image.shape[2] == 1 else image

    def _styles(self, part: slice) -> Tensor:
        if self.ws is not None:
            return self.ws[part]
        device = next(self.G.parameters()).device
        z = latents_of_seeds(self.seeds[part], self.G.z_dim).to(device)
        c = None
        if self.c is not None:
            c = (self.c if len(self.c) == len(self) > 1 else self.c.expand(len(self), -1))[part].to(device)
        ws: Tensor = self.G.mapping(z, c, truncation_psi=self.truncation_psi, truncation_cutoff=self.truncation_cutoff)
        return ws


def generate(
    G: Any,
    *,
    seeds: Sequence[int] | None = None,
    ws: Float[Tensor, "n s d"] | None = None,
    c: Float[Tensor, "n c"] | None = None,
    class_index: int | None = None,
    truncation_psi: float = 1.0,
    truncation_cutoff: int | None = None,
    noise_mode: NoiseMode = "const",
    batch_size: int | None = None,
) -> Images:
    """Paint one image for each seed, or for each row of ``ws``; see `Images` for the arguments.

    Args:
        class_index: Of a model with classes; a shorter way to say ``c``.
        batch_size: None: as many as fit a modest memory.

    Raises:
        LatentError: A class, a label or styles that the model does not have, or nothing to paint.
    """
    if (seeds is None) == (ws is None):
        raise LatentError("give either seeds or ws, not both and not neither")
    if ws is not None and ws.shape[1:] != (G.num_ws, G.w_dim):
        raise LatentError(f"ws must be [n, {G.num_ws}, {G.w_dim}] for this model, got {list(ws.shape)}")
    seeds = range(len(ws)) if ws is not None else list(seeds or [])
    if not len(seeds):
        raise LatentError("there is nothing to paint: no seeds")
    return Images(
        G=G,
        seeds=seeds,
        ws=ws,
        c=None if ws is not None else labels(G, c, class_index),
        truncation_psi=truncation_psi,
        truncation_cutoff=truncation_cutoff,
        noise_mode=noise_mode,
        batch_size=batch_size or max(1, PIXELS_AT_ONCE // (G.img_height * G.img_width)),
    )


def labels(G: Any, c: Tensor | None, class_index: int | None) -> Tensor | None:
    """The labels that ``c`` or ``class_index`` mean for ``G``. Raises `LatentError`."""
    if G.c_dim == 0:
        if class_index is not None or (c is not None and c.shape[1]):
            raise LatentError("this model knows no classes: paint without one")
        return None
    if c is None and class_index is None:
        raise LatentError(f"this model has {G.c_dim} classes: say which, from 0 to {G.c_dim - 1}")
    if c is not None:
        if c.ndim != 2 or c.shape[1] != G.c_dim:
            raise LatentError(f"c must be [n, {G.c_dim}] for this model, got {list(c.shape)}")
        return c.float()
    assert class_index is not None
    if not 0 <= class_index < G.c_dim:
        raise LatentError(f"there is no class {class_index}: this model has classes 0 to {G.c_dim - 1}")
    return torch.eye(G.c_dim)[[class_index]]
