"""Lines, boxes, dots and words, drawn twice: as SVG, whose ink is that of the page around it, and as pixels on white.

Places are (x, y) in pixels from the upper left corner.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from allaprima.images.lettering import PLAIN

Colour = tuple[int, int, int] | None  # None: the ink that words have
Place = tuple[float, float]
Anchor = Literal["start", "middle", "end"]

INK, PAPER = (40, 40, 40), (255, 255, 255)
FAINT = 0.25  # share of its colour that a faint line keeps
LETTER = 12
FINER = 2  # times as many pixels while drawing: Pillow's lines have hard edges
PILLOW_ANCHOR = {"start": "ls", "middle": "ms", "end": "rs"}


@dataclass(frozen=True, slots=True)
class Line:
    """A line through some places."""

    places: Sequence[Place]
    colour: Colour = None
    width: float = 1.0
    faint: bool = False


@dataclass(frozen=True, slots=True)
class Dot:
    """A filled circle."""

    place: Place
    radius: float
    colour: Colour = None


@dataclass(frozen=True, slots=True)
class Box:
    """A filled rectangle between two corners."""

    upper_left: Place
    lower_right: Place
    colour: Colour = None


@dataclass(frozen=True, slots=True)
class Words:
    """A line of text; the place is on its base line."""

    place: Place
    text: str
    anchor: Anchor = "start"
    colour: Colour = None


@dataclass(slots=True)
class Drawing:
    """What is drawn, in this order."""

    width: int
    height: int
    title: str
    marks: list[Line | Dot | Box | Words] = field(default_factory=list)

    def svg(self) -> str:
        """Markup to put into a page; texts are escaped."""
        inside = "".join(_markup(mark) for mark in self.marks)
        return (
            f'<svg viewBox="0 0 {self.width} {self.height}" role="img" aria-label="{escape(self.title)}"'
            f' font-size="{LETTER}" font-family="system-ui, sans-serif" fill="currentColor">{inside}</svg>'
        )

    def pixels(self) -> NDArray[np.uint8]:
        """[height, width, 3]."""
        picture = Image.new("RGB", (self.width * FINER, self.height * FINER), PAPER)
        pen = ImageDraw.Draw(picture)
        for mark in self.marks:
            _draw(pen, mark)
        return np.asarray(picture.resize((self.width, self.height), Image.Resampling.BOX))


def _markup(mark: Line | Dot | Box | Words) -> str:
    colour = "currentColor" if mark.colour is None else "#{:02x}{:02x}{:02x}".format(*mark.colour)
    match mark:
        case Line():
            way = " ".join(f"{x:.1f},{y:.1f}" for x, y in mark.places)
            faint = f' stroke-opacity="{FAINT}"' if mark.faint else ""
            return f'<polyline points="{way}" fill="none" stroke="{colour}" stroke-width="{mark.width}"{faint}/>'
        case Dot():
            (x, y), r = mark.place, mark.radius
            return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{r}" fill="{colour}"/>'
        case Box():
            (left, top), (right, bottom) = mark.upper_left, mark.lower_right
            size = f'width="{right - left:.1f}" height="{bottom - top:.1f}"'
            return f'<rect x="{left:.1f}" y="{top:.1f}" {size} fill="{colour}"/>'
    x, y = mark.place
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{mark.anchor}" fill="{colour}">{escape(mark.text)}</text>'


def _draw(pen: ImageDraw.ImageDraw, mark: Line | Dot | Box | Words) -> None:
    colour = mark.colour or INK
    match mark:
        case Line():
            if mark.faint:
                colour = tuple(round(255 + FAINT * (c - 255)) for c in colour)  # type: ignore[assignment]
            pen.line(
                [_finer(place) for place in mark.places], fill=colour, width=round(mark.width * FINER), joint="curve"
            )
        case Dot():
            (x, y), r = _finer(mark.place), mark.radius * FINER
            pen.ellipse((x - r, y - r, x + r, y + r), fill=colour)
        case Box():
            pen.rectangle((*_finer(mark.upper_left), *_finer(mark.lower_right)), fill=colour)
        case Words():
            font = ImageFont.load_default(LETTER * FINER)
            pen.text(
                _finer(mark.place),
                mark.text.translate(PLAIN),
                fill=colour,
                font=font,
                anchor=PILLOW_ANCHOR[mark.anchor],
            )


def _finer(place: Place) -> Place:
    return place[0] * FINER, place[1] * FINER
