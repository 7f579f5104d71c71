"""How a distance fell in the course of a search, as a picture.

Axes: t step, n target, h w rows and columns.
"""

import math
from collections.abc import Callable

import numpy as np
from jaxtyping import Float
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont
from torch import Tensor

from allaprima.images.lettering import INK, LETTER, PAPER

HEIGHT, WIDTH = 360, 640
LEFT, RIGHT, TOP, BOTTOM = 56, 16, 32, 36  # margins
FINE = 2  # lines are drawn so many times larger, and made small again
ONE, GUIDE, MIDDLE = (150, 180, 215), (225, 225, 225), (20, 90, 170)
TICKS_OF_A_DECADE = (1, 2, 5)


def draw_curve(curve: Float[Tensor, "t n"], title: str = "distance from the target") -> NDArray[np.uint8]:
    """A line for each target, a bold one for their median, on a logarithmic scale; steps that are NaN are left out.

    Returns:
        [h, w, 3].
    """
    values = curve.double().numpy()
    seen = values[np.isfinite(values) & (values > 0)]
    low, high = (float(seen.min()), float(seen.max())) if len(seen) else (0.1, 1.0)
    low, high = low / 1.1, high * 1.1
    steps = max(len(values), 2)

    def place(step: float, value: float) -> tuple[float, float]:
        across = LEFT + (WIDTH - LEFT - RIGHT) * step / (steps - 1)
        down = TOP + (HEIGHT - TOP - BOTTOM) * math.log(high / value) / math.log(high / low)
        return across * FINE, down * FINE

    picture = Image.new("RGB", (WIDTH * FINE, HEIGHT * FINE), PAPER)
    pen = ImageDraw.Draw(picture)
    font = ImageFont.load_default(LETTER * FINE)
    for value in ticks(low, high):
        _, y = place(0, value)
        pen.line([(LEFT * FINE, y), ((WIDTH - RIGHT) * FINE, y)], fill=GUIDE, width=FINE)
        pen.text(((LEFT - 6) * FINE, y), f"{value:g}", fill=INK, font=font, anchor="rm")
    for step in sorted({0, (steps - 1) // 2, steps - 1}):
        x, _ = place(step, high)
        pen.text((x, (HEIGHT - BOTTOM + 6) * FINE), f"{step + 1}", fill=INK, font=font, anchor="mt" if step else "lt")
    pen.text((WIDTH * FINE / 2, 8 * FINE), title, fill=INK, font=font, anchor="mt")
    pen.text((WIDTH * FINE / 2, (HEIGHT - 4) * FINE), "steps", fill=INK, font=font, anchor="mb")
    for target in values.T:
        _draw(pen, target, place, ONE, 1)
    if values.shape[1] > 1:
        done = values[np.isfinite(values).all(axis=1)]
        _draw(pen, np.median(done, axis=1), place, MIDDLE, 3)
    return np.asarray(picture.resize((WIDTH, HEIGHT), Image.Resampling.BOX))


def ticks(low: float, high: float) -> list[float]:
    """Round values between two others: 0.1, 0.2, 0.5, 1 …"""
    decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    values = [float(f"{digit}e{decade}") for decade in decades for digit in TICKS_OF_A_DECADE]
    return [value for value in values if low <= value <= high]


def _draw(
    pen: ImageDraw.ImageDraw,
    values: NDArray[np.float64],
    place: Callable[[float, float], tuple[float, float]],
    colour: tuple[int, int, int],
    width: int,
) -> None:
    points = [place(step, float(value)) for step, value in enumerate(values) if np.isfinite(value) and value > 0]
    if len(points) > 1:
        pen.line(points, fill=colour, width=width * FINE, joint="curve")
