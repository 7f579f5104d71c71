"""Everything that can be seen of how a model paints, as one page with its pictures and films beside it."""

import math
from collections.abc import Callable, Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import torch
from jaxtyping import Float, UInt8
from torch import Tensor

from allaprima.checkpoint import Networks
from allaprima.data import ImageDataset
from allaprima.data.dataset import describe_shape
from allaprima.errors import ConfigError, DataError, LatentError
from allaprima.files import make_directory, write_bytes, write_text
from allaprima.generation.labels import labels
from allaprima.generation.seeds import checked_seeds
from allaprima.images import encode_png
from allaprima.images.film import write_film
from allaprima.visuals.contributions import layers_section
from allaprima.visuals.crossovers import crossovers_section
from allaprima.visuals.facts import facts
from allaprima.visuals.feature_maps import features_section
from allaprima.visuals.interpolation import interpolation_section
from allaprima.visuals.noise import noise_section
from allaprima.visuals.page import Medium, page
from allaprima.visuals.picture import Picture, Section
from allaprima.visuals.spectra import spectra_section
from allaprima.visuals.subject import Subject
from allaprima.visuals.truncation import truncation_section
from allaprima.visuals.verdicts import verdicts_section

SECTIONS = ("layers", "features", "spectra", "noise", "truncation", "crossovers", "interpolation", "verdicts")
"""What ``only`` may name, in the order of the page."""
PAGE = "index.html"
FILMS = {".webm": "video/webm", ".gif": "image/gif"}
"""The first if PyAV is installed, at a tenth of the other's size; a GIF needs nothing but Pillow."""
SOME = 256  # images of a data set whose spectrum is drawn
MOST_SEEDS = 8  # beside one another on a sheet

Progress = Callable[[int, str], None]
"""Is told how many sections are done, and what is being done now."""


def sections(
    networks: Networks,
    *,
    seeds: Sequence[int] = (0, 1, 2, 3),
    c: Float[Tensor, "1 c"] | None = None,
    class_index: int | None = None,
    truncation_psi: float = 1.0,
    data: ImageDataset | None = None,
    only: Sequence[str] = SECTIONS,
) -> Iterator[Section]:
    """Sections of an explanation, each computed when it is asked for; films only when they are written.

    Args:
        networks: What to explain: its ``G_ema``, and its ``D`` if there is one.
        seeds: Of the images to show, one to eight.
        c: Label of these images.
        class_index: The same, of a model with classes.
        truncation_psi: Of all pictures but those of truncation.
        data: Real images to compare with, of the model's shape; with labels if the model has some.
        only: Names in `SECTIONS`.

    Raises:
        ConfigError: There is no section of a name, or ψ is not finite.
        DataError: The real images have another shape than the model's.
        LatentError: A seed, a label or a class that the model does not have, or too many seeds.
    """
    G = networks.G_ema
    check_sections(only)
    chosen = checked_seeds(seeds)
    if not 1 <= len(chosen) <= MOST_SEEDS:
        raise LatentError(f"an explanation shows 1 to {MOST_SEEDS} seeds side by side, not {len(chosen)}")
    if not math.isfinite(truncation_psi):
        raise ConfigError(f"truncation_psi is {truncation_psi}: it must be a finite number, most often from 0 to 1")
    _check_data(G, data)
    subject = Subject(G=G, seeds=chosen, c=labels(G, 1, c, class_index), truncation_psi=truncation_psi)
    return (_section(name, networks, subject, data) for name in SECTIONS if name in only)


def check_sections(names: Sequence[str]) -> None:
    """Raise a `ConfigError` if one of these is no section, or if there is none."""
    if wrong := [name for name in names if name not in SECTIONS]:
        raise ConfigError(f"there is no section {wrong[0]!r}: there are {', '.join(SECTIONS)}")
    if not names:
        raise ConfigError(f"there is nothing to explain: name one or more of {', '.join(SECTIONS)}")


def _check_data(G: Any, data: ImageDataset | None) -> None:
    shape = (G.img_channels, G.img_height, G.img_width)
    if data is not None and data.image_shape != shape:
        has, paints = describe_shape(data.image_shape), describe_shape(shape)
        raise DataError(f"the images in {data.path} are {has}, but this model paints {paints}: they must be alike")


def _section(name: str, networks: Networks, subject: Subject, data: ImageDataset | None) -> Section:
    match name:
        case "layers":
            return layers_section(subject)
        case "features":
            return features_section(subject)
        case "spectra":
            return spectra_section(subject, None if data is None else _some(data))
        case "noise":
            return noise_section(subject)
        case "truncation":
            return truncation_section(subject)
        case "crossovers":
            return crossovers_section(subject)
        case "interpolation":
            return interpolation_section(subject)
    return verdicts_section(subject.G, networks.D, data)


def _some(data: ImageDataset) -> UInt8[Tensor, "n c h w"]:
    """Images from all over a data set."""
    step = max(1, len(data) // SOME)
    return torch.stack([data[index][0] for index in range(0, len(data), step)[:SOME]])


def explain(
    networks: Networks,
    out: str | Path,
    *,
    title: str,
    films: bool = True,
    progress: Progress = lambda done, what: None,
    **what: Any,
) -> Path:
    """Write ``index.html`` into ``out``, with all its pictures and films inside, and these also as files beside it.

    The page is written anew after each section: what is stopped halfway has all that was done.

    Args:
        networks: What to explain.
        out: A directory; it is made if it is not there.
        title: What to call the model.
        films: Write films too.
        progress: Is told what is being done.
        what: See `sections`.

    Returns:
        The page.

    Raises:
        OutputError: Something cannot be written.
        ConfigError: There is no such section, or the truncation is not finite.
        LatentError: The seeds are none, too many or no seeds.
        DataError: The real images are of another size than the model's.
    """
    coming = sections(networks, **what)
    out = Path(out)
    make_directory(out)
    known = facts(networks)
    done: list[Section] = []
    media: dict[str, Medium] = {}
    names = [name for name in SECTIONS if name in what.get("only", SECTIONS)]
    for count, name in enumerate(names):
        progress(count, name)
        section = next(coming)
        for picture in section.pictures:
            medium = _written(out, picture, films)
            media |= {} if medium is None else {picture.name: medium}
        done.append(section)
        write_text(out / PAGE, page(title, known, done, media))
    progress(len(names), "")
    return out / PAGE


def _written(out: Path, picture: Picture, films: bool) -> Medium | None:
    """Write a picture or a film; None for a film that is not wanted."""
    if picture.film is not None:
        if not films:
            return None
        assert picture.image is not None
        suffix = next(iter(FILMS)) if find_spec("av") else ".gif"
        path = out / f"{picture.name}{suffix}"
        write_film(path, picture.film(), fps=picture.fps)
        data, mime = path.read_bytes(), FILMS[suffix]
    else:
        assert picture.image is not None
        data, mime = encode_png(picture.image), "image/png"
        write_bytes(out / f"{picture.name}.png", data)
    height, width = picture.image.shape[:2]
    return Medium(mime=mime, data=data, width=width, height=height)
