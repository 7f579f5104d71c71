"""DiffAugment: its parts by their plain definitions, and its laws."""

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from allaprima.augment import FixedDraws, RandomDraws, diff_augment
from allaprima.errors import ConfigError
from tests.conftest import assert_near

PARTS = ["color", "translation", "cutout"]
SHAPES = [(1, 1, 3), (4, 4, 4), (7, 5, 1), (1, 9, 2), (24, 16, 5)]


def random_draws(seed: int = 0) -> RandomDraws:
    return RandomDraws(torch.Generator().manual_seed(seed))


def recoloured(x: Tensor, q: float) -> Tensor:
    """Brightness, saturation, contrast, one after the other."""
    x = x + (q - 0.5)
    gray = x.mean(dim=1, keepdim=True)
    x = (x - gray) * (2 * q) + gray
    mean = x.mean(dim=(1, 2, 3), keepdim=True)
    return (x - mean) * (q + 0.5) + mean


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("q", [0.1, 0.5, 0.8])
def test_colours_equal_their_definition(q: float, channels: int) -> None:
    images = torch.randn(3, channels, 6, 5)
    assert_near(diff_augment(images, FixedDraws(q), ["color"]), recoloured(images, q), 1e-5)


@pytest.mark.parametrize("colours", [1, 3])
def test_an_opaque_image_is_as_one_without_alpha(colours: int) -> None:
    images = torch.randn(3, colours, 8, 8)
    opaque = torch.cat([images, torch.ones(3, 1, 8, 8)], dim=1)
    got = diff_augment(opaque, random_draws(), ["color"])
    assert_near(got[:, :-1], diff_augment(images, random_draws(), ["color"]), 1e-5)
    assert_near(got[:, -1:], opaque[:, -1:], 1e-6)


def test_contrast_turns_about_the_mean_of_what_is_covered() -> None:
    """Half an image, transparent elsewhere, is recoloured as that half alone."""
    half = torch.cat([torch.randn(2, 3, 4, 8), torch.ones(2, 1, 4, 8)], dim=1)
    whole = torch.cat([half, torch.full_like(half, -1)], dim=2)
    got = diff_augment(whole, random_draws(), ["color"])
    assert_near(got[:, :, :4], diff_augment(half, random_draws(), ["color"]), 1e-5)
    assert_near(got[:, :, 4:], whole[:, :, 4:], 1e-5)


@pytest.mark.parametrize(("channels", "nothing"), [(3, 0.0), (4, -1.0)])
def test_translation_moves_by_whole_pixels(channels: int, nothing: float) -> None:
    images = torch.randn(2, channels, 16, 24)
    got = diff_augment(images, FixedDraws(0.99), ["translation"])
    assert_near(got, F.pad(images, (3, 0, 2, 0), value=nothing)[:, :, :16, :24], 1e-6)


@pytest.mark.parametrize(("channels", "nothing"), [(3, 0.0), (4, -1.0)])
def test_the_cut_out_is_half_as_high_and_wide(channels: int, nothing: float) -> None:
    images = torch.full((1, channels, 8, 12), 0.3)
    cut = diff_augment(images, FixedDraws(0.5), ["cutout"])
    assert (cut[:, :, 2:6, 3:9] == nothing).all()
    assert (cut == nothing).sum() == channels * 24


@pytest.mark.parametrize(("height", "width", "channels"), SHAPES)
def test_any_shape_reproducibly(height: int, width: int, channels: int) -> None:
    images = torch.randn(3, channels, height, width)
    got = diff_augment(images, random_draws())
    assert got.shape == images.shape
    assert got.isfinite().all()
    assert torch.equal(got, diff_augment(images, random_draws()))


def test_the_policy_chooses() -> None:
    images = torch.randn(2, 3, 8, 8)
    assert diff_augment(images, random_draws(), []) is images
    five = torch.randn(2, 5, 8, 8)
    assert diff_augment(five, random_draws(), ["color"]) is five
    with pytest.raises(ConfigError, match=r"^unknown part 'colour' of the policy of DiffAugment; it knows color, tra"):
        diff_augment(images, random_draws(), ["colour"])


def test_a_transparent_image_stays_transparent() -> None:
    images = torch.full((4, 4, 8, 8), -1.0)
    assert_near(diff_augment(images, random_draws()), images, 1e-5)


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("channels", [2, 3])
def test_gradient_and_second_gradient(part: str, channels: int) -> None:
    images = torch.randn(2, channels, 4, 3, dtype=torch.float64, requires_grad=True)

    def operation(x: Tensor) -> Tensor:
        return diff_augment(x, random_draws(), [part])

    images.data[:, -1].clamp_(-0.5, 1)  # far from where the coverage's bound has its kink
    assert torch.autograd.gradcheck(operation, (images,), fast_mode=True)
    assert torch.autograd.gradgradcheck(lambda x: operation(x).pow(3), (images,), fast_mode=True)
