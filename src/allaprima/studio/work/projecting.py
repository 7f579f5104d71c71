"""Projection: which styles paint an uploaded picture, with a look at how far it is and what is found so far.

Axes: t step, n target (one here), c channel, h w rows and columns.
"""

import time
from collections.abc import Generator
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal

import torch
from jaxtyping import Float
from PIL import Image
from torch import Tensor

from allaprima.data.transform import fitted
from allaprima.images import encode_png, read_image
from allaprima.latents import Projection, Search, own_distance
from allaprima.latents.projection import Target, fit_target, write_outcome
from allaprima.latents.projection import outcome as outcomes
from allaprima.latents.projection.pivotal import painted
from allaprima.studio.work.bench import Bench
from allaprima.studio.work.filming import filmed
from allaprima.studio.work.uploads import opened

Fit = Literal["crop", "pad"]
BETWEEN = 0.2  # seconds between two reports
KEPT_EVERY = 1.0  # seconds: what is found is there if the search is stopped
POINTS = 120  # of the curve that a page draws
FILM_FPS = 24
NAME = "target"


def fit(bench: Bench, data: bytes, model: str, how: Fit, most_pixels: int) -> dict[str, Any]:
    """A picture as the model could have painted it: as a PNG, and what was changed. Raises `DataError`."""
    picture = opened(data, most_pixels)
    target = target_of(picture, bench.generator(model), how)
    return {
        "image": encode_png(target.pixels.permute(1, 2, 0).contiguous().numpy()),
        "notes": list(target.notes),
        "height": picture.height,
        "width": picture.width,
    }


def target_of(picture: Image.Image, G: Any, how: Fit) -> Target:
    """The picture in the model's size and channels: its middle, or all of it with something around."""
    if how == "crop":
        return fit_target(picture, G, name=NAME)
    (whole,) = fitted(picture, G.img_height, G.img_width, "pad")
    target = fit_target(whole, G, name=NAME)
    if whole is picture:
        return target
    size = f"{picture.height}×{picture.width} to {G.img_height}×{G.img_width}"
    return target._replace(notes=(f"all of it was brought from {size}", *target.notes))


def project(bench: Bench, folder: str, order: dict[str, Any]) -> Generator[dict[str, Any], None, dict[str, Any]]:
    """Search for the styles of ``target.png``.

    Layers keep the model's own noise, so that what is found is what the other pages paint. The directory gets
    ``preview.png`` and ``latents.safetensors`` every second, and at the end what
    `allaprima.latents.projection.write_outcome` writes and a film of the way.
    """
    own = Path(folder)
    networks = bench.networks(order["model"])
    G = networks.G_ema
    target = fit_target(read_image(own / "target.png"), G, name=NAME)
    projection = Projection(
        G,
        target.pixels[None],
        distance=own_distance(networks.D),
        start=order["candidates"] or None,
        how=Search(space=order["space"], steps=order["steps"], noise_weight=None),
        label={} if order["class"] is None else {"class_index": order["class"]},
    )
    watch = Watch(projection, own)
    watch.keep()
    yield watch.report(0, "looking for a place to start") | {"total": None}
    for step in projection:
        if watch.is_due:
            yield watch.report(step.done, "step")
    decibels = float(write_outcome(own, projection, [NAME])[0])
    watch.keep()
    yield watch.report(order["steps"], "step")
    film = own / ("way.mp4" if find_spec("av") else "way.png")
    way = filmed(film, outcomes.frames(projection), len(projection.trail), fps=FILM_FPS)
    for told in way:
        yield watch.told | {"note": "filming the way: frame"} | told
    yield watch.report(order["steps"], "step")
    return {"psnr": round(decibels, 2), "film": film.name}


@dataclass(slots=True)
class Watch:
    """What is told of a search while it runs."""

    projection: Projection
    folder: Path
    versions: int = 0
    told: dict[str, Any] = field(default_factory=dict)
    _said: float = 0.0
    _kept: float = 0.0
    _decibels: float | None = None

    @property
    def is_due(self) -> bool:
        """Whether it is time for another report."""
        return time.monotonic() - self._said > BETWEEN

    def report(self, done: int, note: str) -> dict[str, Any]:
        """How far the search is: PSNR and picture are those of ``preview``, the version of ``preview.png``."""
        if done and time.monotonic() - self._kept > KEPT_EVERY:
            self.keep()
        self.told = {
            "done": done,
            "total": self.projection.how.steps,
            "note": note,
            "distances": points(self.projection.curve[:, 0]),
            "preview": self.versions,
            "psnr": self._decibels,
        }
        self._said = time.monotonic()
        return self.told

    def keep(self) -> None:
        """Write what is found so far."""
        pixels = painted(self.projection.G, self.projection.ws)
        self._decibels = round(float(outcomes.painted_psnr(pixels, self.projection.targets)[0]), 2)
        outcomes.write_picture(self.folder / "preview.png", pixels[0])
        outcomes.write_latents(self.folder / "latents.safetensors", self.projection, [NAME])
        self.versions += 1
        self._kept = time.monotonic()


def points(curve: Float[Tensor, "t"]) -> list[tuple[int, float]]:
    """Steps and their distances, so many that a curve can be drawn: the first and the last are among them."""
    done = int(curve.isfinite().sum())
    if not done:
        return []
    steps = torch.linspace(0, done - 1, min(done, POINTS)).round().long().tolist()
    return [(step + 1, float(f"{float(curve[step]):.4g}")) for step in steps]
