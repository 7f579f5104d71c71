"""Pictures from strangers: bombs stay closed, and what is broken is told so."""

import struct
import zlib
from contextlib import suppress
from io import BytesIO

import numpy as np
import pytest
from PIL import Image, PngImagePlugin

from allaprima.errors import DataError
from allaprima.studio.work.uploads import FORMATS, check, opened

MOST = 1_000_000


def png_that_says(width: int, height: int, content: bytes = b"") -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", content) + chunk(b"IEND", b"")


def saved(format_: str, size: tuple[int, int] = (12, 8), mode: str = "RGB", **options: object) -> bytes:
    file = BytesIO()
    Image.new(mode, size, 77 if mode in ("L", "I;16", "F", "P") else None).save(file, format_, **options)
    return file.getvalue()


@pytest.mark.parametrize("format_", ["PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF"])
def test_a_picture_is_read(format_):
    assert check(None, saved(format_), MOST) == [8, 12]
    assert format_ in FORMATS


@pytest.mark.parametrize(
    ("width", "height"), [(1001, 1000), (20_000, 20_000), (2**31 - 1, 2**31 - 1), (1, 2_000_000), (100_000, 100_000)]
)
def test_a_bomb_is_told_by_its_size_and_not_opened(width, height):
    bomb = png_that_says(width, height, zlib.compress(bytes(50_000_000), 9)[:60_000])
    with pytest.raises(DataError, match="pixels: at most 1,000,000"):
        check(None, bomb, MOST)


def test_as_many_pixels_as_allowed_are_read():
    assert check(None, saved("PNG", (1000, 1000)), MOST) == [1000, 1000]


@pytest.mark.parametrize(
    "data",
    [
        b"", b"no picture", b"\x89PNG\r\n\x1a\n", png_that_says(8, 8), png_that_says(0, 8), saved("PNG")[:-26],
        saved("JPEG")[:200], saved("GIF")[:20], b"%PDF-1.4", b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        b"P6 9 9 255 ",
        saved("PPM"), saved("ICO", (16, 16)), b"GIF89a" + b"\xff" * 50, b"%!PS-Adobe-3.0 EPSF-3.0\n",
        b"RIFF\xff\xff\xff\xffWEBPVP8 ",
    ],
)  # fmt: skip
def test_what_is_none_or_broken_is_told_so(data):
    with pytest.raises(DataError, match="the picture"):
        check(None, data, MOST)


def test_text_in_a_picture_is_no_bomb_either():
    info = PngImagePlugin.PngInfo()
    info.add_text("Comment", "x" * 60_000_000, zip=True)
    file = BytesIO()
    Image.new("RGB", (4, 4)).save(file, "PNG", pnginfo=info)
    assert len(file.getvalue()) < 200_000
    with pytest.raises(DataError, match="the picture"):
        check(None, file.getvalue(), MOST)


def test_of_many_frames_one_is_read():
    file = BytesIO()
    frames = [Image.new("RGB", (12, 8), (index, 0, 0)) for index in range(30)]
    frames[0].save(file, "GIF", save_all=True, append_images=frames[1:])
    assert opened(file.getvalue(), MOST).size == (12, 8)


def test_a_picture_that_lies_on_its_side_is_put_upright():
    picture = Image.new("RGB", (12, 8))
    exif = picture.getexif()
    exif[0x0112] = 6
    file = BytesIO()
    picture.save(file, "JPEG", exif=exif)
    assert check(None, file.getvalue(), MOST) == [12, 8]


@pytest.mark.parametrize("seed", range(30))
def test_bytes_turned_over_are_read_or_refused(seed):
    draw = np.random.default_rng(seed)
    data = bytearray(saved(["PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF"][seed % 6], (40, 30)))
    for at in draw.integers(0, len(data), 8):
        data[at] = draw.integers(256)
    with suppress(DataError):  # anything else would be an answer 500
        assert len(check(None, bytes(data), MOST)) == 2
