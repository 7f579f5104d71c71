"""Two seeds in one image, changing over at each layer: style mixing, StyleGAN (Karras et al. 2019), section 3.1.

Axes: n image, s style (one for each layer), d size of w, h w rows and columns; rgb stands for the channels of an image.
"""

from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from allaprima.errors import LatentError
from allaprima.models import StyleLayer, style_layers
from allaprima.visuals.chart import bar_chart
from allaprima.visuals.display import seen, sheet
from allaprima.visuals.distance import pyramid_distance
from allaprima.visuals.picture import Picture, Section
from allaprima.visuals.subject import Subject, paint

TITLE = "Crossovers: which layer decides what"
PER_ROW = 7  # pictures beside one another


def crossovers(G: Any, a: Float[Tensor, "s d"], b: Float[Tensor, "s d"]) -> Float[Tensor, "n rgb h w"]:
    """Images whose styles before layer k are those of ``a`` and from it on those of ``b``, for k from 0 to ``num_ws``.

    The first is the image of ``b``, the last that of ``a``.

    Raises:
        LatentError: The generator paints from one style alone.
    """
    count = len(a)
    if count == 1:
        raise LatentError("this generator paints from one style alone: there are no layers to cross over at")
    before = torch.arange(count)[None, :] < torch.arange(count + 1)[:, None]
    return paint(G, torch.where(before[:, :, None].to(a.device), a, b))


def crossovers_section(subject: Subject) -> Section:
    """A row of crossovers for each pair of seeds, and how much each layer's style changes the image."""
    layers = style_layers(subject.G)
    if subject.G.num_ws == 1:
        return Section(name="crossovers", title=TITLE, text=(ONE_STYLE,))
    if len(subject.seeds) == 1:
        return Section(name="crossovers", title=TITLE, text=(ONE_SEED,))
    ws = subject.ws()
    pairs = _pairs(len(subject.seeds))
    images = [crossovers(subject.G, ws[i], ws[j]) for i, j in pairs]
    changes = torch.stack([pyramid_distance(row[1:], row[:-1]) for row in images]).mean(dim=0)
    drawing = bar_chart(
        [_called(layer) for layer in layers], changes.tolist(), title="change of the image by layer", unit="levels"
    )
    return Section(
        name="crossovers",
        title=TITLE,
        text=(TEXT,),
        pictures=(
            *(_picture(subject, pair, row, layers) for pair, row in zip(pairs, images, strict=True)),
            Picture(name="crossovers-change", caption=CHANGE, image=drawing.pixels(), svg=drawing.svg()),
        ),
    )


def _pairs(count: int) -> list[tuple[int, int]]:
    """Each seed with its neighbour; two seeds both ways."""
    return [(0, 1), (1, 0)] if count < 4 else [(0, 1), (2, 3)]


def _picture(subject: Subject, pair: tuple[int, int], images: Tensor, layers: list[StyleLayer]) -> Picture:
    a, b = (subject.seeds[i] for i in pair)
    texts = [f"all of {b}", *(f"{a} to {layer.name}" for layer in layers[:-1]), f"all of {a}"]
    tiles = list(zip(seen(images), texts, strict=True))
    empty = (torch.full_like(tiles[0][0], 255), "")
    tiles += [empty] * (-len(tiles) % PER_ROW)
    return Picture(
        name=f"crossovers-{a}-{b}",
        caption=(
            f"Seed {b} becomes seed {a}, one layer at a time, coarse layers first. Under each image: up to which layer"
            f" the styles are those of seed {a}; the finer layers' are those of seed {b}. As a rule the early steps"
            " change the shape, the late ones colour and detail."
        ),
        image=sheet([tiles[start : start + PER_ROW] for start in range(0, len(tiles), PER_ROW)]),
    )


def _called(layer: StyleLayer) -> str:
    return f"{layer.name} ({layer.depth})"


ONE_STYLE = "All layers of this generator paint from one style: there is nothing to mix layer by layer."
ONE_SEED = "Mixing needs two seeds: ask for more than one."
TEXT = (
    "Each layer is given a style of its own, so that one image may be painted from two: the coarse layers from one"
    " seed, the fine ones from another. Where a step changes the image much, the layer decides much."
)
CHANGE = (
    "How much the image changes when one layer's style changes from one seed's to the other's, coarse layers first,"
    " mean of the pairs above: mean absolute difference over the bands of a Laplacian pyramid, in levels of 255."
)
