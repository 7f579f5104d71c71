"""Images from seeds or styles. An image depends on its own seed alone, never on its batch or its neighbours."""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, get_args

import numpy as np
import torch
from einops import rearrange
from jaxtyping import Float
from numpy.typing import NDArray
from torch import Tensor

from allaprima.errors import ConfigError, LatentError
from allaprima.generation.labels import labels
from allaprima.generation.seeds import checked_seeds, latents_of_seeds
from allaprima.images import to_pixels
from allaprima.layers import NoiseMode
from allaprima.models import paint_with_noise
from allaprima.ops.kept_kernels import KeptKernels

PIXELS_AT_ONCE = 8 * 256 * 256  # a batch of eight images of 256×256


@dataclass(frozen=True, slots=True, kw_only=True)
class Images:
    """Images that are painted when they are asked for: an iterable with a length, of uint8 [h, w, c] ([h, w] if gray).

    Attributes:
        G: The generator.
        seeds: One for each image: of its latent, and of its noise where that is random.
        ws: Styles [n, num_ws, w_dim] to paint instead of those of the seeds.
        c: Labels [n, c_dim]; None for a model without labels.
        truncation_psi: 1 leaves latents as they are, 0 gives the average image.
        truncation_cutoff: Number of leading layers that are truncated; None: all.
        noise_mode: ``const`` takes the model's own noise, ``random`` draws it from the seed, ``none`` adds none.
        noise: Maps to paint with instead of the model's own, by layer, one for each image; see
            `allaprima.models.paint_with_noise`.
        batch_size: Images painted at once; it changes speed and memory, not the images.
    """

    G: Any
    seeds: Sequence[int]
    ws: Float[Tensor, "n s d"] | None = None
    c: Float[Tensor, "n c"] | None = None
    truncation_psi: float = 1.0
    truncation_cutoff: int | None = None
    noise_mode: NoiseMode = "const"
    noise: Mapping[str, Tensor] | None = None
    batch_size: int

    def __len__(self) -> int:
        return len(self.seeds)

    def __iter__(self) -> Iterator[NDArray[np.uint8]]:
        kept = KeptKernels.here() if len(self) > self.batch_size else KeptKernels.here(0)  # what is kept pays later
        for start in range(0, len(self), self.batch_size):
            with kept, torch.inference_mode():
                pixels = self._paint(slice(start, start + self.batch_size))
            for image in pixels:
                yield image[:, :, 0] if image.shape[2] == 1 else image

    def _paint(self, part: slice) -> NDArray[np.uint8]:
        seeds = self.seeds[part]
        device = next(self.G.parameters()).device
        styles = self._styles(part).to(device)
        if self.noise:
            images = paint_with_noise(
                self.G, styles, {name: maps[part].to(device) for name, maps in self.noise.items()}
            )
        else:
            noise = [torch.Generator().manual_seed(seed) for seed in seeds] if self.noise_mode == "random" else None
            images = self.G.synthesis(styles, noise_mode=self.noise_mode, generators=noise)
        pixels: NDArray[np.uint8] = rearrange(to_pixels(images.float().cpu()), "n c h w -> n h w c").numpy()
        return pixels

    def _styles(self, part: slice) -> Tensor:
        if self.ws is not None:
            return self.ws[part]
        device = next(self.G.parameters()).device
        z = latents_of_seeds(self.seeds[part], self.G.z_dim).to(device)
        c = None if self.c is None else self.c[part].to(device)
        ws: Tensor = self.G.mapping(z, c, truncation_psi=self.truncation_psi, truncation_cutoff=self.truncation_cutoff)
        return ws


def generate(
    G: Any,
    *,
    seeds: Iterable[int] | None = None,
    ws: Float[Tensor, "n s d"] | None = None,
    c: Float[Tensor, "n c"] | None = None,
    class_index: int | None = None,
    truncation_psi: float = 1.0,
    truncation_cutoff: int | None = None,
    noise_mode: NoiseMode = "const",
    noise: Mapping[str, Tensor] | None = None,
    batch_size: int | None = None,
) -> Images:
    """Paint one image for each seed, or for each row of ``ws``; see `Images` for the arguments.

    Args:
        c: Labels [n, c_dim], or one row for all images.
        class_index: Of a model with classes; a shorter way to say ``c``.
        batch_size: None: as many as fit a modest memory.

    Raises:
        LatentError: A seed, a class, a label or styles that the model does not have, or nothing to paint.
        ConfigError: Truncation, noise or batch size out of range.
    """
    _check_options(truncation_psi, truncation_cutoff, noise_mode, batch_size)
    if (seeds is None) == (ws is None):
        raise LatentError("give either seeds or ws, not both and not neither")
    if ws is not None and ws.shape[1:] != (G.num_ws, G.w_dim):
        raise LatentError(f"ws must be [n, {G.num_ws}, {G.w_dim}] for this model, got {list(ws.shape)}")
    if ws is not None and (c is not None or class_index is not None or truncation_psi != 1):
        raise LatentError("ws are painted as they are: give them without a class and without truncation")
    if noise and noise_mode != "const":
        raise ConfigError(f"noise_mode is {noise_mode!r}, but noise is given too: give one of them")
    wanted: Sequence[int] = range(len(ws)) if ws is not None else checked_seeds(() if seeds is None else seeds)
    if not len(wanted):
        raise LatentError(f"there is nothing to paint: no {'seeds' if ws is None else 'ws'}")
    if noise and any(len(maps) != len(wanted) for maps in noise.values()):
        raise LatentError(f"noise must have a map for each of the {len(wanted)} images")
    return Images(
        G=G,
        seeds=wanted,
        ws=ws,
        c=None if ws is not None else labels(G, len(wanted), c, class_index),
        truncation_psi=truncation_psi,
        truncation_cutoff=truncation_cutoff,
        noise_mode=noise_mode,
        noise=noise,
        batch_size=batch_size or max(1, PIXELS_AT_ONCE // (G.img_height * G.img_width)),
    )


def _check_options(psi: float, cutoff: int | None, noise_mode: str, batch_size: int | None) -> None:
    if not math.isfinite(psi):
        raise ConfigError(f"truncation_psi is {psi}: it must be a finite number, most often from 0 to 1")
    if cutoff is not None and cutoff < 0:
        raise ConfigError(f"truncation_cutoff is {cutoff}: it must be at least 0, or None")
    if noise_mode not in get_args(NoiseMode):
        raise ConfigError(f"noise_mode is {noise_mode!r}: it must be {', '.join(get_args(NoiseMode))}")
    if batch_size is not None and batch_size < 1:
        raise ConfigError(f"batch_size is {batch_size}: it must be at least 1, or None")
