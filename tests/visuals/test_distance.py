"""The distance is a norm of the difference, in levels."""

import pytest
import torch
from torch import Tensor
from torch.testing import assert_close

from allaprima.visuals.distance import path_length, pyramid_distance

SHAPES = [(2, 3, 16, 16), (2, 1, 24, 17), (2, 4, 9, 40)]


def draw(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("shape", SHAPES)
def test_norm(shape: tuple[int, ...]) -> None:
    a, b, c = (draw(*shape, seed=seed) for seed in range(3))
    assert_close(pyramid_distance(a, a), torch.zeros(2))
    assert_close(pyramid_distance(a, b), pyramid_distance(b, a))
    assert_close(pyramid_distance(3 * a, 3 * b), 3 * pyramid_distance(a, b))
    assert (pyramid_distance(a, c) <= pyramid_distance(a, b) + pyramid_distance(b, c) + 1e-3).all()
    assert_close(pyramid_distance(a, b)[:1], pyramid_distance(a[:1], b[:1]))


def test_a_shift_in_brightness_counts_in_the_last_band_alone() -> None:
    a = draw(1, 3, 32, 32)
    assert_close(pyramid_distance(a, a + 2 / 127.5), torch.tensor([2 / 4]), rtol=1e-3, atol=1e-3)  # 32, 16, 8, 4


def test_coarse_differences_count_as_much_as_fine_ones() -> None:
    fine = 0.1 * torch.tensor([1.0, -1.0]).repeat(16).expand(1, 1, 32, 32)
    coarse = 0.1 * torch.tensor([1.0, -1.0]).repeat_interleave(16).expand(1, 1, 32, 32)
    zero = torch.zeros_like(fine)
    ratio = pyramid_distance(coarse, zero) / pyramid_distance(fine, zero)
    assert 0.5 < ratio.item() < 2


def test_the_length_of_a_straight_way_is_the_distance_of_its_ends() -> None:
    a, b = draw(3, 16, 16), draw(3, 16, 16, seed=1)
    images = torch.stack([torch.lerp(a, b, t) for t in torch.linspace(0, 1, 7)])
    length = path_length(images)
    assert length[0] == 0
    assert_close(length[-1], pyramid_distance(a[None], b[None])[0])
    assert (length.diff() > 0).all()
