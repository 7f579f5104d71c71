"""The image as the sum of what its layers paint: StyleGAN2 (Karras et al. 2020), figure 7 and section 4.

In a skip network each resolution's ToRGB paints colours, and the image is the sum of all, upsampled. A network that
grows (Progressive GAN, StyleGAN) has one ToRGB for each level of detail, of which only the last paints the image: what
a resolution adds is the difference between the images of two levels.

Axes: n image, s style, d size of w, c channel, h w rows and columns; rgb stands for the channels of an image.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import Any, Literal

import numpy as np
import torch
from jaxtyping import Float
from numpy.typing import NDArray
from torch import Tensor
from torch.func import functional_call

from allaprima.images import has_alpha
from allaprima.models import recording
from allaprima.models.lucidrains import LucidrainsGenerator
from allaprima.models.lucidrains.colour import to_signed
from allaprima.models.lucidrains.layers import blur, double
from allaprima.models.stylegan2 import StyleGAN2Generator
from allaprima.ops import upsample2d
from allaprima.visuals.display import Tile, beside, grid_size, resized, seen, sheet, shown_size, signed, wordless
from allaprima.visuals.picture import Picture, Section
from allaprima.visuals.subject import Subject

TITLE = "Layers: the image as a sum, from coarse to fine"
FADE, HOLD = 8, 8  # frames in which a resolution appears, and stays
CHECKER = "checker"
LOUD = 0.995  # share of a contribution's numbers that its grays can show


@dataclass(frozen=True, slots=True, kw_only=True)
class Contributions:
    """What each resolution adds to images.

    Attributes:
        kind: ``sum``: each resolution paints colours that are added up (a skip network); ``levels``: each resolution
            could paint the whole image, and what it adds is a difference.
        sizes: (height, width) of each resolution's grid.
        parts: What each resolution adds, at the size of the image: [n, rgb, h, w]. Their sum is the image.
    """

    kind: Literal["sum", "levels"]
    sizes: tuple[tuple[int, int], ...]
    parts: tuple[Tensor, ...]

    def sums(self) -> list[Tensor]:
        """The image up to each resolution; the last is the whole."""
        return list(accumulate(self.parts))


def contributions(G: Any, ws: Float[Tensor, "n s d"]) -> Contributions | None:
    """Take images of these styles apart by resolution; None where no layer but the last paints colours."""
    with torch.inference_mode():
        if isinstance(G.spec, LucidrainsGenerator):
            return _of_doubled_sums(G, ws)
        if isinstance(G.spec, StyleGAN2Generator) and G.spec.architecture == "skip":
            return _of_colours(G, ws)
        if getattr(G, "lod", None) is not None:
            return _of_levels(G, ws)
    return None


def _sizes(G: Any) -> tuple[tuple[int, int], ...]:
    return tuple(G.spec.geometry.size(resolution) for resolution in G.spec.geometry.resolutions)


def _colours(G: Any, ws: Tensor) -> list[Tensor]:
    """What each resolution's ToRGB returns."""
    names = [f"synthesis.b{resolution}.torgb" for resolution in G.spec.geometry.resolutions]
    with recording(G, names) as kept:
        G.synthesis(ws, noise_mode="const")
    return [kept[name].float() for name in names]


def _of_colours(G: Any, ws: Tensor) -> Contributions:
    """Colours of each resolution, doubled as often as the image so far is, of which they are a part."""
    blocks = [G.synthesis.get_submodule(f"b{resolution}") for resolution in G.spec.geometry.resolutions]
    parts = []
    for position, colours in enumerate(_colours(G, ws)):
        for finer in blocks[position + 1 :]:
            colours = upsample2d(colours, finer.resample_filter)
        parts.append(G.synthesis.geometry.crop(colours).cpu())
    return Contributions(kind="sum", sizes=_sizes(G), parts=tuple(parts))


def _of_doubled_sums(G: Any, ws: Tensor) -> Contributions:
    """The same for a `LucidrainsGenerator`, whose ToRGB adds by itself, and then doubles the sum."""
    torgbs = [G.synthesis.get_submodule(f"b{resolution}.torgb") for resolution in G.spec.geometry.resolutions]
    sums = []
    for position, so_far in enumerate(_colours(G, ws)):
        for finer in torgbs[position + 1 :]:
            so_far = blur(double(so_far), finer.blur_filter) if finer.up else so_far
        sums.append(to_signed(so_far).cpu())
    return Contributions(kind="sum", sizes=_sizes(G), parts=tuple(_differences(sums)))


def _of_levels(G: Any, ws: Tensor) -> Contributions:
    levels = [image_at_level(G, ws, missing).cpu() for missing in range(G.spec.geometry.doublings, -1, -1)]
    return Contributions(kind="levels", sizes=_sizes(G), parts=tuple(_differences(levels)))


def image_at_level(G: Any, ws: Float[Tensor, "n s d"], missing: float) -> Float[Tensor, "n rgb h w"]:
    """The image that a growing ``G``, which does not change, paints of ``ws`` with so many doublings ``missing``."""
    with torch.inference_mode():
        lod = torch.full_like(G.lod, missing)
        image: Tensor = functional_call(G.synthesis, {"lod": lod}, (ws,), {"noise_mode": "const"})
    return image


def _differences(images: list[Tensor]) -> Iterator[Tensor]:
    yield images[0]
    for before, after in pairwise(images):
        yield after - before


