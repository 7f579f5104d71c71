"""Sizes, grays and colours of what is shown."""

import pytest
import torch

from allaprima.images import to_network
from allaprima.visuals.display import HEAT, MOST, beside, heat, ramp, resized, seen, sheet, shown_size, signed


@pytest.mark.parametrize(
    ("size", "shown"),
    [((24, 24), (120, 120)), ((64, 48), (128, 96)), ((150, 100), (150, 100)), ((1024, 512), (192, 96))],
)
def test_small_images_are_enlarged_by_whole_numbers_and_large_ones_reduced(
    size: tuple[int, int], shown: tuple[int, int]
) -> None:
    assert shown_size(*size) == shown
    assert max(shown) <= MOST


def test_enlarged_pixels_are_squares_and_reduced_ones_means() -> None:
    images = torch.arange(4, dtype=torch.uint8).view(1, 1, 2, 2) * 40
    assert torch.equal(resized(images, (4, 6)), images.repeat_interleave(2, dim=2).repeat_interleave(3, dim=3))
    assert resized(images, (1, 1)).item() == 60


def test_zero_is_gray_and_the_most_is_white() -> None:
    values = torch.tensor([-2.0, -1.0, 0.0, 1.0, 2.0]).view(1, 1, 1, 5)
    assert signed(values, 1.0)[0, 0, 0].tolist() == [0, 0, 128, 255, 255]
    assert signed(torch.zeros(1, 1, 1, 1), 0.0).flatten().tolist() == [128] * 3


def test_heat_goes_from_dark_to_light() -> None:
    colours = heat(torch.linspace(0, 2, 21).view(1, 1, 21), 1.0)[0, :, 0].T.int()
    assert tuple(colours[0].tolist()) == HEAT[0]
    assert tuple(colours[10].tolist()) == tuple(colours[20].tolist()) == HEAT[-1]
    light = (colours[:11] * torch.tensor([0.3, 0.6, 0.1])).sum(dim=1)
    assert (light.diff() > 0).all(), "it must be readable in gray"


def test_ramps_have_as_many_colours_as_lines() -> None:
    assert len(ramp(1)) == 1
    assert len(set(ramp(15))) == 15


@pytest.mark.parametrize("channels", [1, 2, 3, 4, 5])
def test_any_channels_can_be_seen(channels: int) -> None:
    images = torch.rand(2, channels, 16, 24, generator=torch.Generator().manual_seed(0)) * 2 - 1
    assert seen(images).shape == (2, 3, 80, 120)


def test_what_is_transparent_shows_the_background() -> None:
    clear = to_network(torch.zeros(1, 4, 8, 8, dtype=torch.uint8))
    assert seen(clear).unique().tolist() == [255]
    assert seen(clear, background="checker").unique().tolist() == [204, 255]


def test_sheets_write_what_the_font_has() -> None:
    tile = torch.zeros(3, 20, 60, dtype=torch.uint8)
    written = sheet([[(tile, "4×4 −1")]], column_names=["ψ"], row_names=["×"])
    assert (written == sheet([[(tile, "4x4 -1")]], column_names=["psi"], row_names=["x"])).all()
    frame = beside(tile[None], "ψ = −1")
    assert (frame == beside(tile[None], "psi = -1")).all()
