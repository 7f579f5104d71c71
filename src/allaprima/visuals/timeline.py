"""How the moments of a training become the frames of a film: what a frame is between, and what is lettered on it."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from allaprima.duration import SPACED, duration
from allaprima.errors import ConfigError
from allaprima.visuals.drawing import INK, PAPER
from allaprima.visuals.film_records import Moment

OPENING, CLOSING = 0.03, 0.1  # shares of a film that its first and its last moment stand still
RESTING = 0.3  # share of the time from one moment to the next that the first of them stands still
LETTER = 18
TITLE = 30  # pixels of height
LINE = 4  # of the line that shows how far the training is
FAINT = (215, 215, 215)


@dataclass(frozen=True, slots=True)
class Instant:
    """One frame's place in time.

    Attributes:
        before: Number of the moment that it comes from.
        after: Number of the one that it goes to; the last moment goes to itself.
        share: How far it is, 0 to 1.
    """

    before: int
    after: int
    share: float

    def between(self, a: float, b: float) -> float:
        """The value at this instant."""
        return a + self.share * (b - a)


def instants(num_moments: int, *, seconds: float, fps: float) -> Iterator[Instant]:
    """All frames of a film; each moment gets as much of its time as any other.

    Raises:
        ConfigError: The film would have no time, or no end.
    """
    if not (math.isfinite(seconds) and seconds > 0):
        raise ConfigError(f"a film of {seconds:g} seconds: give a length of more than 0")
    num_frames = max(round(seconds * fps), 2)
    for frame in range(num_frames):
        moving = (frame / (num_frames - 1) - OPENING) / (1 - OPENING - CLOSING)
        place = min(max(moving, 0.0), 1.0) * (num_moments - 1)
        before = min(int(place), num_moments - 1)
        yield Instant(before, min(before + 1, num_moments - 1), eased(place - before))


def eased(share: float) -> float:
    """Rest, start gently, arrive gently."""
    x = min(max((share - RESTING) / (1 - RESTING), 0.0), 1.0)
    return x * x * (3 - 2 * x)


def title(width: int, moments: tuple[Moment, ...], at: Instant) -> NDArray[np.uint8]:
    """[TITLE + LINE, width, 3]: images seen, time of training, and a line that grows until the last moment."""
    first, last = moments[at.before], moments[at.after]
    kimg = at.between(first.kimg, last.kimg)
    picture = Image.new("RGB", (width, TITLE + LINE), PAPER)
    pen = ImageDraw.Draw(picture)
    font = ImageFont.load_default(LETTER)
    digits = 1 if moments[-1].kimg >= 10 else 3
    pen.text((4, TITLE - 9), f"{kimg:.{digits}f} kimg", fill=INK, font=font, anchor="ls")
    seconds = at.between(first.seconds, last.seconds)
    time = duration(seconds, SPACED) if math.isfinite(seconds) else ""
    pen.text((width - 4, TITLE - 9), time, fill=INK, font=font, anchor="rs")
    share = kimg / moments[-1].kimg if moments[-1].kimg else 1.0
    pen.rectangle((0, TITLE, width - 1, TITLE + LINE - 2), fill=FAINT)
    pen.rectangle((0, TITLE, share * (width - 1), TITLE + LINE - 2), fill=INK)
    return np.asarray(picture)
