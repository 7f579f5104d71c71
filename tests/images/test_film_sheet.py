"""Sheets for films give back what was put on them."""

from pathlib import Path

import pytest
import torch

from allaprima.errors import DataError
from allaprima.images import to_network
from allaprima.images.film_sheet import SIDE, read_film_sheet, shrunk, write_film_sheet


def pixels(count: int, channels: int, height: int = 5, width: int = 7) -> torch.Tensor:
    generator = torch.Generator().manual_seed(0)
    return torch.randint(1, 256, (count, channels, height, width), dtype=torch.uint8, generator=generator)


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
@pytest.mark.parametrize("count", [1, 3, 8, 13, 32])
def test_there_and_back(count: int, channels: int, tmp_path: Path) -> None:
    images = pixels(count, channels)
    write_film_sheet(tmp_path / "sheet.png", images)
    assert torch.equal(read_film_sheet(tmp_path / "sheet.png", count), images)


def test_another_picture_is_refused(tmp_path: Path) -> None:
    write_film_sheet(tmp_path / "sheet.png", pixels(3, 3))
    with pytest.raises(DataError, match="no sheet of 32 images"):
        read_film_sheet(tmp_path / "sheet.png", 32)


@pytest.mark.parametrize(("side", "small"), [(1, 1), (SIDE, SIDE), (SIDE + 1, 65), (2 * SIDE, SIDE), (3 * SIDE, SIDE)])
def test_large_images_become_small_ones(side: int, small: int) -> None:
    images = to_network(pixels(1, 3, side, side // 2 + 1))
    found = shrunk(images)
    assert found.shape[2] == small
    assert found.dtype == torch.uint8
    if side == 2 * SIDE:
        assert abs(found.float().mean() - (images * 127.5 + 128).mean()) < 1
