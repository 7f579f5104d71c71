"""Laws of the grids between the base grid and an image of any size."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from allaprima.errors import ConfigError
from allaprima.models import Geometry
from allaprima.models.geometry import channels_at

sides = st.integers(1, 300)


@settings(max_examples=300)
@given(sides, sides)
def test_the_doubled_base_covers_the_image_with_less_than_one_step_to_spare(height: int, width: int) -> None:
    geometry = Geometry(height, width)
    step = 2**geometry.doublings
    for side, base, full in zip((height, width), geometry.base, geometry.full, strict=True):
        assert full == base * step
        assert 0 <= full - side < step


@settings(max_examples=300)
@given(sides, sides)
def test_the_shorter_side_of_the_base_is_4_to_8_wherever_there_is_a_doubling(height: int, width: int) -> None:
    geometry = Geometry(height, width)
    if geometry.doublings:
        assert 4 <= min(geometry.base) <= 8
    else:
        assert geometry.base == (height, width)
        assert min(height, width) < 8


@settings(max_examples=100)
@given(sides, sides)
def test_resolutions_double_from_4_and_sizes_with_them(height: int, width: int) -> None:
    geometry = Geometry(height, width)
    assert geometry.resolutions == tuple(4 * 2**i for i in range(geometry.doublings + 1))
    assert geometry.size(4) == geometry.base
    assert geometry.size(geometry.resolutions[-1]) == geometry.full
    for resolution in geometry.resolutions[1:]:
        assert geometry.size(resolution) == tuple(2 * side for side in geometry.size(resolution // 2))


@given(st.integers(1, 80), st.integers(1, 80))
def test_crop_undoes_pad(height: int, width: int) -> None:
    geometry, image = Geometry(height, width), torch.rand(2, 3, height, width)
    padded = geometry.pad(image)
    assert padded.shape[2:] == geometry.full
    assert torch.equal(geometry.crop(padded), image)


def test_pad_continues_the_edges_to_both_sides() -> None:
    geometry = Geometry(9, 14)
    assert geometry.full == (10, 14)
    image = torch.rand(1, 1, 9, 14)
    assert torch.equal(geometry.pad(image)[:, :, 9], image[:, :, 8])
    geometry = Geometry(101, 67)  # 112 × 80: margins of 5 and 6, of 6 and 7
    padded = geometry.pad(torch.rand(1, 1, 101, 67))
    assert (padded[:, :, :6] == padded[:, :, 5:6]).all()
    assert (padded[:, :, :, -8:] == padded[:, :, :, -8:-7]).all()


@pytest.mark.parametrize(
    ("size", "base", "doublings"),
    [
        ((64, 64), (4, 4), 4),
        ((1024, 1024), (4, 4), 8),
        ((24, 24), (6, 6), 2),
        ((128, 64), (8, 4), 4),
        ((48, 80), (6, 10), 3),
        ((28, 28), (7, 7), 2),
        ((101, 67), (7, 5), 4),
        ((4, 4), (4, 4), 0),
        ((3, 9), (3, 9), 0),
        ((7, 300), (7, 300), 0),
    ],
    ids=str,
)
def test_named_examples(size: tuple[int, int], base: tuple[int, int], doublings: int) -> None:
    assert Geometry(*size).base == base
    assert Geometry(*size).doublings == doublings


@pytest.mark.parametrize("size", [(0, 4), (4, 0), (-1, 8)])
def test_an_image_without_pixels_is_refused(size: tuple[int, int]) -> None:
    with pytest.raises(ConfigError, match=f"{size[0]}×{size[1]}"):
        Geometry(*size)


def test_channels_halve_with_every_doubling_up_to_a_maximum() -> None:
    assert [channels_at(r, base=128, maximum=20) for r in (4, 8, 16, 32, 256)] == [20, 16, 8, 4, 1]


@given(sides, sides, st.integers(0, 9))
def test_any_number_of_doublings_can_be_asked_for(height: int, width: int, doublings: int) -> None:
    geometry = Geometry(height, width, doublings)
    assert geometry.doublings == doublings
    for side, base in zip((height, width), geometry.base, strict=True):
        assert (base - 1) * 2**doublings < side <= base * 2**doublings


def test_the_usual_number_of_doublings_is_the_one_that_is_chosen() -> None:
    assert Geometry(48, 80) == Geometry(48, 80, 3)
    assert Geometry(48, 80) != Geometry(48, 80, 4)


def test_fewer_than_no_doublings_are_refused() -> None:
    with pytest.raises(ConfigError, match="doublings is -1"):
        Geometry(8, 8, -1)
