"""[0, 1] with straight alpha and [-1, 1] with premultiplied alpha are the same pictures."""

import pytest
import torch

from allaprima.images.pixels import to_network
from allaprima.models.lucidrains.colour import to_signed, to_unit
from tests.conftest import assert_near

each_number = pytest.mark.parametrize("channels", [1, 2, 3, 4, 5])


@each_number
def test_is_the_range_of_this_library(channels: int) -> None:
    pixels = torch.randint(256, (2, channels, 5, 7), dtype=torch.uint8)
    assert_near(to_signed(pixels / 255), to_network(pixels), 1e-6)


@each_number
def test_there_and_back(channels: int) -> None:
    x = torch.rand(2, channels, 5, 7) * 0.9 + 0.1
    assert_near(to_unit(to_signed(x)), x, 1e-5)
    assert to_signed(x).min() >= -1
    assert to_signed(x).max() <= 1


def test_without_alpha_nothing_is_clamped() -> None:
    x = torch.tensor([-0.5, 0.0, 0.5, 1.5]).reshape(1, 1, 2, 2)
    assert to_signed(x).flatten().tolist() == [-2, -1, 0, 2]


def test_what_is_transparent_has_no_colour_and_stays_finite() -> None:
    x = torch.rand(1, 4, 3, 3)
    x[:, 3] = torch.tensor([-0.2, 0.0, 1.2])
    signed = to_signed(x)
    assert (signed[:, :3, :, :2] == -1).all()
    assert_near(signed[:, :3, :, 2], 2 * x[:, :3, :, 2] - 1, 1e-6)
    assert (to_unit(signed)[:, :3, :, :2] == 0).all()
