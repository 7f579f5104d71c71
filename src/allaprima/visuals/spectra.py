"""Which frequencies images and feature maps hold: StyleGAN3 (Karras et al. 2021), section 3.2 and figure 4 (a).

Frequencies are in cycles along the longer side of the image, as everywhere in `allaprima.models.stylegan3.plan`.

Axes: n image, c channel, h w rows and columns (of a spectrum: frequencies, 0 in the middle), f frequency.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from einops import reduce
from jaxtyping import Float, UInt8
from numpy.typing import NDArray
from torch import Tensor

from allaprima.images import to_network
from allaprima.models import feature_layers
from allaprima.models.stylegan3 import StyleGAN3Generator
from allaprima.models.stylegan3.plan import Signal, plan_layers
from allaprima.visuals.chart import Curve, line_chart
from allaprima.visuals.display import heat, ramp, resized, sheet, shown_size
from allaprima.visuals.drawing import Drawing
from allaprima.visuals.feature_maps import feature_maps, layer_name, short_name
from allaprima.visuals.picture import Picture, Section
from allaprima.visuals.subject import Subject, paint

TITLE = "Spectra: the frequencies of layers and images"
DECIBELS = 60.0  # from black to the lightest of a spectrum
SMALLEST = 8  # rows and columns: smaller maps have no spectrum worth a look
PER_ROW = 6
FAINTEST = -100.0  # decibels of a chart
CUTOFF, STOPBAND = (120, 230, 255), (60, 110, 140)  # colours of their outlines


def power_spectrum(maps: Float[Tensor, "n c h w"], *, fade: bool = False) -> Float[Tensor, "h w"]:
    """Mean power at each frequency over images and channels; without ``fade`` the sum of all is the mean square.

    Args:
        maps: Images or feature maps.
        fade: Fade each map out towards its borders first (a Hann window of mean square 1): a map does not go on at its
            other side, and that edge would have power at all frequencies.
    """
    h, w = maps.shape[2:]
    x = maps.double()
    if fade:
        window = torch.outer(_hann(h), _hann(w))
        x = x * window / window.square().mean().sqrt()
    power = torch.fft.fft2(x, norm="forward").abs().square()
    centred: Tensor = torch.fft.fftshift(reduce(power, "n c h w -> h w", "mean"))
    return centred


def _hann(count: int) -> Float[Tensor, " p"]:
    return torch.hann_window(count + 2, periodic=False, dtype=torch.float64)[1:-1]  # no sample is lost at the ends


def radial_average(power: Float[Tensor, "h w"], rate: float) -> tuple[Float[Tensor, " f"], Float[Tensor, " f"]]:
    """Mean power on rings around frequency 0.

    Args:
        power: A spectrum, frequency 0 in the middle.
        rate: Samples of the grid along the longer side of the image.

    Returns:
        Frequencies of the rings, from the first above 0 to the highest that the grid holds, and the power of each.
    """
    h, w = power.shape
    step = rate / max(h, w)  # the grid may be larger than the image
    y, x = (torch.fft.fftshift(torch.fft.fftfreq(count, d=1 / rate, dtype=torch.float64)) for count in (h, w))
    ring = (torch.hypot(y[:, None], x[None, :]) / step).round().long()
    last = max(max(h, w) // 2, 1)
    sums = torch.bincount(ring.flatten(), power.flatten(), minlength=last + 1)[: last + 1]
    counts = torch.bincount(ring.flatten(), minlength=last + 1)[: last + 1]
    return torch.arange(1, last + 1, dtype=torch.float64) * step, (sums / counts.clamp(min=1))[1:]


@dataclass(frozen=True, slots=True, kw_only=True)
class Spectrum:
    """Of one layer.

    Attributes:
        name: Of the layer, with its grid.
        power: Mean over images and channels, each without its mean; in all 1.
        rate: Samples along the longer side of the image.
        signal: What a StyleGAN3 layer is meant to hold; None for all others.
        radial: Whether frequencies are cut off at a circle, rather than a square.
    """

    name: str
    power: Float[Tensor, "h w"]
    rate: float
    signal: Signal | None
    radial: bool


def layer_spectra(G: Any, ws: Float[Tensor, "n s d"]) -> list[Spectrum]:
    """Spectra of all layers whose feature maps have at least eight rows and columns, from the coarsest."""
    signals = _signals(G)
    found = []
    for layer in feature_layers(G):
        maps = feature_maps(G, ws, layer)
        if min(maps.shape[2:]) < SMALLEST:
            continue
        centred = maps - maps.mean(dim=(2, 3), keepdim=True)
        power = power_spectrum(centred, fade=True)
        signal, radial = signals.get(short_name(layer), (None, False))
        rate = float(max(maps.shape[2:])) if signal is None else signal.rate
        scaled = power / power.sum().clamp(min=1e-30)
        found.append(Spectrum(name=layer_name(layer, maps), power=scaled, rate=rate, signal=signal, radial=radial))
    return found


def _signals(G: Any) -> dict[str, tuple[Signal, bool]]:
    """What each layer of a StyleGAN3 gives out, and whether it fills a circle of frequencies, as its input does."""
    if not isinstance(G.spec, StyleGAN3Generator):
        return {}
    plans = plan_layers(G.spec)
    return {"input": (plans[0].source, True)} | {plan.name: (plan.target, plan.radial) for plan in plans}


def spectrum_picture(spectrum: Spectrum, size: tuple[int, int]) -> UInt8[Tensor, "3 h w"]:
    """A spectrum as a heat map over 60 decibels, with outlines of the layer's cutoff and of its stopband."""
    level = 10 * (spectrum.power.clamp(min=1e-30) / spectrum.power.max()).log10() + DECIBELS
    picture = resized(heat(level[None], DECIBELS), size)[0]
    if spectrum.signal is None:
        return picture
    for frequency, colour in ((spectrum.signal.stopband, STOPBAND), (spectrum.signal.cutoff, CUTOFF)):
        line = _outline(size, 2 * frequency / spectrum.rate, circle=spectrum.radial)
        picture = torch.where(line, torch.tensor(colour, dtype=torch.uint8)[:, None, None], picture)
    return picture


