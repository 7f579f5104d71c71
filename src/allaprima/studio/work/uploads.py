"""Pictures from strangers: looked at from outside before they are decoded, so that a bomb stays closed."""

import warnings
from io import BytesIO

from PIL import Image

from allaprima.errors import DataError
from allaprima.images import read_image
from allaprima.studio.work.bench import Bench

FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF", "AVIF")
"""What is read; Pillow knows stranger ones, whose decoders few people test."""

NAME = "the picture"


def check(bench: Bench, data: bytes, most_pixels: int) -> list[int]:
    """Height and width of a picture that can be read. Raises `DataError`."""
    picture = opened(data, most_pixels)
    return [picture.height, picture.width]


def opened(data: bytes, most_pixels: int) -> Image.Image:
    """The picture, upright, in mode L, LA, RGB or RGBA. Raises `DataError`."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # our own limit is the one below
            with Image.open(BytesIO(data), formats=FORMATS) as image:
                width, height = image.size
    except Image.DecompressionBombError as error:  # Pillow's limit is above ours
        raise DataError(f"{NAME} has too many pixels: at most {most_pixels:,} in all are read") from error
    except Exception as error:  # decoders of broken files raise whatever they stumble over
        raise DataError(f"{NAME} is no image that is read here: give {', '.join(FORMATS)}") from error
    if width * height > most_pixels:
        raise DataError(f"{NAME} has {height:,}×{width:,} pixels: at most {most_pixels:,} in all are read")
    return read_image(data, NAME)
