"""Charts: the same marks as SVG and as pixels."""

import xml.etree.ElementTree as ET

import numpy as np
import pytest

from allaprima.visuals.chart import Curve, bar_chart, line_chart
from allaprima.visuals.drawing import Box, Dot, Drawing, Line, Words

RED = (220, 0, 0)


def test_svg_and_pixels_show_the_same_places() -> None:
    drawing = Drawing(100, 60, "a <title>")
    drawing.marks += [Box((10, 10), (20, 20), RED), Dot((50, 30), 4, RED), Line([(70, 10), (70, 50)], RED, 2)]
    pixels = drawing.pixels()
    assert pixels.shape == (60, 100, 3)
    assert pixels[15, 15].tolist() == pixels[30, 50].tolist() == list(RED)
    assert np.abs(pixels[30, 70].astype(int) - RED).max() < 130
    assert pixels[40, 30].tolist() == [255, 255, 255]
    root = ET.fromstring(drawing.svg())
    assert root.attrib["aria-label"] == "a <title>"
    assert [child.tag for child in root] == ["rect", "circle", "polyline"]


def test_words_are_escaped() -> None:
    drawing = Drawing(100, 20, '"')
    drawing.marks.append(Words((0, 12), "<script>&ψ"))
    assert "<script>" not in drawing.svg()
    assert next(iter(ET.fromstring(drawing.svg()))).text == "<script>&ψ"
    assert drawing.pixels().min() < 200


@pytest.mark.parametrize("octaves", [False, True])
def test_a_curve_goes_from_corner_to_corner(octaves: bool) -> None:
    curve = Curve(name="a", x=[1, 2, 4, 8], y=[0.0, 1.0, 2.0, 3.0], colour=RED, mark=3.0)
    chart = line_chart([curve], title="t", x_title="x", y_title="y", octaves=octaves)
    line = next(mark for mark in chart.marks if isinstance(mark, Line) and len(mark.places) == 4)
    (x0, y0), (_, y1), _, (x3, y3) = line.places
    assert x0 < x3
    assert y0 > y1 > y3
    if octaves:
        assert line.places[1][0] - x0 == pytest.approx(x3 - line.places[2][0])
    (dot,) = (mark for mark in chart.marks if isinstance(mark, Dot))
    assert line.places[1][0] < dot.place[0] < line.places[2][0]
    assert line.places[2][1] < dot.place[1] < line.places[1][1]


@pytest.mark.parametrize("y", [[0.0, 0.0], [-1e-9, 5e8], [3.0, 3.0]])
def test_any_numbers_can_be_drawn(y: list[float]) -> None:
    chart = line_chart([Curve(name="a", x=[0, 0], y=y, colour=RED)], title="t", x_title="x", y_title="y", floor=-5.0)
    ET.fromstring(chart.svg())
    assert chart.pixels().shape[2] == 3


def test_bars_are_as_long_as_their_values() -> None:
    chart = bar_chart(["a", "b", "c"], [4.0, 2.0, 0.0], title="t", unit="levels")
    lengths = [mark.lower_right[0] - mark.upper_left[0] for mark in chart.marks if isinstance(mark, Box)]
    assert lengths[1] == pytest.approx(lengths[0] / 2)
    assert lengths[2] == 0
    assert "2 levels" in chart.svg()
    assert bar_chart(["a"], [0.0], title="t", unit="").pixels().shape[2] == 3
