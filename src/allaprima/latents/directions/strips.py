"""Pictures of directions: an image at several strengths, side by side; films of it.

Axes: n image or strip, k strength, s style (one for each layer), d size of w, c channel, h w rows and columns of
pixels.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import torch
from einops import rearrange
from jaxtyping import Float
from numpy.typing import NDArray
from torch import Tensor

from allaprima.errors import LatentError
from allaprima.generation import generate
from allaprima.images import caption, grid, lettered_grid
from allaprima.latents.directions.direction import Direction, along, unit_step
from allaprima.latents.layer_choice import Layers
from allaprima.latents.styles import as_tensors, painted, readable

STRENGTHS = (-3.0, -2.0, -1.0, 0.0, 1.0, 2.0, 3.0)


def strips(
    G: Any,
    ws: Float[Tensor, "n s d"],
    directions: Sequence[Direction],
    names: Sequence[str],
    *,
    strengths: Sequence[float] = STRENGTHS,
    layers: Layers | None = None,
) -> NDArray[np.uint8]:
    """A sheet with a strip in each row: one image along each direction, or each image along one.

    Args:
        G: The generator.
        ws: Styles of the images at strength 0; one, or as many as there are directions.
        directions: One, or as many as there are images.
        names: Of the rows.
        strengths: Of the columns.
        layers: Move in these alone; None: in those of each direction.

    Returns:
        [height, width, 3].

    Raises:
        LatentError: Directions that do not fit the generator, or numbers of images and directions that do not agree.
    """
    moved = [along(G, w, direction, strengths, layers=layers) for w, direction in _pairs(ws, directions)]
    images = readable(painted(G, torch.cat(moved)))
    return lettered_grid(
        images, len(strengths), column_names=[signed(strength) for strength in strengths], row_names=names
    )


def strip_film(
    G: Any,
    ws: Float[Tensor, "n s d"],
    directions: Sequence[Direction],
    names: Sequence[str],
    *,
    reach: float = 3.0,
    frames: int = 120,
    layers: Layers | None = None,
) -> Iterator[NDArray[np.uint8]]:
    """Frames of a sway from 0 to ``reach``, back through 0 to −``reach``, and to 0 again; arguments as of `strips`.

    Yields:
        [height, width, 3]: all images side by side, each with its name under it.

    Raises:
        LatentError: See `strips`.
    """
    pairs = _pairs(ws, directions)
    start = torch.stack([w for w, _ in pairs])
    step = torch.stack([unit_step(G, direction, layers=layers).to(ws) for _, direction in pairs])
    sway = reach * torch.sin(2 * torch.pi * torch.arange(frames) / frames).to(ws)
    styles = start + sway[:, None, None, None] * step
    tensors = as_tensors(generate(G, ws=rearrange(styles, "f n s d -> (f n) s d")))
    return _frames(tensors, frames, names)


def signed(strength: float) -> str:
    """As -2, 0, +1.5."""
    return f"{strength:+g}" if strength else "0"


def _frames(tensors: Iterator[Tensor], frames: int, names: Sequence[str]) -> Iterator[NDArray[np.uint8]]:
    for _ in range(frames):
        images = readable(torch.stack([next(tensors) for _ in names]))
        pictures = [
            caption(rearrange(x, "c h w -> h w c").numpy(), name) for x, name in zip(images, names, strict=True)
        ]
        yield grid(np.ascontiguousarray(rearrange(np.stack(pictures), "n h w c -> n c h w")))


def _pairs(ws: Tensor, directions: Sequence[Direction]) -> list[tuple[Tensor, Direction]]:
    count = max(len(ws), len(directions))
    if len(ws) not in (1, count) or len(directions) not in (1, count) or not count:
        raise LatentError(
            f"{len(ws)} images and {len(directions)} directions: one of them must be one, or both as many"
        )
    return [(ws[n % len(ws)], directions[n % len(directions)]) for n in range(count)]
