"""The picture of the distance."""

import pytest
import torch

from allaprima.latents.projection.curve import HEIGHT, ONE, WIDTH, draw_curve, ticks


@pytest.mark.parametrize("shape", [(500, 1), (10, 3), (1, 1), (2, 20)])
def test_it_is_a_picture_of_one_size(shape: tuple[int, int]) -> None:
    picture = draw_curve(torch.rand(*shape) + 0.1)
    assert picture.shape == (HEIGHT, WIDTH, 3)


def test_a_falling_distance_falls() -> None:
    picture = draw_curve(torch.logspace(0, -2, 200)[:, None]).astype(int)
    drawn = abs(picture - ONE).sum(axis=2) < 60
    left, right = drawn[:, WIDTH // 4], drawn[:, WIDTH * 3 // 4]
    assert left.any()
    assert right.any()
    assert left.argmax() < right.argmax()


def test_steps_that_were_not_done_are_not_drawn() -> None:
    curve = torch.full((100, 2), float("nan"))
    assert draw_curve(curve).shape == (HEIGHT, WIDTH, 3)
    curve[:50, 0] = torch.linspace(1, 0.1, 50)
    curve[:30, 1] = torch.linspace(1, 0.2, 30)
    assert draw_curve(curve).shape == (HEIGHT, WIDTH, 3)


def test_ticks_are_round() -> None:
    assert ticks(0.09, 3) == [0.1, 0.2, 0.5, 1, 2]
