"""From seeds to styles, and from styles to pixels.

Axes: n image, s style (one for each layer), d size of w, k centre, c channel or label, h w rows and columns.
"""

import math
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
import torch
from jaxtyping import Float, UInt8
from numpy.typing import NDArray
from torch import Tensor

from allaprima.errors import LatentError
from allaprima.generation import generate, latents_of_seeds
from allaprima.generation.labels import labels
from allaprima.generation.seeds import checked_seeds
from allaprima.images import enlarge, to_rgb
from allaprima.latents.centres import nearest_centre, truncate

READABLE = 64  # pixels: narrower images are enlarged on sheets, so that their names fit


@torch.no_grad()
def styles_of_seeds(
    G: Any,
    seeds: Iterable[int],
    *,
    c: Float[Tensor, "n c"] | None = None,
    class_index: int | None = None,
    truncation_psi: float = 1.0,
    truncation_cutoff: int | None = None,
    centres: Float[Tensor, "k d"] | None = None,
) -> Float[Tensor, "n s d"]:
    """The styles that `allaprima.generate` would paint for these seeds.

    Args:
        G: The generator.
        seeds: One for each image.
        c: Labels [n, c_dim], or one row for all.
        class_index: A shorter way to say ``c``.
        truncation_psi: 1 leaves styles as they are, 0 gives the centre.
        truncation_cutoff: Number of leading layers that are truncated; None: all.
        centres: Truncate towards the nearest of these; None: towards the model's own average.

    Raises:
        LatentError: A seed, a class or a label that the model does not have.
    """
    wanted = checked_seeds(seeds)
    if not wanted:
        raise LatentError("there is nothing to paint: no seeds")
    device = next(G.parameters()).device
    label = labels(G, len(wanted), c, class_index)
    z = latents_of_seeds(wanted, G.z_dim).to(device)
    own = {} if centres is not None else {"truncation_psi": truncation_psi, "truncation_cutoff": truncation_cutoff}
    ws: Tensor = G.mapping(z, None if label is None else label.to(device), **own)
    if centres is None:
        return ws
    return truncate(ws, nearest_centre(ws, centres.to(device)), truncation_psi, truncation_cutoff)


def painted(G: Any, ws: Float[Tensor, "n s d"]) -> UInt8[Tensor, "n c h w"]:
    """The images of these styles, painted in batches with the model's own noise."""
    return torch.stack(list(as_tensors(generate(G, ws=ws))))


def as_tensors(images: Iterable[NDArray[np.uint8]]) -> Iterator[UInt8[Tensor, "c h w"]]:
    """Pictures [h, w] or [h, w, c] as tensors."""
    for image in images:
        pixels = torch.from_numpy(np.ascontiguousarray(image))
        yield pixels[None] if pixels.ndim == 2 else pixels.permute(2, 0, 1)


def readable(images: UInt8[Tensor, "n c h w"]) -> UInt8[Tensor, "n 3 h2 w2"]:
    """As on a sheet with names: on white, and wide enough for a name above."""
    return enlarge(to_rgb(images), max(1, math.ceil(READABLE / images.shape[3])))
