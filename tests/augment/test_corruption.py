"""Noise and cutout."""

import pytest
import torch

from allaprima.augment import PIPES, AugmentSpec, FixedDraws, RandomDraws
from allaprima.augment.corruption import add_noise, cut_out


def random_draws() -> RandomDraws:
    return RandomDraws(torch.Generator().manual_seed(0))


def test_noise_has_its_strength() -> None:
    change = add_noise(torch.zeros(2000, 3, 8, 8), 1.0, PIPES["noise"], random_draws())
    strengths = change.flatten(1).std(dim=1)
    assert abs(strengths.square().mean().sqrt() - 0.1) < 0.005
    assert abs(strengths.mean() - 0.1 * (2 / torch.pi) ** 0.5) < 0.005
    assert abs(change.mean()) < 0.005


def test_noise_lies_on_what_is_there() -> None:
    images = torch.rand(2, 4, 8, 8) * 2 - 1
    images[:, 3, :4] = -1
    images[:, 3, 4:] = 0
    change = add_noise(images, 1.0, PIPES["noise"], FixedDraws(0.8)) - images
    without = add_noise(images[:, :3], 1.0, PIPES["noise"], FixedDraws(0.8)) - images[:, :3]
    assert not change[:, 3].any()
    assert not change[:, :, :4].any()
    assert torch.allclose(change[:, :3, 4:], without[:, :, 4:] / 2, atol=1e-6)


@pytest.mark.parametrize(("channels", "nothing"), [(1, 0), (2, -1), (3, 0), (4, -1), (5, 0)])
def test_the_cut_out_is_a_rectangle_of_nothing(channels: int, nothing: float) -> None:
    images = torch.full((1, channels, 8, 16), 0.3)
    cut = cut_out(images, 1.0, AugmentSpec(cutout=1), FixedDraws(0.5))
    assert (cut[:, :, 2:6, 4:12] == nothing).all()
    assert (cut == nothing).sum() == channels * 32
    assert ((cut == nothing) | (cut == images)).all()


def test_the_cut_out_may_leave_the_image() -> None:
    cut = cut_out(torch.ones(2000, 1, 8, 8), 1.0, AugmentSpec(cutout=1), random_draws())
    areas = (cut == 0).sum(dim=(1, 2, 3))
    assert areas.max() == 16
    assert areas.min() <= 6
    assert abs(areas.float().mean() / 64 - (7 / 16) ** 2) < 0.02
