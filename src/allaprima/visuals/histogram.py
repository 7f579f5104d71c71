"""Scores of a few kinds of images over one axis, as a drawing.

Axes: n image.
"""

import math
from collections.abc import Mapping, Sequence

import torch
from jaxtyping import Float
from torch import Tensor

from allaprima.visuals.drawing import Colour, Drawing, Line, Place, Words

WIDTH, HEIGHT = 720, 260
LEFT, RIGHT, TOP, BOTTOM = 16, 16, 34, 40
BINS = 40
TICKS = 6
REAL, FAKE = (38, 102, 184), (205, 70, 50)
"""Blue and red."""


def histogram(
    scores: Mapping[str, Float[Tensor, " n"]],
    *,
    title: str,
    colours: Sequence[Colour] = (REAL, FAKE),
    axis: str = "score",
) -> Drawing:
    """The share of each kind's images in each of `BINS` equal parts of the axis, as stepped outlines.

    Args:
        scores: By name of the kind; finite, at least one each.
        title: For those who cannot see it.
        colours: One for each kind.
        axis: Words under the axis.
    """
    together = torch.cat([kind.double() for kind in scores.values()])
    low, high = together.min().item(), together.max().item()
    low, high = (low, high) if high > low else (low - 0.5, high + 0.5)
    shares = {name: _shares(kind, low, high) for name, kind in scores.items()}
    most = max(max(share) for share in shares.values())
    right, bottom = WIDTH - RIGHT, HEIGHT - BOTTOM
    drawing = Drawing(WIDTH, HEIGHT, title)

    def place(score: float, share: float) -> Place:
        return LEFT + (score - low) / (high - low) * (right - LEFT), bottom - share / most * (bottom - TOP)

    for value in round_numbers(low, high):
        x, _ = place(value, 0)
        drawing.marks += [
            Line([(x, TOP), (x, bottom)], faint=True),
            Words((x, bottom + 15), f"{value:g}", "middle"),
        ]
    drawing.marks += [
        Line([(LEFT, bottom), (right, bottom)]),
        Words((LEFT, HEIGHT - 6), "generated to its eye"),
        Words((WIDTH / 2, HEIGHT - 6), axis, "middle"),
        Words((right, HEIGHT - 6), "real to its eye", "end"),
    ]
    step = (high - low) / BINS
    for index, ((name, share), colour) in enumerate(zip(shares.items(), colours, strict=False)):
        edges = [low + step * i for i in range(BINS + 1)]
        outline = [place(low, 0)]
        for i, part in enumerate(share):
            outline += [place(edges[i], part), place(edges[i + 1], part)]
        drawing.marks.append(Line([*outline, place(high, 0)], colour, 2.0))
        x = LEFT + index * (right - LEFT) / max(len(shares), 1)
        drawing.marks += [Line([(x, 12), (x + 18, 12)], colour, 3.0), Words((x + 24, 16), name)]
    return drawing


def round_numbers(low: float, high: float) -> list[float]:
    """About `TICKS` round numbers from ``low`` to ``high``, which is more."""
    rough = (high - low) / TICKS
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= rough * (1 - 1e-9))
    return [round(step * i, 12) for i in range(math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9) + 1)]


def _shares(scores: Tensor, low: float, high: float) -> list[float]:
    place = ((scores.double() - low) / (high - low) * BINS).floor().clamp(0, BINS - 1).long()
    shares: list[float] = (torch.bincount(place, minlength=BINS).double() / len(scores)).tolist()
    return shares
