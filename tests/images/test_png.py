from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from allaprima.errors import DataError, OutputError
from allaprima.images import encode_png, read_image, write_png
from allaprima.images.png import to_array

TURNS = {
    1: None,
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}
"""How an upright picture comes to lie in a file of each EXIF orientation."""


def some_pixels(channels: int) -> NDArray[np.uint8]:
    return np.random.RandomState(0).randint(0, 256, (5, 7, channels), dtype=np.uint8)


def as_file(image: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    file = BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_png_there_and_back(channels: int, tmp_path: Path) -> None:
    pixels = some_pixels(channels)
    write_png(tmp_path / "image.png", pixels)
    assert np.array_equal(to_array(read_image(tmp_path / "image.png")), pixels)
    assert np.array_equal(to_array(read_image(encode_png(pixels))), pixels)
    assert [path.name for path in tmp_path.iterdir()] == ["image.png"]


def test_texts_are_chunks_that_another_reader_finds(tmp_path: Path) -> None:
    texts = {"Software": "allaprima", "Class": "ψ", "XML:com.adobe.xmp": "<x/>"}
    write_png(tmp_path / "image.png", some_pixels(3), texts=texts)
    data = (tmp_path / "image.png").read_bytes()
    assert Image.open(BytesIO(data)).text == texts  # type: ignore[attr-defined]
    assert b"tEXtSoftware\0allaprima" in data
    assert b"iTXtXML:com.adobe.xmp\0" in data
    assert np.array_equal(to_array(read_image(data)), some_pixels(3))
    assert encode_png(some_pixels(3), texts={}) == encode_png(some_pixels(3))


def test_two_axes_are_gray() -> None:
    assert read_image(encode_png(some_pixels(1)[:, :, 0])).mode == "L"


@pytest.mark.parametrize("wrong", [np.zeros((2, 2, 5), np.uint8), np.zeros((2, 2)), np.zeros(3, np.uint8)])
def test_what_is_no_picture_is_refused(wrong: NDArray[np.uint8]) -> None:
    with pytest.raises(ValueError, match="a PNG needs uint8"):
        encode_png(wrong)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_rotation_is_obeyed(orientation: int) -> None:
    upright = Image.fromarray(some_pixels(3))
    turn = TURNS[orientation]
    stored = upright if turn is None else upright.transpose(turn)
    exif = Image.Exif()
    exif[0x0112] = orientation
    assert np.array_equal(to_array(read_image(as_file(stored, exif=exif))), to_array(upright))


def test_sixteen_bits_are_scaled_to_eight() -> None:
    deep = np.array([[0, 128, 129, 257, 32896, 65535]], np.uint16)
    image = read_image(as_file(Image.fromarray(deep)))
    assert image.mode == "L"
    assert to_array(image).ravel().tolist() == [0, 0, 1, 1, 128, 255]


@pytest.mark.parametrize("peak", [1.0, 255.0])
def test_floats_are_scaled_by_their_range(peak: float) -> None:
    floats = np.array([[0, 0.5, 1]], np.float32) * peak
    assert to_array(read_image(as_file(Image.fromarray(floats), "TIFF"))).ravel().tolist() == [0, 128, 255]


def test_floats_out_of_range_are_refused() -> None:
    with pytest.raises(DataError, match="from -3 to 0 are not within"):
        read_image(as_file(Image.fromarray(np.array([[-3.0, 0]], np.float32)), "TIFF"), "heights.tif")


def test_palettes_become_colours() -> None:
    palette = Image.fromarray(np.array([[0, 1, 2]], np.uint8)).convert("P")
    palette.putpalette([255, 0, 0, 0, 255, 0, 0, 0, 255])
    plain = read_image(as_file(palette))
    assert plain.mode == "RGB"
    assert to_array(plain).tolist() == [[[255, 0, 0], [0, 255, 0], [0, 0, 255]]]
    seen_through = read_image(as_file(palette, transparency=1))
    assert seen_through.mode == "RGBA"
    assert to_array(seen_through)[0, :, 3].tolist() == [255, 0, 255]
    soft = read_image(as_file(palette, transparency=bytes([10, 20, 30])))
    assert to_array(soft)[0, :, 3].tolist() == [10, 20, 30]


def test_a_transparent_colour_becomes_alpha() -> None:
    gray = Image.fromarray(np.array([[0, 7, 255]], np.uint8))
    assert to_array(read_image(as_file(gray, transparency=7)))[0, :, 1].tolist() == [255, 0, 255]
    rgb = gray.convert("RGB")
    assert to_array(read_image(as_file(rgb, transparency=(7, 7, 7))))[0, :, 3].tolist() == [255, 0, 255]


@pytest.mark.parametrize(
    ("mode", "kind", "wanted"),
    [
        ("1", "PNG", "L"),
        ("LA", "PNG", "LA"),
        ("CMYK", "JPEG", "RGB"),
        ("CMYK", "TIFF", "RGB"),
        ("YCbCr", "TIFF", "RGB"),
    ],
)
def test_other_modes_become_plain_ones(mode: str, kind: str, wanted: str) -> None:
    white = Image.new("RGB", (8, 8), "white")
    image = read_image(as_file(white.convert(mode), kind))
    assert image.mode == wanted
    assert (to_array(image) >= 254).all()


def test_lab_becomes_rgb() -> None:
    lab = Image.new("LAB", (4, 4), (255, 128, 128))
    assert (to_array(read_image(as_file(lab, "TIFF"))) >= 250).all()


def test_errors_name_the_file(tmp_path: Path) -> None:
    whole = encode_png(some_pixels(3))
    with pytest.raises(DataError, match=r"^cut.png cannot be read as an image: "):
        read_image(whole[:-40], "cut.png")
    with pytest.raises(DataError, match=r"^notes.txt is not an image that can be read$"):
        read_image(b"hello", "notes.txt")
    with pytest.raises(DataError, match=r"gone.png cannot be read as an image: No such file"):
        read_image(tmp_path / "gone.png")


def test_writing_where_nothing_can_be_written(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=r"cannot write .*gone/image.png: No such file or directory"):
        write_png(tmp_path / "gone" / "image.png", some_pixels(3))
