"""The pyramid: nothing is lost, nothing is added, and its filter is the binomial one with mirrored borders."""

import pytest
import torch
from torch import Tensor

from allaprima.ops.laplacian_pyramid import collapse, double, halve, laplacian_pyramid, level_sizes

SIZES = [(64, 64), (32, 48), (101, 67), (33, 17), (16, 16), (15, 40), (7, 5), (1, 1)]


def reflect(index: int, length: int) -> int:
    """Index of a pixel in an image continued over its borders, which are not repeated."""
    period = max(2 * (length - 1), 1)
    index = abs(index) % period
    return min(index, period - index)


def smoothed(line: Tensor) -> Tensor:
    """A line of numbers, by the definition of the filter."""
    taps = {-2: 1, -1: 4, 0: 6, 1: 4, 2: 1}
    neighbours = [[line[reflect(i + d, len(line))] * tap / 16 for d, tap in taps.items()] for i in range(len(line))]
    return torch.stack([torch.stack(row).sum() for row in neighbours])


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("smallest", [2, 16])
def test_collapse_is_its_inverse(size: tuple[int, int], smallest: int) -> None:
    images = torch.randn(2, 3, *size, dtype=torch.float64)
    levels = laplacian_pyramid(images, smallest)
    torch.testing.assert_close(collapse(levels), images)
    assert [tuple(level.shape[2:]) for level in levels] == level_sizes(*size, smallest)


def test_levels_end_before_they_are_too_small() -> None:
    assert level_sizes(128, 64, 16) == [(128, 64), (64, 32), (32, 16)]
    assert level_sizes(101, 67, 16) == [(101, 67), (51, 34), (26, 17)]
    assert level_sizes(31, 31, 16) == [(31, 31), (16, 16)]
    assert level_sizes(28, 28, 16) == [(28, 28)]
    assert level_sizes(8, 8, 0) == [(8, 8), (4, 4), (2, 2)]


@pytest.mark.parametrize("length", [16, 17])
def test_halving_is_the_binomial_filter(length: int) -> None:
    image = torch.randn(1, 1, length, length, dtype=torch.float64)
    rows = torch.stack([smoothed(row) for row in image[0, 0]])
    both = torch.stack([smoothed(column) for column in rows.T]).T
    torch.testing.assert_close(halve(image)[0, 0], both[::2, ::2])


@pytest.mark.parametrize("length", [16, 17])
def test_doubling_is_the_binomial_filter_between_zeros(length: int) -> None:
    line = torch.randn((length + 1) // 2, dtype=torch.float64)
    sparse = torch.zeros(length, dtype=torch.float64)
    sparse[::2] = line
    image = line.expand(1, 1, len(line), -1)
    torch.testing.assert_close(double(image, length, length)[0, 0], (2 * smoothed(sparse)).expand(length, -1))


@pytest.mark.parametrize("size", SIZES)
def test_a_constant_image_is_all_in_the_last_level(size: tuple[int, int]) -> None:
    *bands, rest = laplacian_pyramid(torch.full((1, 1, *size), 0.7), 2)
    torch.testing.assert_close(rest, torch.full_like(rest, 0.7))
    for band in bands:
        torch.testing.assert_close(band, torch.zeros_like(band), atol=1e-6, rtol=0)


def test_fine_stripes_are_all_in_the_first_level() -> None:
    stripes = (torch.arange(64) % 2 * 2.0 - 1).expand(1, 1, 64, 64)
    first, *others = laplacian_pyramid(stripes, 8)
    torch.testing.assert_close(first, stripes, atol=1e-6, rtol=0)
    assert max(float(level.abs().max()) for level in others) < 1e-6
