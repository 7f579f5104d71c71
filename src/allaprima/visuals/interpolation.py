"""From one seed to another, on the sphere of Z and on the straight line of W, and how long the ways are.

StyleGAN (Karras et al. 2019), section 4.1: if W is less entangled than Z, the straight way through W is shorter, since
nothing appears on it that is in neither end.

Axes: n image, s style, d size of w, z size of z, h w rows and columns; rgb stands for the channels of an image.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float
from numpy.typing import NDArray
from torch import Tensor

from allaprima.models.mapping import LatentNormalization
from allaprima.ops import lerp, slerp
from allaprima.visuals.chart import Curve, line_chart
from allaprima.visuals.display import beside, seen, sheet, wordless
from allaprima.visuals.distance import path_length, pyramid_distance
from allaprima.visuals.picture import Picture, Section
from allaprima.visuals.subject import Subject, paint

TITLE = "Interpolation: the way from one image to another"
STEPS = 48
SHOWN = 9  # images of a strip
IN_Z, IN_W = (52, 98, 190), (210, 70, 50)


def through_z(subject: Subject, pair: tuple[int, int], steps: int = STEPS) -> Float[Tensor, "n s d"]:
    """Styles between a ``pair`` of the subject's seeds along the arc of Z, ends included: ``steps`` + 1."""
    a, b = subject.z(pair).unbind()
    t = torch.linspace(0, 1, steps + 1)
    return subject.ws(slerp(a.expand(steps + 1, -1), b.expand(steps + 1, -1), t))


def through_w(subject: Subject, pair: tuple[int, int], steps: int = STEPS) -> Float[Tensor, "n s d"]:
    """Styles on the straight line of W between a ``pair`` of the subject's seeds, ends included: ``steps`` + 1."""
    a, b = subject.ws(subject.z(pair)).unbind()
    t = torch.linspace(0, 1, steps + 1, device=a.device)[:, None].expand(-1, len(a))
    return lerp(a.expand(steps + 1, -1, -1), b.expand(steps + 1, -1, -1), t)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ways:
    """Two ways between two seeds.

    Attributes:
        pair: The seeds.
        z: Images along the arc of Z.
        w: Images along the line of W.
    """

    pair: tuple[int, int]
    z: Float[Tensor, "n rgb h w"]
    w: Float[Tensor, "n rgb h w"]

    @property
    def straight(self) -> float:
        """Distance of the ends: no way is shorter."""
        return float(pyramid_distance(self.w[:1], self.w[-1:]))

    @property
    def name(self) -> str:
        """Both seeds."""
        return f"seed {self.pair[0]} to {self.pair[1]}"


def ways(subject: Subject, pair: tuple[int, int], steps: int = STEPS) -> Ways:
    """Paint both."""
    z, w = (paint(subject.G, styles) for styles in (through_z(subject, pair, steps), through_w(subject, pair, steps)))
    return Ways(pair=pair, z=z, w=w)


def interpolation_section(subject: Subject, *, steps: int = STEPS) -> Section:
    """Strips, lengths and a film."""
    if len(subject.seeds) == 1:
        return Section(name="interpolation", title=TITLE, text=(ONE_SEED,))
    seeds = list(subject.seeds)
    pairs = [(seeds[0], seeds[1]), *([(seeds[2], seeds[3])] if len(seeds) > 3 and not subject.is_large else [])]
    found = [ways(subject, pair, steps) for pair in pairs]
    return Section(
        name="interpolation",
        title=TITLE,
        text=(TEXT + _space(subject),),
        pictures=(
            Picture(name="interpolation", caption=STRIPS, image=_strips(found)),
            _lengths_picture(found),
            Picture(
                name="interpolation-film",
                caption=f"From {found[0].name} and back: at the left through Z, at the right through W.",
                image=_frame(found[0], steps // 2),
                film=lambda: _film(found[0]),
            ),
        ),
        table=_table(found),
    )


def _strips(found: list[Ways]) -> NDArray[np.uint8]:
    rows, names = [], []
    for each in found:
        for space, images in (("Z", each.z), ("W", each.w)):
            chosen = torch.linspace(0, len(images) - 1, SHOWN).round().long()
            rows.append(wordless(list(seen(images[chosen]))))
            names.append(f"{each.name}, {space}")
    columns = [f"{share:.0%}" for share in torch.linspace(0, 1, SHOWN).tolist()]
    return sheet(rows, column_names=columns, row_names=names)


def _lengths_picture(found: list[Ways]) -> Picture:
    curves = []
    for index, each in enumerate(found):
        for space, images, colour in (("Z", each.z, IN_Z), ("W", each.w, IN_W)):
            shade = colour if index == 0 else tuple((c + 255) // 2 for c in colour)
            length = path_length(images).tolist()
            share = torch.linspace(0, 1, len(images)).tolist()
            curves.append(Curve(name=f"{each.name}, {space}", x=share, y=length, colour=shade))  # type: ignore[arg-type]
    drawing = line_chart(
        curves,
        title="length of the ways so far",
        x_title="share of the way",
        y_title="length so far (levels of 255, mean over the bands of a Laplacian pyramid)",
    )
    return Picture(name="interpolation-lengths", caption=LENGTHS, image=drawing.pixels(), svg=drawing.svg())


def _table(found: list[Ways]) -> tuple[tuple[str, ...], ...]:
    rows = [("seeds", "length through Z", "length through W", "distance of the ends", "the way through W is")]
    for each in found:
        z, w = (float(path_length(images)[-1]) for images in (each.z, each.w))
        rows.append((each.name, f"{z:.1f}", f"{w:.1f}", f"{each.straight:.1f}", _compared(w, z)))
    return tuple(rows)


def _compared(w: float, z: float) -> str:
    percent = round(100 * (w / z - 1)) if z > 0 else 0  # 0: two seeds of one image
    if percent == 0:
        return "as long"
    return f"{abs(percent)} % {'shorter' if percent < 0 else 'longer'}"


def _film(found: Ways) -> Iterator[NDArray[np.uint8]]:
    last = len(found.z) - 1
    for index in [*range(last), *range(last, 0, -1)]:
        yield _frame(found, index)


def _frame(found: Ways, index: int) -> NDArray[np.uint8]:
    both = torch.stack([found.z[index], found.w[index]])
    return beside(seen(both), f"Z and W at {index / (len(found.z) - 1):.0%}")


def _space(subject: Subject) -> str:
    if subject.G.has_w:
        return ""
    if isinstance(subject.G.mapping, LatentNormalization):
        return (
            " This generator has no mapping network: its W is Z itself, scaled to a sphere, which the straight line"
            " cuts through."
        )
    return " This generator has no mapping network: its W is Z itself, so the two ways differ only in their course."


ONE_SEED = "A way needs two seeds: ask for more than one."
TEXT = (
    "Between two latents there are two natural ways: along the arc in Z, the space that seeds are drawn from, and along"
    " the straight line in W, the space of styles. The mapping network between them may straighten what is bent: a way"
    " through W often shows fewer things that belong to neither end, and is then shorter."
)
STRIPS = (
    "From one seed (left) to another (right) in equal steps: on the sphere of Z, and on the straight line of W. Both"
    " rows of a pair have the same ends."
)
LENGTHS = (
    "How far one has come, in what the eye sees: a straight line would be an even pace, a steep piece is a sudden"
    " change. The height at the right end is the length of the way; the lower of two lines of one pair changes less on"
    " its way."
)
