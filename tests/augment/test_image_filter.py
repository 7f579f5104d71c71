"""The filter bank and the filtering of images."""

import pytest
import torch
import torch.nn.functional as F

from allaprima.augment import AugmentSpec, RandomDraws
from allaprima.augment.image_filter import EXPECTED_POWER, apply_filter, band_gains, filter_bank
from tests.conftest import assert_near, read_reference


def test_the_bank_is_that_of_the_reference() -> None:
    assert_near(filter_bank(), read_reference("ada_augmentations").tensors["imgfilter_bank"], 1e-7)


def test_the_bands_together_change_nothing() -> None:
    assert_near(filter_bank().sum(dim=0), F.one_hot(torch.tensor(21), 43).float(), 1e-6)


@pytest.mark.parametrize("size", [(24, 24), (50, 30)])
def test_equals_convolution_of_the_reflected_image(size: tuple[int, int]) -> None:
    images, gains = torch.randn(3, 2, *size), torch.rand(3, 4) * 2
    got = apply_filter(images, gains)
    padded = F.pad(images, (21, 21, 21, 21), mode="reflect")
    for image, gain, result in zip(padded, gains, got, strict=True):
        taps = gain @ filter_bank()
        kernel = torch.outer(taps, taps).expand(2, 1, -1, -1)
        assert_near(result, F.conv2d(image[None], kernel, groups=2)[0], 1e-5)


@pytest.mark.parametrize("size", [(1, 1), (1, 5), (4, 4), (30, 24)])
def test_gains_of_one_change_nothing_and_the_lowest_is_that_of_constants(size: tuple[int, int]) -> None:
    images = torch.randn(2, 3, *size)
    assert_near(apply_filter(images, torch.ones(2, 4)), images, 1e-5)
    constant = torch.ones(1, 1, *size)
    assert_near(apply_filter(constant, torch.tensor([[0.5, 3.0, 4.0, 5.0]])), constant * 0.25, 1e-4)


def test_the_expected_power_stays() -> None:
    draws = RandomDraws(torch.Generator().manual_seed(0))
    only = AugmentSpec(imgfilter=1, imgfilter_bands=(0.0, 0.0, 1.0, 0.0))
    gains = band_gains(1000, 1.0, only, draws)
    assert_near((torch.tensor(EXPECTED_POWER) * gains.square()).sum(dim=1), torch.ones(1000), 1e-5)
    assert abs((gains[:, 2] / gains[:, 0]).log2().std() - 1) < 0.08


def test_each_band_has_its_own_gate() -> None:
    draws = RandomDraws(torch.Generator().manual_seed(0))
    gains = band_gains(3000, 0.5, AugmentSpec(imgfilter=1, imgfilter_bands=(0.0, 0.0, 0.5, 0.0)), draws)
    assert abs((gains != 1).any(dim=1).float().mean() - 0.25) < 0.03