def _outline(size: tuple[int, int], share: float, *, circle: bool) -> Tensor:
    """Where a line of one pixel is, so much of the way from the middle to the border: [h, w]."""
    y, x = ((torch.arange(count) - (count - 1) / 2).abs() / (count / 2) for count in size)
    distance = torch.hypot(y[:, None], x[None, :]) if circle else torch.maximum(y[:, None], x[None, :])
    half = min(size) / 2
    return (distance * half).floor() == math.floor(share * half)


def spectra_section(subject: Subject, images: UInt8[Tensor, "n c h w"] | None = None) -> Section:
    """Spectra of all layers, and of the finished images beside those of a data set."""
    ws = subject.ws()
    found = layer_spectra(subject.G, ws)
    is_alias_free = any(spectrum.signal is not None for spectrum in found)
    return Section(
        name="spectra",
        title=TITLE,
        text=(TEXT + (ALIAS_FREE if is_alias_free else ""),),
        pictures=(
            *(_layer_pictures(found, is_alias_free) if found else ()),
            _images_picture(paint(subject.G, ws), images),
        ),
    )


def _layer_pictures(found: Sequence[Spectrum], is_alias_free: bool) -> tuple[Picture, Picture]:
    words = SHEET + (OUTLINES if is_alias_free else "")
    sheet_of_all = Picture(name="spectra-layers", caption=words, image=_spectra_sheet(found))
    return sheet_of_all, _curves_picture(found, is_alias_free)


def _spectra_sheet(found: Sequence[Spectrum]) -> NDArray[np.uint8]:
    tiles = [
        (spectrum_picture(each, shown_size(each.power.shape[0], each.power.shape[1])), each.name) for each in found
    ]
    height, width = (max(tile.shape[axis] for tile, _ in tiles) for axis in (1, 2))
    tiles = [(resized(tile[None], (height, width))[0], name) for tile, name in tiles]
    empty = (torch.full((3, height, width), 255, dtype=torch.uint8), "")
    tiles += [empty] * (-len(tiles) % min(PER_ROW, len(tiles)))
    per_row = min(PER_ROW, len(tiles))
    return sheet([tiles[start : start + per_row] for start in range(0, len(tiles), per_row)])


