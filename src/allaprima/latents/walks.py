"""Walks through the latents of a generator, frame by frame.

Axes: f frame, m walk (several are shown side by side), n image (each walk of each frame), s style (one for each layer),
z d c sizes of z, w and label.
"""

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, get_args

import numpy as np
import torch
from jaxtyping import Float, UInt8
from numpy.typing import NDArray
from torch import Tensor

from allaprima.errors import ConfigError, LatentError
from allaprima.generation.generate import PIXELS_AT_ONCE
from allaprima.images import grid
from allaprima.latents.centres import truncate
from allaprima.latents.frame_painter import paint
from allaprima.latents.motion import Motion, buffers_of, require_movable
from allaprima.latents.moving_noise import MovingNoise
from allaprima.latents.paths import to_and_fro
from allaprima.latents.route import Places, Route, own_centre
from allaprima.ops.kept_kernels import KeptKernels

Noise = Literal["const", "none", "random", "moving"]


class Breath(NamedTuple):
    """Truncation that comes and goes.

    Attributes:
        first: ψ at the beginning and the end.
        other: ψ between.
        times: How often it is reached.
    """

    first: float
    other: float
    times: int = 1

    def at(self, t: Float[Tensor, "f"]) -> Float[Tensor, "f"]:
        """ψ at each time from 0 to 1."""
        return self.first + (self.other - self.first) * to_and_fro(self.times * t)


@dataclass(frozen=True, slots=True, kw_only=True)
class Walk:
    """Frames that are painted when they are asked for: an iterable with a length, of uint8 [h, w, c] ([h, w] if gray).

    Attributes:
        G: The generator.
        route: Where the walk leads.
        places: The same in numbers.
        psi: Truncation of each frame.
        centre: What truncation leads to: [d], or None for the model's own.
        cutoff: Number of leading layers that are truncated; None: all.
        noise: ``const``: the model's own; ``none``; ``random``: new in each frame; ``moving``: see `MovingNoise`.
        motion: What StyleGAN3's image undergoes; None for nothing.
        batch_size: Images painted at once.
    """

    G: Any
    route: Route
    places: Places
    psi: Float[Tensor, "f"]
    centre: Float[Tensor, "d"] | None = None
    cutoff: int | None = None
    noise: Noise = "const"
    motion: Motion | None = None
    batch_size: int

    def __len__(self) -> int:
        return self.route.frames

    def __iter__(self) -> Iterator[NDArray[np.uint8]]:
        return framed(self.images(0, len(self)), *self.route.grid)

    @torch.no_grad()
    def styles(self, images: Tensor) -> Float[Tensor, "n s d"]:
        """The styles of images by their number, which counts all walks of a frame before those of the next."""
        G, (space, latents, labels) = self.G, self.places
        frame, walk = images // self.route.walks, images % self.route.walks
        device = next(G.parameters()).device
        found = latents[frame, walk].to(device)
        c = None if labels is None else labels[frame].to(device)
        ws: Tensor = G.mapping(found, c) if space == "z" else found.expand(-1, G.num_ws, -1)
        psi = self.psi[frame].to(ws)
        if (psi == 1).all():
            return ws
        centre = own_centre(G, c) if self.centre is None else self.centre.to(device)
        return truncate(ws, centre, psi, self.cutoff)

    def images(self, first: int, last: int) -> Iterator[UInt8[Tensor, "c h w"]]:
        """The images of the frames from ``first`` on, up to ``last``, those of each frame together."""
        start, stop = first * self.route.walks, last * self.route.walks
        moving = MovingNoise(self.G) if self.noise == "moving" else None
        moments, kept = self.route.moments(), KeptKernels.here()
        moves = None if self.motion is None else self.motion.transforms(moments)
        for begin in range(start, stop, self.batch_size):
            images = torch.arange(begin, min(begin + self.batch_size, stop))
            frame = images // self.route.walks
            with kept:
                painted = paint(
                    self.G,
                    self.styles(images),
                    noise_mode="const" if self.noise == "moving" else self.noise,
                    noise_seeds=images.tolist(),
                    maps=None if moving is None else moving.at(moments[frame]),
                    buffers=None if moves is None else buffers_of(self.G, moves[frame]),
                )
            yield from painted


def walk(
    G: Any,
    route: Route,
    *,
    truncation_psi: float | Breath = 1.0,
    truncation_cutoff: int | None = None,
    centre: Float[Tensor, "d"] | None = None,
    noise: Noise = "const",
    motion: Motion | None = None,
    batch_size: int | None = None,
) -> Walk:
    """Walk through the latents of a generator; see `Walk` for the arguments.

        for frame in walk(G, Route(seeds=range(6), frames=240), truncation_psi=0.7):
            ...  # uint8 array [height, width, channels]

    Args:
        truncation_psi: One number, or a `Breath`.
        batch_size: None: as many images as fit a modest memory.

    Raises:
        LatentError: A seed, a class, a label or styles that the model does not have.
        ConfigError: Options that cannot work, or not with this model.
    """
    breath = Breath(truncation_psi, truncation_psi) if isinstance(truncation_psi, int | float) else truncation_psi
    if not all(map(math.isfinite, breath)):
        raise ConfigError(f"truncation_psi is {truncation_psi}: it must be finite, most often from 0 to 1")
    if truncation_cutoff is not None and truncation_cutoff < 0:
        raise ConfigError(f"truncation_cutoff is {truncation_cutoff}: it must be at least 0, or None")
    if noise not in get_args(Noise):
        raise ConfigError(f"noise is {noise!r}: it must be {', '.join(get_args(Noise))}")
    if batch_size is not None and batch_size < 1:
        raise ConfigError(f"batch_size is {batch_size}: it must be at least 1, or None")
    if centre is not None and centre.shape != (G.w_dim,):
        raise LatentError(f"the centre must be [{G.w_dim}] for this model, got {list(centre.shape)}")
    if motion is not None:
        require_movable(G)
    if noise == "moving":
        MovingNoise(G)  # says whether there is any
    return Walk(
        G=G,
        route=route,
        places=route.places(G),
        psi=breath.at(route.moments()),
        centre=centre,
        cutoff=truncation_cutoff,
        noise=noise,
        motion=motion,
        batch_size=batch_size or images_at_once(G),
    )


def framed(images: Iterable[UInt8[Tensor, "c h w"]], rows: int, columns: int) -> Iterator[NDArray[np.uint8]]:
    """Frames [h, w, c] of ``rows`` × ``columns`` images each ([h, w] if gray)."""
    cells: list[Tensor] = []
    for image in images:
        cells.append(image)
        if len(cells) == rows * columns:
            yield grid(torch.stack(cells), columns)
            cells = []


def images_at_once(G: Any) -> int:
    """As many as `allaprima.generate` paints at once."""
    count: int = PIXELS_AT_ONCE // (G.img_height * G.img_width)
    return max(1, count)
