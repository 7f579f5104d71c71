"""Distances from targets: laws that all have, and what is special to each."""

from typing import Any

import pytest
import torch
from torch import Tensor

from allaprima.latents.projection.distance import (
    DiscriminatorDistance,
    Distance,
    PerceptualDistance,
    PyramidDistance,
    SumOfDistances,
    measure_of,
    own_distance,
    visible,
)
from allaprima.losses.laplacian_distance import laplacian_distance
from allaprima.models.lpips import LPIPS
from tests.surgery.small import discriminator, some_images

KINDS = ["skip", "resnet", "growing", "stylegan", "progan", "r3gan"]


def perceptual() -> LPIPS:
    torch.manual_seed(0)
    return LPIPS().eval().requires_grad_(False)


def distance_of(kind: str, channels: int) -> Distance:
    if kind == "pyramid":
        return PyramidDistance()
    if kind == "lpips":
        return PerceptualDistance(perceptual())
    return DiscriminatorDistance(discriminator(kind, 16, 24, channels))


def others(channels: int, count: int = 3) -> tuple[Tensor, Tensor]:
    images = some_images(16, 24, channels, 2 * count)
    return images[:count], images[count:]


@pytest.mark.parametrize(("kind", "channels"), [("pyramid", 4), ("lpips", 3), ("lpips", 4), *((k, 3) for k in KINDS)])
def test_a_distance_is_zero_at_the_target_alone_and_knows_no_neighbours(kind: str, channels: int) -> None:
    distance = distance_of(kind, channels)
    targets, images = others(channels)
    measure = distance.to(targets)
    torch.testing.assert_close(measure(targets), torch.zeros(3), atol=1e-5, rtol=0)
    together = measure(images)
    assert together.shape == (3,)
    assert (together > 1e-3).all()
    alone = torch.cat([distance.to(targets[i : i + 1])(images[i : i + 1]) for i in range(3)])
    torch.testing.assert_close(together, alone, rtol=1e-3, atol=1e-5)
    torch.testing.assert_close(measure(images[:1])[0], together[0], rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize(("kind", "channels"), [("pyramid", 1), ("lpips", 2), ("resnet", 4), ("stylegan", 1)])
def test_its_gradient_reaches_every_image(kind: str, channels: int) -> None:
    targets, images = others(channels)
    images.requires_grad_()
    (gradient,) = torch.autograd.grad(distance_of(kind, channels).to(targets)(images).sum(), images)
    assert gradient.isfinite().all()
    assert gradient.flatten(1).any(dim=1).all()


def test_labels_of_a_discriminator_have_no_say() -> None:
    targets, images = others(3)
    distance = DiscriminatorDistance(discriminator("resnet", 16, 24, 3, c_dim=2))
    assert distance.to(targets)(images).isfinite().all()


def test_a_discriminator_of_one_grid_sees_nothing_that_could_be_compared() -> None:
    distance = DiscriminatorDistance(discriminator("resnet", 6, 5, 3))
    images = some_images(6, 5, 3, 4)
    assert torch.equal(distance.to(images[:2])(images[2:]), torch.zeros(2))


def test_a_sum_is_a_sum() -> None:
    targets, images = others(3)
    parts: list[Any] = [PyramidDistance(), DiscriminatorDistance(discriminator("resnet", 16, 24, 3))]
    both = SumOfDistances(*parts).to(targets)(images)
    torch.testing.assert_close(both, sum(part.to(targets)(images) for part in parts))


def test_the_own_distance_asks_the_discriminator_where_there_is_one() -> None:
    targets, images = others(3)
    torch.testing.assert_close(own_distance(None).to(targets)(images), laplacian_distance(images, targets))
    more = own_distance(discriminator("resnet", 16, 24, 3)).to(targets)(images)
    assert (more > laplacian_distance(images, targets)).all()


def test_beyond_white_is_white_where_the_target_is() -> None:
    targets = torch.tensor([1.0, -1.0, 1.0, 0.5]).view(1, 4, 1, 1).expand(1, 4, 8, 8)
    images = torch.tensor([1.7, -1.2, 0.9, 1.4]).view(1, 4, 1, 1).expand(1, 4, 8, 8).clone().requires_grad_()
    measure = measure_of(PyramidDistance(), targets)
    seen = torch.tensor([1.0, -1.0, 0.9, 1.4]).view(1, 4, 1, 1).expand(1, 4, 8, 8)
    torch.testing.assert_close(measure(images), PyramidDistance().to(targets)(seen))
    (gradient,) = torch.autograd.grad(measure(images).sum(), images)
    assert not gradient[:, :2].any()
    assert gradient[:, 2:].flatten(2).any(dim=2).all(), "what could come nearer is not told so"


def test_with_alpha_images_are_seen_over_black_and_white() -> None:
    colours, alpha = torch.rand(1, 3, 4, 4), torch.rand(1, 1, 4, 4)
    premultiplied = torch.cat([colours * alpha, alpha], dim=1) * 2 - 1
    black, white = visible(premultiplied)
    torch.testing.assert_close(black, colours * alpha * 2 - 1)
    torch.testing.assert_close(white, (colours * alpha + 1 - alpha) * 2 - 1)
    assert len(visible(torch.zeros(1, 3, 4, 4))) == 1
