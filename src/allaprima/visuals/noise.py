"""What the noise does: StyleGAN (Karras et al. 2019), section 3.2 and figures 4 and 5.

Axes: n image, s style, d size of w, h w rows and columns; rgb stands for the channels of an image.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from numpy.typing import NDArray
from torch import Tensor

from allaprima.models import noise_maps
from allaprima.models.lucidrains import LucidrainsGenerator
from allaprima.visuals.display import beside, heat, resized, seen, sheet, shown_size, signed
from allaprima.visuals.picture import Picture, Section
from allaprima.visuals.subject import Subject, paint

ALL = "all layers"
TITLE = "Noise: what is left to chance"
DRAWS, FEWER_DRAWS = 16, 8  # of small and of large images
FRAMES = 24
LEVELS = 127.5  # steps of an 8-bit image in 1 of a network's range
VISIBLE = 0.5  # levels, on average over pixels; less changes hardly any pixel of a file
CLEAR = 2.0  # levels; less is hard to see
LOUD = 0.995  # share of the changes that the grays of a film can show


def draw_maps(G: Any, layers: Sequence[str], generator: torch.Generator) -> dict[str, Tensor]:
    """New noise for these layers, as the generator would draw it: [h, w] each."""
    draw = torch.rand if isinstance(G.spec, LucidrainsGenerator) else torch.randn
    known = noise_maps(G)
    return {name: draw(known[name].shape, generator=generator).to(known[name]) for name in layers}


def noise_deviation(
    G: Any, ws: Float[Tensor, "n s d"], layers: Sequence[str] | None = None, *, draws: int = DRAWS, seed: int = 0
) -> Float[Tensor, "n h w"]:
    """Standard deviation of each pixel over the noise of some layers, while that of all others stays as it is.

    Args:
        G: A generator with noise.
        ws: Styles.
        layers: As `allaprima.models.noise_maps` names them; None: all.
        draws: How often noise is drawn, at least twice.
        seed: Of the noise.

    Returns:
        In 8-bit levels, the root mean square over the channels.
    """
    chosen = list(noise_maps(G)) if layers is None else list(layers)
    generator = torch.Generator().manual_seed(seed)
    mean = squares = torch.zeros(1)
    for count in range(1, draws + 1):  # Welford (1962): no large numbers are subtracted
        images = LEVELS * paint(G, ws, draw_maps(G, chosen, generator))
        difference = images - mean
        mean = mean + difference / count
        squares = squares + difference * (images - mean)
    return (squares / (draws - 1)).mean(dim=1).sqrt()


def noise_path(
    maps: Mapping[str, Tensor], others: Mapping[str, Tensor], share: float, *, centre: float = 0.0
) -> dict[str, Tensor]:
    """Noise at ``share`` (0 to 1) of a closed way, a circle on which all noise varies as much as the two given.

    Args:
        maps: Noise by layer, where the way begins.
        others: Noise by layer, at a quarter of the way.
        share: Of the way.
        centre: The mean of all noise.
    """
    here, there = math.cos(2 * math.pi * share), math.sin(2 * math.pi * share)
    return {name: centre + here * (maps[name] - centre) + there * (others[name] - centre) for name in maps}


def mean_of_noise(G: Any) -> float:
    """What noise is on average."""
    return 0.5 if isinstance(G.spec, LucidrainsGenerator) else 0.0


def noise_section(subject: Subject, *, draws: int | None = None) -> Section:
    """Deviations of all layers and of each alone, and a film for each layer whose noise one can see."""
    G = subject.G
    layers = list(noise_maps(G))
    subject = subject.few()
    draws = draws or (FEWER_DRAWS if subject.is_large else DRAWS)
    if not layers:
        return Section(name="noise", title=TITLE, text=(NONE,))
    ws = subject.ws()
    total = noise_deviation(G, ws, draws=draws)
    each = {layer: total if len(layers) == 1 else noise_deviation(G, ws, [layer], draws=draws) for layer in layers}
    films = [(called(layer), [layer]) for layer in layers if typical(each[layer]) >= VISIBLE]
    if len(layers) > 1 and typical(total) >= VISIBLE:
        films.insert(0, (ALL, layers))
    return Section(
        name="noise",
        title=TITLE,
        text=(TEXT.format(draws=draws), _verdict(total)),
        pictures=(
            _deviation_picture(subject, paint(G, ws), total, each),
            *(_film_picture(subject, title, chosen) for title, chosen in films),
        ),
        table=_table(G, total, each),
    )


def called(layer: str) -> str:
    """What to call a layer; the one map of a `LucidrainsGenerator` has no name."""
    return layer or ALL


def typical(deviation: Float[Tensor, "n h w"]) -> float:
    """By how much noise moves a pixel on average: the root mean square of the deviations."""
    return float(deviation.square().mean().sqrt())


def _verdict(total: Tensor) -> str:
    usual, most = typical(total), float(total.max())
    numbers = f"by {usual:.2g} of 255 levels on average, and by {most:.2g} where it does most"
    if usual >= CLEAR:
        return f"Here all noise together moves a pixel {numbers}."
    if usual >= VISIBLE:
        return (
            f"This generator has learned to do nearly without it: all noise together moves a pixel {numbers}. Two"
            " images that differ in their noise alone are hard to tell apart."
        )
    return (
        f"This generator has learned to do without it: all noise together moves a pixel {numbers}, so that an image"
        " with other noise is the same to the eye. The maps below are stretched; there is nothing to film."
    )


def _table(G: Any, total: Tensor, each: Mapping[str, Tensor]) -> tuple[tuple[str, ...], ...]:
    strengths = _strengths(G)
    rows = [(ALL, "", f"{typical(total):.2g}", f"{float(total.max()):.2g}")]
    for layer, deviation in each.items():
        rows.append(
            (called(layer), strengths.get(layer, ""), f"{typical(deviation):.2g}", f"{float(deviation.max()):.2g}")
        )
    head = ("noise of", "learned strength", "moves a pixel by (levels of 255)", "and at most by")
    return (head, *rows)


def _strengths(G: Any) -> dict[str, str]:
    """Learned factors of the noise, by layer: their mean size."""
    found = {}
    for name, parameter in G.synthesis.named_parameters():
        if name.endswith("noise_strength"):
            layer = name.removesuffix("noise_strength").rstrip(".").removesuffix(".styled")
            found[layer] = f"{float(parameter.detach().abs().mean()):.2g}"
    return found


def _deviation_picture(subject: Subject, images: Tensor, total: Tensor, each: Mapping[str, Tensor]) -> Picture:
    columns = {ALL: total} | ({} if len(each) == 1 else dict(each))
    size = shown_size(subject.G.img_height, subject.G.img_width)
    scales = {name: float(deviation.max()) for name, deviation in columns.items()}
    heats = {name: resized(heat(deviation, scales[name]), size) for name, deviation in columns.items()}
    rows = [[(shown, "")] for shown in seen(images)]
    for n, row in enumerate(rows):
        row += [(heats[name][n], f"0 … {scales[name]:.2g}") for name in columns]
    names = ["image", *columns]
    return Picture(
        name="noise-deviation", caption=DEVIATION, image=sheet(rows, column_names=names, row_names=subject.names)
    )


def _film_picture(subject: Subject, title: str, layers: Sequence[str]) -> Picture:
    frames = partial(noise_frames, subject.G, subject.ws(), layers, f"noise of {title}")
    whose = ALL if title == ALL else f"the layer {title}"
    return Picture(
        name=f"noise-film-{title.replace('.', '-').replace(' ', '-')}",
        caption=f"The noise of {whose} flows on a circle, all else stays." + FILM,
        image=next(frames()),
        film=frames,
    )


def noise_frames(
    G: Any, ws: Float[Tensor, "n s d"], layers: Sequence[str], title: str, *, frames: int = FRAMES, seed: int = 1
) -> Iterator[NDArray[np.uint8]]:
    """Frames [h, w, 3] of a closed film: images above, and below what the noise of these layers changes in them.

    Args:
        G: The generator.
        ws: Styles of the images.
        layers: Whose noise changes.
        title: Over the picture.
        frames: How many.
        seed: Of the noise.
    """
    generator = torch.Generator().manual_seed(seed)
    here, there = draw_maps(G, layers, generator), draw_maps(G, layers, generator)
    centre = mean_of_noise(G)
    mean = paint(G, ws, {name: torch.full_like(noise, centre) for name, noise in here.items()})
    size = shown_size(G.img_height, G.img_width)
    most = 0.0
    for frame in range(frames):
        images = paint(G, ws, noise_path(here, there, frame / frames, centre=centre))
        change = (images - mean).mean(dim=1, keepdim=True)
        most = most or 1.5 * float(change.abs().flatten().quantile(LOUD))  # one scale for the whole film
        both = torch.cat([seen(images, size), resized(signed(change, most), size)])
        yield beside(both, f"{title}; below: change, ±{LEVELS * most:.2g} levels", columns=len(images))


NONE = "This generator adds no noise: an image is a matter of its latent alone."
TEXT = (
    "Each layer adds a map of random numbers to its feature maps, with a strength that it learned: the generator can"
    " leave to chance what the latent need not settle, such as where each hair or grain lies. Below, noise is drawn"
    " anew {draws} times while the latent stays, for all layers together and for one layer at a time."
)
DEVIATION = (
    "Where noise moves the pixels: the lighter, the more. The first column is the image; then the standard deviation"
    " over noise of all layers together, and of one layer at a time. Each column has its own scale, written under its"
    " tiles: light yellow stands for the larger number, in levels of 255; where that is far below 1, nothing is seen in"
    " the image itself."
)
FILM = (
    " Above, the images; below, what the noise changes in them (gray: nothing; lighter and darker: so do the pixels;"
    " stretched, the scale is in the letters)."
)
