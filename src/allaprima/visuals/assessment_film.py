"""The assessment film: real images and fakes, always the same, in the order of a discriminator's scores as it learns.

The most real-looking image is at the upper left, the least at the lower right; images move to their new places from
moment to moment. The colour of a frame is its score: blue for scores like those of real images, red for scores like
those of fakes, white for halfway between the means of both.

Axes: n image, c channel, h w rows and columns.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch
from einops import rearrange
from jaxtyping import Float
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont
from torch import Tensor

from allaprima.errors import RunError
from allaprima.images import sheet_shape, to_rgb
from allaprima.visuals.display import resized
from allaprima.visuals.drawing import INK, PAPER
from allaprima.visuals.film_records import Footage, Moment
from allaprima.visuals.histogram import FAKE, REAL
from allaprima.visuals.learning_film import tile_size
from allaprima.visuals.timeline import Instant, instants, title

HEIGHT, WIDTH = 600, 1100  # pixels that the images should about fill
MOVES = 1.2  # in a second: more of them nobody can follow
FRAME = 4  # pixels of colour around an image
GAP = 3  # and of white around that
NEUTRAL = (240, 240, 240)
SPREAD = 0.95  # share of the scores whose colours differ
LEGEND = 64  # pixels of height
LETTER = 13
MARK = 5  # radius of the disc on a real image


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """From scores to places on an axis: -1 looks generated, 0 is undecided, 1 looks real.

    Attributes:
        centres: The score that is undecided, at each moment.
        spread: What is as far from it is -1 or 1, at all moments alike, so that one sees how sure the network is.
    """

    centres: Float[Tensor, " m"]
    spread: float

    def places(self, scores: Float[Tensor, "m n"]) -> Float[Tensor, "m n"]:
        """Where the scores of all moments are."""
        return ((scores - self.centres[:, None]) / self.spread).clamp(-1, 1)


def assessment_frames(
    footage: Footage,
    *,
    seconds: float = 20.0,
    fps: float = 30.0,
    count: int | None = None,
    height: int = HEIGHT,
    width: int = WIDTH,
) -> Iterator[NDArray[np.uint8]]:
    """Frames [h, w, 3]; of many moments a few, evenly chosen, so that one can follow.

    Args:
        footage: What to show.
        seconds: Length of the film.
        fps: Frames in a second.
        count: Images to show of each kind, the first ones; None: all.
        height: Pixels that the images fill at most.
        width: The same from left to right.

    Raises:
        RunError: The footage has no scores.
        ConfigError: A film of no length.
    """
    moments = chosen(footage.moments, max(2, round(seconds * MOVES)))
    num_reals = 0 if footage.reals is None else len(footage.reals[:count])
    scores = torch.stack([_scores(moment, num_reals, count) for moment in moments])
    places = scale_of(scores, num_reals).places(scores)
    ranks = ranks_of(scores)
    stage = _Stage(footage, moments, num_reals, count, (height, width))
    for at in instants(len(moments), seconds=seconds, fps=fps):
        now = torch.lerp(places[at.before], places[at.after], at.share)
        picture = stage.tiles(at, (ranks[at.before], ranks[at.after]), now)
        yield np.concatenate(
            [
                title(picture.shape[1], moments, at),
                picture,
                legend(picture.shape[1], now[:num_reals].tolist(), now[num_reals:].tolist()),
            ]
        )


def chosen(moments: Sequence[Moment], most: int) -> tuple[Moment, ...]:
    """At most so many of them, evenly, the first and the last included."""
    if len(moments) <= most:
        return tuple(moments)
    return tuple(moments[round(i * (len(moments) - 1) / (most - 1))] for i in range(most))


def ranks_of(scores: Float[Tensor, "m n"]) -> list[list[int]]:
    """Place of each image at each moment, 0 for the highest score; equal scores keep the order of the images."""
    order = scores.argsort(dim=1, descending=True, stable=True)
    ranks: list[list[int]] = order.argsort(dim=1).tolist()
    return ranks


def scale_of(scores: Float[Tensor, "m n"], num_reals: int) -> Scale:
    """Halfway between the means of both kinds, at each moment; of fakes alone, the median of all moments.

    Scores have a zero that means something in some losses alone, so it is not used.
    """
    if 0 < num_reals < scores.shape[1]:
        centres = (scores[:, :num_reals].mean(dim=1) + scores[:, num_reals:].mean(dim=1)) / 2
    else:
        centres = scores.median().expand(len(scores))
    away = (scores - centres[:, None]).abs()
    return Scale(centres=centres, spread=max(away.quantile(SPREAD).item(), 1e-6))


def colour(place: float) -> tuple[int, int, int]:
    """Red at -1, nearly white at 0, blue at 1."""
    end = REAL if place > 0 else FAKE
    red, green, blue = (round(a + abs(place) * (b - a)) for a, b in zip(NEUTRAL, end, strict=True))
    return red, green, blue


def legend(width: int, reals: Sequence[float], fakes: Sequence[float]) -> NDArray[np.uint8]:
    """[LEGEND, width, 3]: the colours in a row, real images as discs above it and fakes as strokes below it."""
    picture = Image.new("RGB", (width, LEGEND), PAPER)
    pen = ImageDraw.Draw(picture)
    font = ImageFont.load_default(LETTER)
    left, right, top, bottom = 12, width - 13, 20, 28

    def x(place: float) -> float:
        return left + (place + 1) / 2 * (right - left)

    for column in range(left, right + 1):
        shade = colour(-((column - left) / (right - left) * 2 - 1))
        pen.line((column, top, column, bottom), fill=shade)
    for place in reals:
        pen.ellipse((x(-place) - 4, top - 13, x(-place) + 4, top - 5), fill=INK)
    for place in fakes:
        pen.line((x(-place), bottom + 4, x(-place), bottom + 13), fill=INK, width=2)
    baseline = LEGEND - 7
    pen.text((left, baseline), "looks real to it", fill=REAL, font=font, anchor="ls")
    pen.text((right, baseline), "looks generated", fill=FAKE, font=font, anchor="rs")
    middle, height = width / 2, baseline - 5
    if reals:
        pen.ellipse((middle - 62, height - 4, middle - 54, height + 4), fill=INK)
        pen.text((middle - 48, baseline), "real", fill=INK, font=font, anchor="ls")
    pen.line((middle + 6, height - 5, middle + 6, height + 4), fill=INK, width=2)
    pen.text((middle + 13, baseline), "generated", fill=INK, font=font, anchor="ls")
    return np.asarray(picture)


class _Stage:
    """Puts images to their places."""

    def __init__(
        self, footage: Footage, moments: tuple[Moment, ...], num_reals: int, count: int | None, space: tuple[int, int]
    ) -> None:
        self.moments, self.count, self.num_reals = moments, count, num_reals
        first = to_rgb(moments[0].fakes()[:count])
        total = num_reals + len(first)
        rows, self.columns = sheet_shape(first.shape[2], first.shape[3], total)
        around = 2 * (FRAME + GAP)
        inner = space[0] - rows * around, space[1] - self.columns * around
        self.size = tile_size(first, (rows, self.columns), (max(inner[0], 1), max(inner[1], 1)))
        self.step = self.size[0] + around, self.size[1] + around
        self.shape = rows * self.step[0], self.columns * self.step[1], 3
        self.reals = [] if footage.reals is None else _arrays(footage.reals[:count], self.size)
        self.fakes = lru_cache(maxsize=2)(self._fakes)

    def tiles(self, at: Instant, ranks: tuple[list[int], list[int]], places: Tensor) -> NDArray[np.uint8]:
        """The sheet at one instant; what moves furthest is on top."""
        picture = np.full(self.shape, 255, np.uint8)
        images = [*self.reals, *self._faded(at)]
        way = [abs(a - b) for a, b in zip(*ranks, strict=True)]
        for number in sorted(range(len(images)), key=lambda n: (way[n], n)):
            y, x = self._corner(at, ranks[0][number], ranks[1][number])
            self._paste(picture, images[number], y, x, places[number].item(), number < self.num_reals)
        return picture

    def _corner(self, at: Instant, before: int, after: int) -> tuple[int, int]:
        (y0, x0), (y1, x1) = (divmod(rank, self.columns) for rank in (before, after))
        return round(at.between(y0, y1) * self.step[0]), round(at.between(x0, x1) * self.step[1])

    def _paste(
        self, picture: NDArray[np.uint8], image: NDArray[np.uint8], y: int, x: int, place: float, is_real: bool
    ) -> None:
        height, width = self.size
        y, x = y + GAP, x + GAP
        picture[y : y + height + 2 * FRAME, x : x + width + 2 * FRAME] = colour(place)
        inside = picture[y + FRAME : y + FRAME + height, x + FRAME : x + FRAME + width]
        inside[:] = image
        if is_real:
            corner = picture[y : y + 2 * MARK + 3, x : x + 2 * MARK + 3]
            disc, ring = (part[: corner.shape[0], : corner.shape[1]] for part in _MARKS)
            corner[ring] = PAPER
            corner[disc] = INK

    def _faded(self, at: Instant) -> list[NDArray[np.uint8]]:
        before = self.fakes(at.before)
        if not at.share:
            return list(before.astype(np.uint8))
        return list(np.rint(before + at.share * (self.fakes(at.after) - before)).astype(np.uint8))

    def _fakes(self, number: int) -> NDArray[np.float32]:
        return np.stack(_arrays(self.moments[number].fakes()[: self.count], self.size)).astype(np.float32)


def _disc(radius: float) -> NDArray[np.bool_]:
    reach = np.arange(2 * MARK + 3) - MARK - 1
    round_: NDArray[np.bool_] = np.add.outer(reach**2, reach**2) <= radius**2
    return round_


_MARKS = _disc(MARK - 0.5), _disc(MARK + 1.0)


def _arrays(images: Tensor, size: tuple[int, int]) -> list[NDArray[np.uint8]]:
    return list(rearrange(resized(to_rgb(images), size), "n c h w -> n h w c").numpy())


def _scores(moment: Moment, num_reals: int, count: int | None) -> Float[Tensor, " n"]:
    """Of the real images, and then of the fakes."""
    if moment.fake_scores is None or (num_reals and moment.real_scores is None):
        raise RunError("there are no scores for an assessment film: no discriminator was asked")
    reals = torch.zeros(0) if moment.real_scores is None else moment.real_scores[:num_reals]
    return torch.cat([reals, moment.fake_scores[:count]])
