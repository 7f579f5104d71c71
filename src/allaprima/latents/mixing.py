"""Style mixing: StyleGAN (Karras et al. 2019), section 3.1 and figure 3.

Each row of a sheet has a source, the paper's A, and each column one, the paper's B: an image has the styles of the
chosen layers from the source of its column, and all others from the source of its row.

Axes: n image, r row, k column, s style (one for each layer), d size of w, c channel, h w rows and columns of pixels.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from einops import rearrange
from jaxtyping import Float, UInt8
from numpy.typing import NDArray
from torch import Tensor

from allaprima.errors import ConfigError, LatentError
from allaprima.generation import generate
from allaprima.images import lettered_grid
from allaprima.latents.layer_choice import Layers, names_of, rows_of
from allaprima.latents.styles import as_tensors, painted, readable, styles_of_seeds


@dataclass(frozen=True, slots=True, kw_only=True)
class MixedImages:
    """A sheet of mixed styles, and its sources.

    Attributes:
        rows: Images of the sources of the rows.
        columns: Images of the sources of the columns.
        mixed: The image of each row and column.
        row_names: What the sources of the rows are called.
        column_names: The same of the columns.
        layers: Names of the layers whose styles are the column's.
    """

    rows: UInt8[Tensor, "r c h w"]
    columns: UInt8[Tensor, "k c h w"]
    mixed: UInt8[Tensor, "r k c h w"]
    row_names: Sequence[str]
    column_names: Sequence[str]
    layers: Sequence[str]

    def sheet(self) -> NDArray[np.uint8]:
        """[height, width, 3]: sources on the left and above, with their names; images between."""
        corner = torch.full_like(self.rows[:1], 255)
        top = readable(torch.cat([corner, self.columns]))
        lines = torch.cat([self.rows[:, None], self.mixed], dim=1)
        below = readable(rearrange(lines, "r k c h w -> (r k) c h w"))
        return lettered_grid(
            torch.cat([top, below]),
            len(top),
            column_names=["", *self.column_names],
            row_names=["", *self.row_names],
        )


def mixed_styles(
    G: Any, rows: Float[Tensor, "*r s d"], columns: Float[Tensor, "*k s d"], layers: Layers
) -> Float[Tensor, "*both s d"]:
    """The styles of ``layers`` from ``columns``, all others from ``rows``, for ``G``; both may be broadcast.

    Raises:
        LatentError: The generator paints all its layers in one style, or has no such layer.
    """
    require_several_styles(G)
    is_column = torch.zeros(G.num_ws, 1, dtype=torch.bool, device=rows.device)
    is_column[rows_of(G, layers)] = True
    return torch.where(is_column, columns, rows)


def mix(
    G: Any,
    *,
    rows: Sequence[int] | Float[Tensor, "r s d"],
    columns: Sequence[int] | Float[Tensor, "k s d"],
    layers: Layers = "coarse",
    **style: Any,
) -> MixedImages:
    """Paint every row's source with the chosen layers in the style of every column's.

    Args:
        G: The generator.
        rows: Seeds, or styles.
        columns: Seeds, or styles.
        layers: See `allaprima.latents.layer_choice.rows_of`.
        **style: What seeds mean: class, truncation, as in `allaprima.latents.styles.styles_of_seeds`.

    Raises:
        LatentError: The generator paints all its layers in one style, or has no such seed, class or layer.
    """
    require_several_styles(G)
    a, b = _styles(G, rows, style), _styles(G, columns, style)
    mixed = mixed_styles(G, a[:, None], b[None], layers)
    images = painted(G, torch.cat([a, b, rearrange(mixed, "r k s d -> (r k) s d")]))
    sources, between = images[: len(a) + len(b)], images[len(a) + len(b) :]
    return MixedImages(
        rows=sources[: len(a)],
        columns=sources[len(a) :],
        mixed=rearrange(between, "(r k) c h w -> r k c h w", r=len(a)),
        row_names=_names(rows),
        column_names=_names(columns),
        layers=names_of(G, rows_of(G, layers)),
    )


def mixing_film(
    G: Any,
    *,
    rows: Sequence[int] | Float[Tensor, "r s d"],
    columns: Sequence[int] | Float[Tensor, "k s d"],
    layers: Layers = "coarse",
    frames_per_column: int = 30,
    **style: Any,
) -> Iterator[NDArray[np.uint8]]:
    """Frames in which the source of the chosen layers walks from column to column and back to the first.

    Above are the sources of the rows, which stay; below the walking source, and beside it what becomes of each. The
    walk is slow at each column and quick between; its end joins its beginning. Other arguments are those of `mix`.

    Yields:
        [height, width, 3], ``frames_per_column`` times the number of columns.

    Raises:
        LatentError: See `mix`.
        ConfigError: A column has no frame.
    """
    require_several_styles(G)
    if frames_per_column < 1:
        raise ConfigError(f"frames_per_column is {frames_per_column}: it must be at least 1")
    a = _styles(G, rows, style)
    walker = closed_walk(_styles(G, columns, style), frames_per_column)
    mixed = mixed_styles(G, a[None], walker[:, None], layers)  # frame, row
    sources = painted(G, a)
    return _frames(G, sources, torch.cat([walker[:, None], mixed], dim=1), _names(rows))


def closed_walk(ws: Float[Tensor, "k s d"], frames: int) -> Float[Tensor, "n s d"]:
    """``frames`` steps from each to the next, and from the last to the first; at rest wherever one is reached."""
    t = (1 - torch.cos(torch.pi * torch.arange(frames, dtype=ws.dtype, device=ws.device) / frames)) / 2
    steps = torch.lerp(ws[:, None], ws.roll(-1, dims=0)[:, None], t[None, :, None, None])
    return rearrange(steps, "k f s d -> (k f) s d")


def require_several_styles(G: Any) -> None:
    """Raise `LatentError` for a generator that has nothing to mix."""
    if G.num_ws == 1:
        raise LatentError("this model paints all its layers in one style, so there are no layers to mix")


def _frames(
    G: Any, sources: UInt8[Tensor, "r c h w"], ws: Float[Tensor, "f n s d"], names: Sequence[str]
) -> Iterator[NDArray[np.uint8]]:
    tensors = as_tensors(generate(G, ws=rearrange(ws, "f n s d -> (f n) s d")))
    above = readable(torch.cat([torch.full_like(sources[:1], 255), sources]))
    for _ in range(len(ws)):
        below = readable(torch.stack([next(tensors) for _ in range(ws.shape[1])]))
        yield lettered_grid(torch.cat([above, below]), len(above), column_names=["", *names])


def _styles(G: Any, sources: Sequence[int] | Tensor, style: dict[str, Any]) -> Float[Tensor, "n s d"]:
    if not isinstance(sources, Tensor):
        return styles_of_seeds(G, sources, **style)
    if style:
        raise LatentError("styles are mixed as they are: give them without a class and without truncation")
    if sources.shape[1:] != (G.num_ws, G.w_dim):
        raise LatentError(f"styles must be [n, {G.num_ws}, {G.w_dim}] for this model, got {list(sources.shape)}")
    return sources.to(next(G.parameters()).device)


def _names(sources: Sequence[int] | Tensor) -> list[str]:
    if isinstance(sources, Tensor):
        return [str(index) for index in range(len(sources))]
    return [f"seed {seed}" for seed in sources]
