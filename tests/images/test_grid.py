import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from allaprima.images import grid, sheet_shape


@given(st.integers(1, 200), st.integers(1, 200), st.integers(1, 150))
def test_a_sheet_has_room_for_all_and_no_empty_row(height: int, width: int, count: int) -> None:
    rows, columns = sheet_shape(height, width, count)
    assert (rows - 1) * columns < count <= rows * columns


def test_square_numbers_of_square_images_make_squares() -> None:
    assert [sheet_shape(64, 64, n) for n in (1, 4, 16, 64)] == [(1, 1), (2, 2), (4, 4), (8, 8)]


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_every_image_is_where_it_belongs(channels: int) -> None:
    images = torch.randint(0, 256, (5, channels, 4, 6), dtype=torch.uint8)
    sheet = grid(images, columns=3)
    assert sheet.shape == ((8, 18) if channels == 1 else (8, 18, channels))
    sheet = sheet.reshape(8, 18, channels)
    for i, image in enumerate(images):
        row, column = divmod(i, 3)
        tile = sheet[row * 4 : row * 4 + 4, column * 6 : column * 6 + 6]
        assert np.array_equal(tile, image.permute(1, 2, 0).numpy())
    assert not sheet[4:, 12:].any()


def test_arrays_and_tensors_are_alike() -> None:
    images = np.arange(4 * 3 * 2 * 2, dtype=np.uint8).reshape(4, 3, 2, 2)
    assert np.array_equal(grid(images), grid(torch.from_numpy(images)))


def test_nothing_makes_no_sheet() -> None:
    with pytest.raises(ValueError, match="at least one"):
        grid(np.zeros((0, 3, 2, 2), np.uint8))
