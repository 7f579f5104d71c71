"""Image files of strangers: a few bytes that tell of very many pixels, and formats that are programs."""

import io
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import EpsImagePlugin, Image

from allaprima.errors import DataError
from allaprima.images import read_image
from allaprima.images.formats import readable_formats
from allaprima.images.header import read_header
from allaprima.images.png import MOST_PIXELS
from allaprima.origin import read_statement

pytestmark = pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
EPS = (
    b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n%%EndComments\n(canary) (w) file closefile\nshowpage\n%%EOF\n"
)


def png_that_says(height: int, width: int) -> bytes:
    """A PNG of so many black pixels, in a few bytes for each million."""

    def chunk(name: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))

    head = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"\0" * 10)) + chunk(b"IEND", b"")


@pytest.mark.parametrize(("height", "width"), [(9460, 9460), (1, MOST_PIXELS + 1), (13000, 13000)])
def test_too_many_pixels_are_refused_before_they_are_decoded(
    height: int, width: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def decoded(*_: object) -> None:
        raise AssertionError("it was decoded")

    monkeypatch.setattr(Image.core, "new", decoded)
    data = png_that_says(height, width)
    with pytest.raises(DataError) as caught:
        read_image(data, "bomb.png")
    assert str(caught.value) == (f"bomb.png has {height:,}×{width:,} pixels: at most {MOST_PIXELS:,} in all are read")


def test_what_pillow_itself_refuses_is_one_sentence_too() -> None:
    with pytest.raises(DataError, match=r"^bomb\.png has too many pixels: at most 89,478,485 in all are read$"):
        read_image(png_that_says(30000, 30000), "bomb.png")


def test_as_many_as_may_be_are_read() -> None:
    file = io.BytesIO()
    Image.new("1", (9459, 9459)).save(file, "PNG")
    assert read_image(file.getvalue()).size == (9459, 9459)


def test_texts_that_unpack_to_very_much_are_refused() -> None:
    """Pillow's own bound; if it went, this would fill 64 MiB for each chunk."""
    text = zlib.compress(b"a" * (64 * 2**20), 9)
    name = b"zTXt"
    content = b"Comment\0\0" + text
    chunk = struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))
    whole = png_that_says(4, 4)
    end = whole.index(b"IDAT") - 4
    with pytest.raises(DataError, match="bomb"):
        read_image(whole[:end] + chunk + whole[end:], "bomb.png")


def test_a_picture_that_is_a_program_is_not_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Pillow hands EPS to Ghostscript, if that is there, whatever the file is called."""

    starts = []

    def started(*_: object, **__: object) -> None:
        starts.append("Ghostscript")
        raise OSError

    monkeypatch.setattr(EpsImagePlugin, "Ghostscript", started)
    path = tmp_path / "harmless.png"
    path.write_bytes(EPS)
    with Image.open(path) as image, pytest.raises(OSError):
        image.load()  # Pillow alone would have
    assert starts.pop()
    for read in (lambda: read_image(path), lambda: read_header(EPS, "a"), lambda: read_statement(path)):
        with pytest.raises(DataError, match="image"):
            read()
    assert not starts


def test_formats_are_those_that_pillow_decodes_by_itself() -> None:
    formats = readable_formats()
    assert formats[:4] == ("PNG", "JPEG", "WEBP", "GIF")
    assert not {"EPS", "WMF", "PDF", "MPEG", "HDF5"} & set(formats)
    assert {"PPM", "TGA", "QOI", "TIFF"} <= set(formats)
    assert len(set(formats)) == len(formats)


def test_each_format_that_pillow_writes_without_help_is_read(tmp_path: Path) -> None:
    pixels = np.zeros((8, 8, 3), np.uint8)
    for kind in ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF", "PPM", "TGA", "PCX", "SGI", "ICO", "JPEG2000"):
        file = io.BytesIO()
        Image.fromarray(pixels).save(file, kind)
        assert read_image(file.getvalue()).size in ((8, 8), (16, 16)), kind
