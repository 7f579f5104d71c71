from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from allaprima.data.transform import Fit, fitted, resize, to_channels
from allaprima.images.png import to_array


def flat_colour_under_varying_alpha(height: int, width: int) -> Image.Image:
    pixels = np.empty((height, width, 4), np.uint8)
    pixels[..., :3] = (200, 30, 90)
    pixels[..., 3] = np.random.RandomState(0).randint(0, 256, (height, width))
    return Image.fromarray(pixels)


@given(st.integers(1, 40), st.integers(1, 40))
def test_a_flat_colour_stays_flat_under_varying_alpha(height: int, width: int) -> None:
    pixels = to_array(resize(flat_colour_under_varying_alpha(20, 30), height, width))
    assert pixels.shape == (height, width, 4)
    visible = pixels[pixels[..., 3] > 0][:, :3].astype(int)
    assert np.abs(visible - (200, 30, 90)).max(initial=0) <= 1


def test_what_is_transparent_does_not_bleed() -> None:
    pixels = np.zeros((16, 16, 4), np.uint8)
    pixels[:, :8] = (255, 255, 255, 255)
    pixels[:, 8:] = (255, 0, 0, 0)
    small = to_array(resize(Image.fromarray(pixels), 5, 5))
    assert (small[..., :3][small[..., 3] > 0] == 255).all()
    assert (small[small[..., 3] == 0] == 0).all()


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_an_opaque_flat_picture_stays_so(channels: int) -> None:
    picture = to_channels(Image.new("RGB", (9, 5), (120, 120, 120)), channels)
    pixels = to_array(resize(picture, 7, 13))
    assert pixels.shape == (7, 13, channels)
    assert set(pixels.reshape(-1, channels)[:, 0].tolist()) == {120}
    if channels in (2, 4):
        assert (pixels[..., -1] == 255).all()


@pytest.mark.parametrize("mode", ["L", "LA", "RGB", "RGBA"])
@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_every_mode_becomes_every_other(mode: str, channels: int) -> None:
    image = to_channels(Image.new(mode, (3, 2), "white"), channels)
    assert to_array(image).shape == (2, 3, channels)
    assert (to_array(image) == 255).all()


def test_alpha_is_taken_away_over_white() -> None:
    clear = Image.new("RGBA", (2, 2), (10, 20, 30, 0))
    assert (to_array(to_channels(clear, 3)) == 255).all()
    assert (to_array(to_channels(clear.convert("LA"), 1)) == 255).all()


def test_luma_is_itu_601() -> None:
    assert to_array(to_channels(Image.new("RGB", (1, 1), (255, 0, 0)), 1)).item() == 76


@pytest.mark.parametrize("fit", ["crop", "pad", "stretch"])
@pytest.mark.parametrize("size", [(10, 30), (30, 10), (8, 12), (3, 3)])
def test_every_fit_gives_the_size(fit: Fit, size: tuple[int, int]) -> None:
    (image,) = fitted(Image.new("RGB", size), 8, 12, fit)
    assert image.size == (12, 8)


def test_the_right_size_is_left_alone(picture: Callable[..., np.ndarray]) -> None:
    image = Image.fromarray(picture())
    for fit in ("crop", "pad", "stretch"):
        assert np.array_equal(to_array(fitted(image, 6, 4, fit)[0]), picture())


def test_crop_takes_the_middle() -> None:
    pixels = np.zeros((4, 12, 1), np.uint8)
    pixels[:, 4:8] = 255
    assert (to_array(fitted(Image.fromarray(pixels[..., 0]), 4, 4, "crop")[0]) == 255).all()


def test_pad_keeps_all_and_fills_with_the_border() -> None:
    pixels = np.full((4, 12, 3), 250, np.uint8)
    pixels[2, 6] = 0
    padded = to_array(fitted(Image.fromarray(pixels), 12, 12, "pad")[0])
    assert (padded[:4] == 250).all()
    assert np.array_equal(padded[4:8], pixels)
    clear = to_array(fitted(Image.fromarray(pixels).convert("RGBA"), 12, 12, "pad")[0])
    assert not clear[:4].any()


def test_tiles_are_the_picture_in_pieces(picture: Callable[..., np.ndarray]) -> None:
    pixels = picture(height=9, width=13)
    tiles = fitted(Image.fromarray(pixels), 4, 6, "tile")
    assert len(tiles) == 4
    assert np.array_equal(to_array(tiles[0]), pixels[0:4, 0:6])
    assert np.array_equal(to_array(tiles[3]), pixels[4:8, 6:12])
    assert fitted(Image.fromarray(pixels), 10, 6, "tile") == []
