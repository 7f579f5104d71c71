from io import BytesIO

import pytest
from PIL import Image

from allaprima.errors import DataError
from allaprima.images.header import Header, read_header


def test_a_header_tells_mode_and_orientation() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    file = BytesIO()
    Image.new("P", (3, 2)).save(file, "PNG", exif=exif)
    assert read_header(file.getvalue(), "a.png") == Header("P", 6)


def test_no_image_is_named() -> None:
    with pytest.raises(DataError, match=r"^a.png is not an image"):
        read_header(b"nothing", "a.png")
