"""What a file says about its picture before it is decoded."""

from dataclasses import dataclass
from io import BytesIO

from PIL import Image

from allaprima.errors import DataError
from allaprima.images.formats import readable_formats

_ORIENTATION = 0x0112
"""EXIF's tag for how the camera was held: 1 upright, 2 to 8 turned or flipped."""


@dataclass(frozen=True, slots=True)
class Header:
    """A file's own words.

    Attributes:
        mode: Pillow's name: "RGB", "P", "I;16", "CMYK", …
        orientation: EXIF's: 1 is upright.
    """

    mode: str
    orientation: int


def read_header(data: bytes, name: str) -> Header:
    """Read the head of an image file.

    Raises:
        DataError: It is no image.
    """
    try:
        with Image.open(BytesIO(data), formats=readable_formats()) as image:
            return Header(image.mode, int(image.getexif().get(_ORIENTATION, 1)))
    except Exception as error:  # decoders of broken files raise whatever they stumble over
        raise DataError(f"{name} is not an image that can be read") from error
