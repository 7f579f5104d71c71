"""Laws of path length regularisation."""

import math

import pytest
import torch
from torch import Tensor

from allaprima.losses import next_length, path_length_noise, path_length_penalty, path_lengths

float64 = torch.float64


def test_of_a_linear_generator_a_length_is_the_norm_of_the_projected_noise() -> None:
    A = torch.randn(3 * 4 * 5, 8, dtype=float64)
    ws = torch.randn(2, 1, 8, dtype=float64, requires_grad=True)
    y = torch.randn(2, 3, 4, 5, dtype=float64)
    images = (ws[:, 0] @ A.T).reshape(2, 3, 4, 5)
    torch.testing.assert_close(path_lengths(images, ws, y), (y.reshape(2, -1) @ A).norm(dim=1))


def test_over_the_layers_squared_lengths_are_averaged() -> None:
    A = torch.randn(3, 2 * 4 * 4, 6, dtype=float64)  # a map for each of three layers
    ws = torch.randn(5, 3, 6, dtype=float64, requires_grad=True)
    y = torch.randn(5, 2, 4, 4, dtype=float64)
    images = torch.einsum("spd,nsd->np", A, ws).reshape(5, 2, 4, 4)
    squared = torch.einsum("np,spd->nsd", y.reshape(5, -1), A).square().sum(dim=2)
    torch.testing.assert_close(path_lengths(images, ws, y), squared.mean(dim=1).sqrt())


def test_a_length_does_not_depend_on_the_other_images() -> None:
    A, y = torch.randn(12, 6, dtype=float64), torch.randn(3, 3, 2, 2, dtype=float64)
    ws = torch.randn(3, 1, 6, dtype=float64)

    def lengths(part: slice) -> Tensor:
        styles = ws[part].clone().requires_grad_()
        return path_lengths((styles[:, 0] @ A.T).sin().reshape(-1, 3, 2, 2), styles, y[part])

    torch.testing.assert_close(torch.cat([lengths(slice(i, i + 1)) for i in range(3)]), lengths(slice(3)))


def test_its_gradient_by_the_weights_equals_finite_differences() -> None:
    y = torch.randn(2, 1, 3, 3, dtype=float64)
    ws = torch.randn(2, 2, 4, dtype=float64, requires_grad=True)
    A = torch.randn(9, 4, dtype=float64, requires_grad=True)

    def penalty(A: Tensor) -> Tensor:
        images = (ws @ A.T).exp().prod(dim=1).reshape(2, 1, 3, 3)
        return path_length_penalty(path_lengths(images, ws, y), torch.tensor(0.3, dtype=float64))

    assert torch.autograd.gradcheck(penalty, A)


@pytest.mark.parametrize(("height", "width"), [(4, 4), (32, 16), (7, 101)])
def test_the_noise_has_the_same_energy_at_every_size(height: int, width: int) -> None:
    noise = path_length_noise(torch.empty(400, 3, height, width), torch.Generator().manual_seed(0))
    assert noise.shape == (400, 3, height, width)
    assert noise.square().sum(dim=(1, 2, 3)).mean().item() == pytest.approx(3, rel=0.1)
    assert noise.std().item() == pytest.approx(1 / math.sqrt(height * width), rel=0.1)


def test_the_noise_follows_its_generator_alone() -> None:
    images = torch.empty(2, 3, 4, 4)
    first, again, other = (path_length_noise(images, torch.Generator().manual_seed(seed)) for seed in (5, 5, 6))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_the_noise_of_an_image_may_have_its_own_generator() -> None:
    def noise(places: range) -> Tensor:
        generators = [torch.Generator().manual_seed(place) for place in places]
        return path_length_noise(torch.empty(len(places), 3, 4, 4), generators)

    assert torch.equal(torch.cat([noise(range(1)), noise(range(1, 3))]), noise(range(3)))


def test_the_penalty_is_the_squared_distance_from_the_average() -> None:
    lengths, mean = torch.tensor([1.0, 2.0, 6.0]), torch.tensor(0.5)
    torch.testing.assert_close(path_length_penalty(lengths, mean), (lengths - mean).square())


def test_the_average_takes_in_a_hundredth_of_a_batch() -> None:
    mean = torch.tensor(0.5)
    assert next_length(mean, torch.tensor(3.0)).item() == pytest.approx(0.5 + 0.01 * (3 - 0.5))
    assert mean.item() == 0.5, "the old average was changed"


def test_the_average_comes_to_rest_at_constant_lengths() -> None:
    mean = torch.tensor(0.0)
    for _ in range(1000):
        mean = next_length(mean, torch.tensor(2.5))
    assert mean.item() == pytest.approx(2.5, rel=1e-3)
    assert path_length_penalty(torch.full((4,), 2.5), mean).max().item() < 1e-4