def layers_section(subject: Subject) -> Section:
    """Contributions, their running sum, and a film of it."""
    found = contributions(subject.G, subject.ws())
    if found is None:
        return Section(name="layers", title=TITLE, text=(NOTHING,))
    words = SUM if found.kind == "sum" else LEVELS
    return Section(
        name="layers",
        title=TITLE,
        text=(words["text"],),
        pictures=(
            Picture(
                name="layers-running-sum",
                caption=words["running"] + _on_board(subject),
                image=_running_sum(subject, found),
            ),
            Picture(
                name="layers-contributions", caption=words["parts"] + _on_alpha(subject), image=_parts(subject, found)
            ),
            Picture(
                name="layers-film",
                caption=words["film"] + _on_board(subject),
                image=_frame(found.sums()[-1], "all resolutions"),
                film=lambda: _film(found),
            ),
        ),
        table=(
            ("resolution", words["column"]),
            *(
                (grid_size(*size), f"{_loudness(part):.3f}")
                for size, part in zip(found.sizes, found.parts, strict=True)
            ),
        ),
    )


def _running_sum(subject: Subject, found: Contributions) -> NDArray[np.uint8]:
    columns = [seen(images, background=CHECKER) for images in found.sums()]
    rows = [wordless([column[n] for column in columns]) for n in range(len(subject.seeds))]
    names = [f"up to {grid_size(*size)}" for size in found.sizes]
    return sheet(rows, column_names=names, row_names=subject.names)


def _parts(subject: Subject, found: Contributions) -> NDArray[np.uint8]:
    rows, names = [], []
    for n, name in enumerate(subject.names):
        for what, channels in _kinds(subject.G.img_channels):
            rows.append([_signed_tile(part[n : n + 1, channels]) for part in found.parts])
            names.append(f"{name} {what}".strip())
    columns = [f"{grid_size(*size)} adds" for size in found.sizes]
    return sheet(rows, column_names=columns, row_names=names)


def _kinds(channels: int) -> list[tuple[str, slice]]:
    """Channels that are shown apart."""
    if not has_alpha(channels):
        return [("", slice(0, 3))]
    return [("colours", slice(0, channels - 1)), ("alpha", slice(channels - 1, channels))]


def _signed_tile(part: Float[Tensor, "1 c h w"]) -> Tile:
    most = float(part.abs().flatten().quantile(LOUD)) if part.numel() < 2**24 else float(part.abs().max())
    picture = resized(signed(part, most), shown_size(part.shape[2], part.shape[3]))
    return picture[0], f"±{most:.2g}"


def _loudness(part: Tensor) -> float:
    return float(part.square().mean().sqrt())


def _film(found: Contributions) -> Iterator[NDArray[np.uint8]]:
    sums = found.sums()
    before = torch.zeros_like(sums[0])
    for size, after in zip(found.sizes, sums, strict=True):
        for frame in range(FADE + HOLD):
            share = min((frame + 1) / FADE, 1.0)
            yield _frame(torch.lerp(before, after, share), f"up to {grid_size(*size)}")
        before = after
    yield from [_frame(before, "all resolutions")] * HOLD


def _frame(images: Tensor, text: str) -> NDArray[np.uint8]:
    return beside(seen(images, background=CHECKER), text)


def _on_board(subject: Subject) -> str:
    return " The board shows through where the image is transparent." if has_alpha(subject.G.img_channels) else ""


def _on_alpha(subject: Subject) -> str:
    if not has_alpha(subject.G.img_channels):
        return ""
    return " Rows named alpha show the opacity: what is lighter than gray becomes more opaque."


NOTHING = (
    "In this network only the last layer paints colours, so the image is no sum of images: what its other layers do"
    " can be seen in their feature maps alone."
)
SUM = {
    "text": (
        "Each resolution of this generator paints an image of its own, and the picture is the sum of them all, each"
        " enlarged to the full size. Nothing else is in it: added up, the contributions are the image, but for"
        " rounding."
    ),
    "running": (
        "From left to right the sum grows by one resolution: first a blurred ground, at the right the finished image."
        " Each row is one seed."
    ),
    "parts": (
        "What each resolution adds. Middle gray adds nothing, lighter makes the image lighter there, darker makes it"
        " darker. Each tile is stretched to full contrast; the number under it says what black and white stand for, on"
        " the scale where images go from −1 to 1."
    ),
    "film": "The sum as it grows: one resolution after another is laid over the coarser ones.",
    "column": "mean size of what it adds (root mean square; images go from −1 to 1)",
}
LEVELS = {
    "text": (
        "This kind of generator grows in training: each resolution has a layer that turns its feature maps into"
        " colours, and only the finest of them paints the image. The coarser ones are still there. They learned while"
        " theirs was the finest grid, and the layers before them have changed since, or they never learned at all if"
        " the training began at the full size: so their colours may be off."
    ),
    "running": (
        "The image as each level of detail would paint it: at the left the coarsest grid, at the right the finished"
        " image. Each row is one seed."
    ),
    "parts": (
        "What the step from one level of detail to the next changes (the first column: the coarsest image itself)."
        " Middle gray is no change, lighter and darker mean that the image becomes so. Each tile is stretched to full"
        " contrast; the number under it says what black and white stand for, where images go from −1 to 1."
    ),
    "film": "The levels of detail one after another, each fading into the next, as in the training of such a network.",
    "column": "mean size of the change (root mean square; images go from −1 to 1)",
}
