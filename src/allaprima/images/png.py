"""Image files: PNG out, anything that Pillow reads in."""

import os
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError
from PIL.PngImagePlugin import PngInfo

from allaprima.errors import DataError
from allaprima.files import atomic_file
from allaprima.images.formats import readable_formats
from allaprima.images.modes import to_plain_mode

MOST_PIXELS = 89_478_485
"""Of a picture that is read: the number from which Pillow warns of bombs. A few bytes can tell of many more."""

XMP = "XML:com.adobe.xmp"
"""The keyword under which a PNG holds an XMP packet: XMP specification, part 3, section 1.1.5."""


def encode_png(image: NDArray[np.uint8], *, compress_level: int = 6, texts: Mapping[str, str] | None = None) -> bytes:
    """Encode [h, w] or [h, w, c] pixels, c of 1 (gray), 2 (gray + alpha), 3 (RGB) or 4 (RGBA, straight).

    Args:
        image: The pixels.
        compress_level: 0 (large and quick) to 9 (small and slow).
        texts: Text chunks by keyword: tEXt if Latin-1 can say it, else iTXt, as an XMP packet always is.
    """
    if image.dtype != np.uint8 or image.ndim not in (2, 3) or (image.ndim == 3 and image.shape[2] not in (1, 2, 3, 4)):
        raise ValueError(f"a PNG needs uint8 [h, w] or [h, w, 1..4], got {image.dtype} {list(image.shape)}")
    pixels = image[:, :, 0] if image.ndim == 3 and image.shape[2] == 1 else image
    file = BytesIO()
    picture = Image.fromarray(np.ascontiguousarray(pixels))
    picture.save(file, "PNG", compress_level=compress_level, optimize=False, pnginfo=text_chunks(texts or {}))
    return file.getvalue()


def text_chunks(texts: Mapping[str, str]) -> PngInfo:
    """Texts by keyword, as the chunks of a PNG."""
    chunks = PngInfo()
    for keyword, text in texts.items():
        if keyword == XMP:
            chunks.add_itxt(keyword, text)
        else:
            chunks.add_text(keyword, text)
    return chunks


def write_png(
    path: str | os.PathLike[str], image: NDArray[np.uint8], *, texts: Mapping[str, str] | None = None
) -> None:
    """Write pixels [h, w] or [h, w, c] as a PNG that appears complete or not at all; see `encode_png`.

    Raises:
        OutputError: The file cannot be written.
    """
    data = encode_png(image, texts=texts)
    with atomic_file(Path(path)) as file:
        file.write(data)


def read_image(source: bytes | str | os.PathLike[str], name: str | None = None) -> Image.Image:
    """Decode one picture, upright, in mode L, LA, RGB or RGBA.

    EXIF rotation is obeyed, palettes become colours (and keep their transparency), 16-bit gray is scaled to 8 bits,
    CMYK, YCbCr and LAB become RGB. Of an animation the first frame is read.

    Args:
        source: The file's bytes or its path.
        name: What to call it in an error; by default its path.

    Raises:
        DataError: The file is missing, truncated, or no image.
    """
    name = name or ("the image" if isinstance(source, bytes) else str(source))
    try:
        with Image.open(BytesIO(source) if isinstance(source, bytes) else source, formats=readable_formats()) as image:
            require_modest(image, name)
            image.load()
            return to_plain_mode(ImageOps.exif_transpose(image))
    except DataError:
        raise
    except Image.DecompressionBombError as error:  # twice as many pixels as we take: Pillow itself refuses them
        raise DataError(f"{name} has too many pixels: at most {MOST_PIXELS:,} in all are read") from error
    except UnidentifiedImageError as error:
        raise DataError(f"{name} is not an image that can be read") from error
    except Exception as error:  # decoders of broken files raise whatever they stumble over
        raise DataError(f"{name} cannot be read as an image: {_first_line(error)}") from error


def require_modest(image: Image.Image, name: str) -> None:
    """Raise `DataError` for an opened picture of more than `MOST_PIXELS`, before it is decoded."""
    if image.width * image.height > MOST_PIXELS:
        raise DataError(f"{name} has {image.height:,}×{image.width:,} pixels: at most {MOST_PIXELS:,} in all are read")


def to_array(image: Image.Image) -> NDArray[np.uint8]:
    """Give the pixels of an L, LA, RGB or RGBA picture as [h, w, c], c at least 1."""
    pixels = np.array(image, dtype=np.uint8)
    return pixels[:, :, None] if pixels.ndim == 2 else pixels


def _first_line(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return (str(error).splitlines() or [type(error).__name__])[0].rstrip(".")
