import pytest

from allaprima.images.formats import image_extensions, is_image_name


@pytest.mark.parametrize("name", ["a.png", "b/c.JPG", "d.e.webp", "x/y/z.tiff", "f.gif"])
def test_images(name: str) -> None:
    assert is_image_name(name)


@pytest.mark.parametrize(
    "name", ["a.txt", "dataset.json", ".png", "b/.hidden.png", "__MACOSX/a.png", "png", "a.pdf", "a.mpg"]
)
def test_no_images(name: str) -> None:
    assert not is_image_name(name)


def test_the_common_ones_are_there() -> None:
    assert {".png", ".jpg", ".jpeg", ".gif", ".bmp", ".tif", ".webp"} <= image_extensions()
