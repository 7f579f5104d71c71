"""Charts of a few curves or bars, as a `Drawing`."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from allaprima.visuals.drawing import Box, Colour, Dot, Drawing, Line, Place, Words

WIDTH, HEIGHT = 720, 320
LEFT, RIGHT, TOP, BOTTOM = 56, 12, 26, 42
LEGEND = 150  # pixels at the right for the names of the curves
ROW = 16  # from one name to the next
TICKS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """A line of a chart.

    Attributes:
        name: What the legend calls it.
        x: From left to right.
        y: As many.
        colour: Of the line.
        mark: Where on the x axis the curve gets a dot; None: nowhere.
    """

    name: str
    x: Sequence[float]
    y: Sequence[float]
    colour: Colour
    mark: float | None = None


def line_chart(
    curves: Sequence[Curve],
    *,
    title: str,
    x_title: str,
    y_title: str,
    octaves: bool = False,
    floor: float | None = None,
) -> Drawing:
    """Curves over one another.

    Args:
        curves: At least one, of finite numbers.
        title: For those who cannot see it.
        x_title: Under the horizontal axis.
        y_title: Over the vertical axis.
        octaves: Doublings of x are equally far apart; x must then be more than 0.
        floor: What is below is cut off; None: nothing.
    """
    drawing = Drawing(WIDTH, max(HEIGHT, TOP + BOTTOM + ROW * len(curves)), title)
    frame = _frame(drawing, curves, octaves, floor)
    drawing.marks += [
        Words((4, 14), y_title),
        Words(((frame.left + frame.right) / 2, drawing.height - 6), x_title, "middle"),
    ]
    for value, text in frame.x_ticks():
        place = frame.place(value, frame.low)
        drawing.marks += [
            Line([(place[0], frame.top), (place[0], frame.bottom)], faint=True),
            Words((place[0], frame.bottom + 15), text, "middle"),
        ]
    for value in _round_steps(frame.low, frame.high):
        _, y = frame.place(frame.first, value)
        drawing.marks += [
            Line([(frame.left, y), (frame.right, y)], faint=True),
            Words((frame.left - 6, y + 4), f"{value:g}", "end"),
        ]
    for index, curve in enumerate(curves):
        drawing.marks += _curve(curve, frame)
        y = TOP + ROW * index + 8
        x = frame.right + 12
        drawing.marks += [Line([(x, y - 4), (x + 16, y - 4)], curve.colour, 2.5), Words((x + 22, y), curve.name)]
    return drawing


def bar_chart(names: Sequence[str], values: Sequence[float], *, title: str, unit: str) -> Drawing:
    """Bars that lie under one another, each with its name before and its value after it."""
    drawing = Drawing(WIDTH, 10 + (ROW + 6) * len(names), title)
    left, right = 190, WIDTH - 110
    most = max([*values, 1e-12])
    for index, (name, value) in enumerate(zip(names, values, strict=True)):
        y = 5 + (ROW + 6) * index
        end = left + (right - left) * value / most
        drawing.marks += [
            Words((left - 8, y + 13), name, "end"),
            Box((left, y), (end, y + ROW), (66, 120, 190)),
            Words((end + 6, y + 13), f"{value:.3g} {unit}"),
        ]
    return drawing


@dataclass(frozen=True, slots=True, kw_only=True)
class _Frame:
    """The box that curves are in, and the numbers at its sides."""

    left: float
    right: float
    top: float
    bottom: float
    first: float
    last: float
    low: float
    high: float
    octaves: bool

    def place(self, x: float, y: float) -> Place:
        across = (self._along(x) - self._along(self.first)) / (self._along(self.last) - self._along(self.first))
        up = (min(max(y, self.low), self.high) - self.low) / (self.high - self.low)
        return self.left + across * (self.right - self.left), self.bottom - up * (self.bottom - self.top)

    def x_ticks(self) -> list[tuple[float, str]]:
        if not self.octaves:
            return [(value, f"{value:g}") for value in _round_steps(self.first, self.last)]
        lowest, highest = math.ceil(math.log2(self.first) - 1e-9), math.floor(math.log2(self.last) + 1e-9)
        return [(2.0**power, f"{2.0**power:g}") for power in range(lowest, highest + 1)]

    def _along(self, x: float) -> float:
        return math.log2(x) if self.octaves else x


def _frame(drawing: Drawing, curves: Sequence[Curve], octaves: bool, floor: float | None) -> _Frame:
    xs = [x for curve in curves for x in curve.x]
    ys = [y for curve in curves for y in curve.y]
    first, last = min(xs), max(xs)
    high = max(ys)
    low = min(ys) if floor is None else max(floor, min(ys))
    return _Frame(
        left=LEFT,
        right=drawing.width - RIGHT - LEGEND,
        top=TOP,
        bottom=drawing.height - BOTTOM,
        first=first,
        last=last if last > first else first + 1,
        low=low,
        high=high if high > low else low + 1,
        octaves=octaves,
    )


def _curve(curve: Curve, frame: _Frame) -> list[Line | Dot | Box | Words]:
    marks: list[Line | Dot | Box | Words] = []
    marks.append(Line([frame.place(x, y) for x, y in zip(curve.x, curve.y, strict=True)], curve.colour, 2.0))
    if curve.mark is not None and curve.x[0] <= curve.mark <= curve.x[-1]:
        marks.append(Dot(frame.place(curve.mark, _height(curve, curve.mark)), 4.5, curve.colour))
    return marks


def _height(curve: Curve, x: float) -> float:
    """How high the curve is at x."""
    after = next(i for i, value in enumerate(curve.x) if value >= x)
    if after == 0:
        return curve.y[0]
    share = (x - curve.x[after - 1]) / (curve.x[after] - curve.x[after - 1])
    return curve.y[after - 1] + share * (curve.y[after] - curve.y[after - 1])


def _round_steps(low: float, high: float) -> list[float]:
    """About five round numbers between two."""
    rough = (high - low) / TICKS
    power = 10 ** math.floor(math.log10(rough))
    step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= rough * (1 - 1e-9))
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [round(step * i, 12) for i in range(first, last + 1)]
