"""What all formats of films have in common."""

from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple, Protocol

import numpy as np
import torch
from numpy.typing import NDArray

from allaprima.images.pixels import composite
from allaprima.images.png import XMP

Colour = tuple[int, ...] | str


class Style(NamedTuple):
    """How a film is written.

    Attributes:
        fps: Frames per second.
        loop: Play over and over, where the format can say so (GIF and APNG).
        quality: 1 (small) to 100 (good), of formats that lose something (MP4 and WebM).
        background: What lies under frames with alpha where the format has none; see `allaprima.images.composite`.
        texts: What the file says of itself, by keyword; see `allaprima.images.encode_png`.
    """

    fps: Fraction
    loop: bool
    quality: int
    background: Colour
    texts: Mapping[str, str] = MappingProxyType({})

    @property
    def comment(self) -> str:
        """The texts as one, for formats that have no keywords."""
        return "; ".join(f"{name}: {text}" for name, text in self.texts.items() if name != XMP)


class Recorder(Protocol):
    """Takes frames, all of one shape [h, w, c], and is at any moment a film of those that it has taken."""

    def __init__(self, path: Path, frame: NDArray[np.uint8], style: Style) -> None:
        """Open ``path`` for frames like ``frame``, which is not yet taken, to be written in this ``style``."""

    def add(self, frame: NDArray[np.uint8]) -> None:
        """Take one frame more."""

    def close(self) -> None:
        """Write what is left, and close the file."""


def changed_box(before: NDArray[np.uint8], after: NDArray[np.uint8]) -> tuple[slice, slice]:
    """Rows and columns of the smallest rectangle outside of which two frames [h, w, c] are the same; not empty."""
    differs = (before != after).any(axis=2)
    return _range(differs.any(axis=1)), _range(differs.any(axis=0))


def _range(differs: NDArray[np.bool_]) -> slice:
    places = np.flatnonzero(differs)
    return slice(int(places[0]), int(places[-1]) + 1) if len(places) else slice(0, 1)


def opaque(frame: NDArray[np.uint8], background: Colour) -> NDArray[np.uint8]:
    """The colours of a frame [h, w, c], laid over a background if it has alpha: [h, w, 1 or 3]."""
    pixels = torch.from_numpy(np.ascontiguousarray(frame.transpose(2, 0, 1))[None])
    return np.ascontiguousarray(composite(pixels, background)[0].numpy().transpose(1, 2, 0))
