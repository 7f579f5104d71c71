"""Walks between pictures: single frames for a preview, and whole films.

Axes: f frame, m walk (one here), k key, s style (one for each layer), d size of w, h w rows and columns of pixels.
"""

from collections.abc import Generator, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import normalize

from allaprima.errors import LatentError
from allaprima.latents import Motion, Route, Walk, walk
from allaprima.latents.paths import along_legs
from allaprima.origin import Origin
from allaprima.studio.films import STILL, Background, Film, Way
from allaprima.studio.wish import ImageFormat, Wish
from allaprima.studio.work.bench import Bench
from allaprima.studio.work.filming import filmed
from allaprima.studio.work.painting import encoded
from allaprima.studio.work.styles import Found, seed_at, styles_of

LATENTS = "latents.safetensors"
SMOOTH = 1.0  # seconds within which a random walk stays about where it is
COLOURS: dict[Background, Any] = {"white": (255, 255, 255), "black": (0, 0, 0), "checker": "checker"}


def frames(
    bench: Bench, way: dict[str, Any], found: Found, total: int, wanted: Sequence[int], format_: ImageFormat
) -> list[bytes]:
    """Some frames of a walk in ``total`` of them, as image files. Raises `LatentError` or `ConfigError`."""
    asked = Way.model_validate(way)
    is_random = asked.kind == "random"  # another number of frames would be another walk: every so manyth of the film's
    made = walk_of(bench, asked, asked.frames if is_random else total, found)
    step = len(made) / total
    numbers = [min(len(made) - 1, int(number * step)) for number in wanted]
    return [encoded(image, format_) for number in numbers for image in made.images(number, number + 1)]


def film(bench: Bench, folder: str, order: dict[str, Any]) -> Generator[dict[str, Any], None, dict[str, Any]]:
    """Film a walk into ``walk.mp4``, ``.webm`` or ``.gif``."""
    asked = Film.model_validate(order)
    own = Path(folder)
    found = {key.found: own.parent / key.found / LATENTS for key in asked.keys if key.found is not None}
    made = walk_of(bench, asked, asked.frames, found)
    count = yield from filmed(
        own / f"walk.{asked.format}",
        enlarged(made, asked.enlarge),
        len(made),
        fps=asked.fps,
        quality=max(1, round(100 * asked.quality)),
        background=COLOURS[asked.background],
        texts=Origin(model_sha256=bench.model_sha256(asked.keys[0].model)).texts(),
    )
    return {"frames": count, "height": made.G.img_height * asked.enlarge, "width": made.G.img_width * asked.enlarge}


def walk_of(bench: Bench, way: Way, total: int, found: Found) -> Walk:
    """The walk that leads this way. Raises `LatentError` or `ConfigError`."""
    G = bench.generator(way.keys[0].model)
    move = way.move
    motion = None if move == STILL else Motion(rotate=move.rotate, translate=(move.x, move.y), scale=move.scale)
    how: dict[str, Any] = {"noise": way.noise, "motion": motion}
    if way.kind == "random":
        start = way.keys[0]
        route = Route(
            seeds=[seed_of(start)], kind="random", frames=total, sigma=SMOOTH * way.fps, class_index=class_of(start)
        )
        return walk(G, route, truncation_psi=start.truncation, truncation_cutoff=start.cutoff, **how)
    keys = styles_of(bench, way.keys, found)
    route = Route(ws=keys, kind=way.kind, frames=total)
    made = walk(G, route, **how)
    if G.has_w or way.kind == "circle":
        return made
    return replace(made, places=made.places._replace(latents=as_long_as(made, keys)))


def as_long_as(made: Walk, keys: Float[Tensor, "k s d"]) -> Float[Tensor, "f m s d"]:
    """The latents of a walk, as long as its keys: models without W were trained with no shorter ones."""
    latents = made.places.latents
    lengths = along_legs(keys.cpu().norm(dim=-1, keepdim=True), made.route.moments(), closed=made.route.is_closed)
    return normalize(latents, dim=-1) * lengths[:, None]


def seed_of(wish: Wish) -> int:
    """Where a random walk begins. Raises `LatentError` for what was projected, which has no seed."""
    if wish.found is not None:
        raise LatentError("a random walk begins at a seed, which a projected picture does not have")
    if wish.at is not None:
        return seed_at(round(wish.at[0]), round(wish.at[1]))
    return wish.seed or 0


def class_of(wish: Wish) -> int | None:
    """The class that has the most of a picture; None for none."""
    weights = {number: weight for number, weight in wish.classes.items() if weight > 0}
    return max(weights, key=weights.__getitem__) if weights else None


def enlarged(made: Walk, factor: int) -> Iterator[NDArray[np.uint8]]:
    """Frames with each pixel as a square of ``factor``²."""
    for frame in made:
        yield frame if factor == 1 else frame.repeat(factor, axis=0).repeat(factor, axis=1)
