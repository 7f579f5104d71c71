"""Laws of the colour matrix."""

from typing import Any

import pytest
import torch
from torch import Tensor

from allaprima.augment import PIPES, AugmentSpec, RandomDraws
from allaprima.augment.colour import apply_colours, colour_matrix
from tests.conftest import assert_near


def only(name: str) -> AugmentSpec:
    fields: dict[str, Any] = {name: 1}
    return AugmentSpec(**fields)


def draw(spec: AugmentSpec, *, count: int = 5, gray: bool = False) -> Tensor:
    return colour_matrix(count, 1.0, spec, RandomDraws(torch.Generator().manual_seed(0)), gray=gray)


def luma(images: Tensor) -> Tensor:
    return images.mean(dim=1, keepdim=True)


@pytest.fixture
def images() -> Tensor:
    return torch.rand(5, 3, 6, 4) * 2 - 1


def test_brightness_adds_one_number(images: Tensor) -> None:
    change = apply_colours(images, draw(AugmentSpec(brightness=1))) - images
    assert_near(change, change.mean(dim=(1, 2, 3), keepdim=True).expand_as(change), 1e-5)


def test_contrast_multiplies_by_one_number(images: Tensor) -> None:
    ratio = apply_colours(images, draw(AugmentSpec(contrast=1))) / images
    assert_near(ratio, ratio[:, :1, :1, :1].expand_as(ratio), 1e-5)
    assert ratio.min() > 0


def test_the_luma_flip_negates_luma_and_keeps_chroma(images: Tensor) -> None:
    spec = AugmentSpec(lumaflip=1)
    draws = RandomDraws(torch.Generator().manual_seed(0))
    flipped = apply_colours(images, colour_matrix(5, 1.0, spec, draws, gray=False))
    signs = (luma(flipped) / luma(images)).mean(dim=(1, 2, 3))
    assert sorted({round(s) for s in signs.tolist()}) == [-1, 1]
    assert_near(flipped - luma(flipped), images - luma(images), 1e-5)


def test_hue_keeps_luma_and_the_strength_of_chroma(images: Tensor) -> None:
    turned = apply_colours(images, draw(AugmentSpec(hue=1)))
    assert_near(luma(turned), luma(images), 1e-5)
    assert_near((turned - luma(turned)).norm(dim=1), (images - luma(images)).norm(dim=1), 1e-5)
    assert not torch.allclose(turned, images)


def test_saturation_multiplies_chroma(images: Tensor) -> None:
    changed = apply_colours(images, draw(AugmentSpec(saturation=1)))
    assert_near(luma(changed), luma(images), 1e-5)
    ratio = (changed - luma(changed)) / (images - luma(images))
    assert_near(ratio.median(dim=1).values[:, :1, :1], ratio[:, 0, :1, :1], 1e-3)


@pytest.mark.parametrize("name", ["hue", "saturation"])
def test_gray_has_neither_hue_nor_saturation(name: str) -> None:
    assert_near(draw(only(name), gray=True), torch.eye(4).repeat(5, 1, 1), 0)


def test_gray_is_three_equal_colours() -> None:
    gray = torch.randn(5, 1, 4, 4)
    matrix = draw(PIPES["color"])
    assert_near(apply_colours(gray, matrix), luma(apply_colours(gray.expand(-1, 3, -1, -1), matrix)), 1e-5)


@pytest.mark.parametrize("colours", [1, 3])
def test_premultiplied_colours_become_what_straight_ones_would(colours: int) -> None:
    straight, coverage = torch.rand(5, colours, 6, 4) * 2 - 1, torch.rand(5, 1, 6, 4)
    coverage[:, :, 0], coverage[:, :, 1] = 0, 1
    matrix = draw(PIPES["color"], gray=colours == 1)
    got = apply_colours(premultiply(straight, coverage), matrix)
    assert_near(got, premultiply(apply_colours(straight, matrix), coverage), 1e-5)


def premultiply(straight: Tensor, coverage: Tensor) -> Tensor:
    """The network's range of straight colours in [-1, 1] and coverage in [0, 1]."""
    return torch.cat([(straight + 1) / 2 * coverage, coverage], dim=1) * 2 - 1


@pytest.mark.parametrize(("name", "std"), [("brightness", 0.2), ("contrast", 0.5), ("saturation", 1.0)])
def test_strengths_have_their_distribution(name: str, std: float) -> None:
    matrices = draw(only(name), count=4000)
    values = {
        "brightness": matrices[:, 0, 3],
        "contrast": matrices[:, 0, 0].log2(),
        "saturation": (matrices[:, 0, 0] - matrices[:, 0, 1]).log2(),
    }
    assert abs(values[name].std() - std) < 0.03 * std + 0.005
    assert abs(values[name].mean()) < 0.05 * std
