"""From an image through the mean to its opposite: truncation, StyleGAN (Karras et al. 2019), appendix B and figure 8.

Axes: n image, s style, d size of w, h w rows and columns; rgb stands for the channels of an image.
"""

import math
from collections.abc import Iterator, Sequence

import numpy as np
from jaxtyping import Float
from numpy.typing import NDArray
from torch import Tensor

from allaprima.visuals.display import beside, seen, sheet, wordless
from allaprima.visuals.picture import Picture, Section
from allaprima.visuals.subject import Subject, paint

TITLE = "Truncation: from an image through the mean to its opposite"
PSIS = (1.0, 0.7, 0.5, 0.0, -0.5, -1.0)
FRAMES = 36


def truncated(subject: Subject, psis: Sequence[float] = PSIS) -> list[Float[Tensor, "n rgb h w"]]:
    """Images of the subject's seeds at each ψ."""
    return [paint(subject.G, subject.ws(truncation_psi=psi)) for psi in psis]


def truncation_section(subject: Subject) -> Section:
    """A sheet of seeds and ψ, and a film in which ψ swings from 1 to −1 and back."""
    few = subject.few()
    columns = [list(seen(images)) for images in truncated(subject)]
    rows = [wordless([column[n] for column in columns]) for n in range(len(subject.seeds))]
    names = ["ψ = 1" if psi == 1 else f"{psi:g}".replace("-", "−") for psi in PSIS]
    return Section(
        name="truncation",
        title=TITLE,
        text=(_text(subject),),
        pictures=(
            Picture(
                name="truncation",
                caption=CAPTION + (NO_MEAN if _has_no_mean(subject) else MEAN),
                image=sheet(rows, column_names=names, row_names=subject.names),
            ),
            Picture(name="truncation-film", caption=FILM, image=next(_film(few)), film=lambda: _film(few)),
        ),
    )


def _film(subject: Subject) -> Iterator[NDArray[np.uint8]]:
    for frame in range(FRAMES):
        psi = math.cos(2 * math.pi * frame / FRAMES)
        images = paint(subject.G, subject.ws(truncation_psi=psi))
        yield beside(seen(images), f"ψ = {psi:+.2f}".replace("-", "−"))


def _has_no_mean(subject: Subject) -> bool:
    """Whether there is no mapping network, and so no mean style that is an image like others."""
    return not subject.G.has_w


def _text(subject: Subject) -> str:
    if _has_no_mean(subject):
        where = "its latent, whose mean is 0"
        mean = "the image of the latent 0"
    else:
        where, mean = "W, the space of styles", "the mean image, the same for all seeds"
    return (
        f"Truncation draws what an image is painted from towards the mean: mean + ψ (w − mean), here in {where}. ψ = 1"
        f" leaves it as it is, ψ = 0 gives {mean}, and a negative ψ goes on to the other side. Less than 1 gives safer"
        " images and fewer kinds of them."
    )


CAPTION = "Each row is one seed. From left to right ψ falls: at 1 the seed's own image, "
MEAN = (
    "at 0 the mean of all, which is the same in every row, at −1 the opposite of the image: what was light may be dark,"
    " what was narrow may be wide."
)
NO_MEAN = (
    "at 0 what the generator makes of the latent 0, the same in every row; no seed is near it, so it may be no image at"
    " all. At −1 the image of the opposite latent."
)
FILM = "ψ swings from 1 through 0 to −1 and back, for all seeds at once: they meet at 0 and part again."
