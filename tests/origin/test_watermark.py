import numpy as np
import pytest

from allaprima.errors import ConfigError
from allaprima.origin import look_for_mark, watermarked
from allaprima.origin.block_dct import blocks, brightness, project
from allaprima.origin.watermark import (
    BUSY,
    FEWEST,
    GENTLE,
    STRONG,
    directions_of,
    dither,
    require_room_for_mark,
    split,
    step_of,
)
from tests.origin.pictures import jpeg, smooth

SHAPES = [(24, 24), (64, 64), (101, 67), (128, 64), (48, 80), (256, 256)]


def psnr(one: np.ndarray, other: np.ndarray) -> float:
    error = np.mean((brightness(*split(one)) - brightness(*split(other))) ** 2)
    return float(10 * np.log10(255**2 / error))


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
@pytest.mark.parametrize(("height", "width"), SHAPES)
def test_the_mark_is_found_and_not_seen(height: int, width: int, channels: int) -> None:
    picture = smooth(height, width, channels)
    before = picture.copy()
    marked = watermarked(picture)
    assert (marked.shape, marked.dtype) == (picture.shape, picture.dtype)
    assert psnr(picture, marked) >= 38
    assert look_for_mark(marked).p_value < 1e-9
    assert not look_for_mark(picture).is_marked
    np.testing.assert_array_equal(picture, before)


@pytest.mark.parametrize("channels", [1, 3, 4])
@pytest.mark.parametrize(("height", "width"), [(64, 64), (128, 64), (256, 256)])
def test_it_survives_jpeg_of_quality_80(height: int, width: int, channels: int) -> None:
    for seed in range(4):
        picture = smooth(height, width, channels, seed)
        if channels == 4:
            picture[:, :, 3] = np.where(picture[:, :, 3] > 100, 255, picture[:, :, 3])  # mostly opaque
        assert look_for_mark(jpeg(watermarked(picture))).is_marked
        assert not look_for_mark(jpeg(picture)).is_marked


def test_large_pictures_are_marked_gently() -> None:
    assert [step_of(shape) for shape in [(24, 24), (128, 128, 3), (135, 135), (128, 136), (512, 512)]] == [
        *[STRONG] * 3,
        *[GENTLE] * 2,
    ]
    small, large = smooth(128, 128), smooth(128, 136)
    assert psnr(large, watermarked(large)) > psnr(small, watermarked(small)) + 2.5


def test_colours_are_rounded_not_cut_off() -> None:
    picture = np.clip(smooth(96, 96, 1), 40, 215)
    assert abs(np.mean(watermarked(picture).astype(float) - picture)) < 0.1


@pytest.mark.parametrize("channels", [2, 4])
def test_alpha_and_what_is_not_seen_stay(channels: int) -> None:
    picture = smooth(64, 64, channels)
    picture[:20, :, -1] = 0
    marked = watermarked(picture)
    np.testing.assert_array_equal(marked[:, :, -1], picture[:, :, -1])
    np.testing.assert_array_equal(marked[:20], picture[:20])


def test_gray_of_two_axes_is_as_gray_of_three() -> None:
    picture = smooth(40, 40, 1)
    flat = watermarked(picture[:, :, 0])
    assert flat.shape == (40, 40)
    np.testing.assert_array_equal(flat, watermarked(picture)[:, :, 0])
    assert look_for_mark(flat) == look_for_mark(flat[:, :, None])


def test_flat_places_are_left_alone_where_there_is_texture_enough() -> None:
    picture = smooth(128, 128)
    picture[:, 64:] = 200
    marked = watermarked(picture)
    np.testing.assert_array_equal(marked[:, 64:], picture[:, 64:])
    assert look_for_mark(jpeg(marked)).is_marked


@pytest.mark.parametrize("level", [0, 3, 128, 255])
def test_one_colour_is_marked_too(level: int) -> None:
    picture = np.full((64, 64, 3), level, np.uint8)
    assert look_for_mark(watermarked(picture)).is_marked
    assert not look_for_mark(picture).is_marked


def test_what_is_beyond_the_last_whole_block_stays() -> None:
    picture = smooth(67, 70)
    marked = watermarked(picture)
    np.testing.assert_array_equal(marked[64:], picture[64:])
    np.testing.assert_array_equal(marked[:, 64:], picture[:, 64:])


def test_projections_lie_on_the_lattice() -> None:
    picture = np.clip(smooth(64, 64, 1), 60, 190)  # where nothing is clipped
    parts = blocks(brightness(*split(watermarked(picture))))
    amounts = project(parts, directions_of()) / step_of(picture.shape) - dither(8, 8)
    busy = np.ptp(parts, axis=(2, 3)) >= BUSY + 16  # surely marked
    assert np.abs(amounts - np.rint(amounts))[busy].max() < 0.1


def test_the_same_picture_gives_the_same_bytes() -> None:
    np.testing.assert_array_equal(watermarked(smooth(64, 48)), watermarked(smooth(64, 48)))


def test_directions_are_orthonormal_and_know_no_mean() -> None:
    flat = directions_of().reshape(len(directions_of()), 64)
    np.testing.assert_allclose(flat @ flat.T, np.eye(len(flat)), atol=1e-12)
    np.testing.assert_allclose(flat.sum(axis=1), 0, atol=1e-12)


def test_dither_is_uniform_and_of_the_place_alone() -> None:
    shifts = dither(64, 64)
    np.testing.assert_array_equal(dither(5, 7), shifts[:5, :7])
    np.testing.assert_allclose(np.histogram(shifts, 16, (0, 1))[0] / shifts.size, 1 / 16, atol=0.005)
    assert abs(np.corrcoef(shifts[:-1].ravel(), shifts[1:].ravel())[0, 1]) < 0.03
    assert len(np.unique(shifts)) > 0.99 * shifts.size


@pytest.mark.parametrize(("height", "width"), [(16, 16), (23, 24), (8, 71)])
def test_what_is_too_small_is_refused(height: int, width: int) -> None:
    assert (height // 8) * (width // 8) < FEWEST
    with pytest.raises(ConfigError, match=rf"a picture of {height}×{width} has no room for a watermark: it needs 9"):
        watermarked(smooth(height, width))
    require_room_for_mark(8, 72)