def _curves_picture(found: Sequence[Spectrum], is_alias_free: bool) -> Picture:
    curves = []
    for spectrum, colour in zip(found, ramp(len(found)), strict=True):
        frequency, power = radial_average(spectrum.power, spectrum.rate)
        mark = None if spectrum.signal is None else spectrum.signal.cutoff
        curves.append(_curve(spectrum.name, frequency, power, colour, mark))
    drawing = _chart(curves, "power of each layer by frequency")
    return Picture(
        name="spectra-curves",
        caption=CURVES + (DOTS if is_alias_free else ENDS),
        image=drawing.pixels(),
        svg=drawing.svg(),
    )


def _images_picture(painted: Tensor, images: Tensor | None) -> Picture:
    curves = [_of_images("painted", painted, (210, 70, 50))]
    if images is not None:
        curves.append(_of_images("data set", to_network(images), (52, 98, 190)))
    drawing = _chart(curves, "power of the images by frequency")
    return Picture(
        name="spectra-images",
        caption=IMAGES if images is None else IMAGES + AGAINST_DATA,
        image=drawing.pixels(),
        svg=drawing.svg(),
    )


def _of_images(name: str, images: Tensor, colour: tuple[int, int, int]) -> Curve:
    centred = images - images.mean(dim=(2, 3), keepdim=True)
    power = power_spectrum(centred, fade=True)
    frequency, power = radial_average(power / power.sum().clamp(min=1e-30), float(max(images.shape[2:])))
    return _curve(name, frequency, power, colour, None)


def _curve(name: str, frequency: Tensor, power: Tensor, colour: tuple[int, int, int], mark: float | None) -> Curve:
    decibels = (10 * power.clamp(min=1e-12).log10()).tolist()
    return Curve(name=name, x=frequency.tolist(), y=decibels, colour=colour, mark=mark)


def _chart(curves: Sequence[Curve], title: str) -> Drawing:
    return line_chart(
        curves,
        title=title,
        x_title="frequency, in cycles along the longer side of the image",
        y_title="mean power (dB of the whole)",
        octaves=True,
        floor=FAINTEST,
    )


TEXT = (
    "Any picture is a sum of waves. A spectrum says how strong the waves of each length and direction are: coarse"
    " shapes are long waves, of few cycles across the image; edges and grain are short ones. Each map's mean is taken"
    " away first, and it is faded out towards its borders; layers of less than eight rows are left out."
)
ALIAS_FREE = (
    " StyleGAN3 plans them: each layer may use frequencies up to its cutoff, and its filters remove what lies above, so"
    " that no wave is mistaken for another when the grid changes, and details move with the object."
)
SHEET = (
    "The mean spectrum of each layer's feature maps. The middle of a tile is frequency 0, its border the shortest wave"
    " that the grid holds, of two pixels; light is strong, and black is 60 decibels (a million times) weaker than the"
    " strongest."
)
OUTLINES = (
    " The bright outline is the layer's cutoff; between it and the dim one, the stopband, waves fade, and outside there"
    " should be next to nothing."
)
CURVES = (
    "The same spectra, averaged over all directions: one line for each layer, from coarse (blue) to fine (red). The"
    " further a line reaches to the right, the finer is what the layer paints with."
)
DOTS = " The dot is the layer's cutoff: to the right of it the line should fall steeply."
ENDS = " Each line ends at the shortest wave that the layer's grid holds."
IMAGES = "The spectrum of the finished images, averaged over seeds and directions. Natural images fall steadily."
AGAINST_DATA = (
    " Where the two lines part, the generator paints too much (above) or too little (below) of that fineness; a rise at"
    " the right end is a fine grid that real images do not have."
)
