"""What the dataset doctor notes about each single image."""

import hashlib
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from allaprima.data.labels import Label
from allaprima.data.sources.item import Item
from allaprima.data.transform import to_channels
from allaprima.images.header import Header, read_header
from allaprima.images.pixels import has_alpha
from allaprima.images.png import to_array

THUMBNAIL_SIDE = 16

AlphaUse = Literal["none", "unused", "cut out", "soft"]
"""No alpha; alpha that is opaque everywhere; only 0 and 255; anything between."""


@dataclass(frozen=True, slots=True)
class Examination:
    """One image, examined.

    Attributes:
        name: Its name in the source.
        height: Rows, upright.
        width: Columns, upright.
        mode: L, LA, RGB or RGBA.
        header: What its file says; None for a frame of a video and the like.
        alpha: How alpha is used.
        colourless: Three colours that are the same everywhere.
        digest: Hash of shape and pixels.
        thumbnail: 16×16 RGB over white, flat.
        label: Its label, if it has one.
    """

    name: str
    height: int
    width: int
    mode: str
    header: Header | None
    alpha: AlphaUse
    colourless: bool
    digest: bytes
    thumbnail: NDArray[np.uint8]
    label: Label | None


def examine(item: Item) -> Examination:
    """Decode an item and note everything about it; DataError if it is broken."""
    image = item.read()
    pixels = to_array(image)
    opaque = to_channels(image, 3)
    small = opaque.resize((THUMBNAIL_SIDE, THUMBNAIL_SIDE), Image.Resampling.BILINEAR)
    return Examination(
        name=item.name,
        height=image.height,
        width=image.width,
        mode=image.mode,
        header=read_header(item.content(), item.name) if item.content is not None else None,
        alpha=alpha_use(pixels),
        colourless=pixels.shape[2] >= 3 and bool((pixels[..., :1] == pixels[..., 1:3]).all()),
        digest=hashlib.blake2b(repr(pixels.shape).encode() + pixels.tobytes(), digest_size=16).digest(),
        thumbnail=np.asarray(small).reshape(-1),
        label=item.label,
    )


def alpha_use(pixels: NDArray[np.uint8]) -> AlphaUse:
    """Tell how the last channel of [h, w, c] is used as alpha."""
    if not has_alpha(pixels.shape[2]):
        return "none"
    alpha = pixels[..., -1]
    if (alpha == 255).all():
        return "unused"
    return "cut out" if ((alpha == 0) | (alpha == 255)).all() else "soft"
