"""The Fréchet distance: the reference's number, its slow definition, and what a distance must do."""

import math

import pytest
import torch
from torch import Tensor

from allaprima.metrics.frechet import frechet_distance, frechet_estimate
from allaprima.metrics.moments import moments_of
from tests.metrics.reference_features import reference_features


def points(count: int, dim: int = 8, seed: int = 0, shift: float = 0.0) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    mixing = torch.randn(dim, dim, generator=torch.Generator().manual_seed(99))
    return torch.randn(count, dim, generator=generator) @ mixing + shift


def distance(a: Tensor, b: Tensor) -> float:
    return frechet_distance(moments_of(a), moments_of(b))


def slow(a: Tensor, b: Tensor) -> float:
    """Equation 6 of Heusel et al. as it stands; the root of a product has the roots of its eigenvalues."""
    a, b = a.double(), b.double()
    covariances = [(x - x.mean(0)).T @ (x - x.mean(0)) / len(x) for x in (a, b)]
    root = float(torch.linalg.eigvals(covariances[0] @ covariances[1]).sqrt().real.sum())
    traces = sum(float(c.trace()) for c in covariances) - 2 * root
    return float((a.mean(0) - b.mean(0)).square().sum()) + traces


def test_it_is_the_references_number() -> None:
    numbers = reference_features()
    assert distance(numbers["real"], numbers["fake"]) == pytest.approx(float(numbers["fid"]), rel=1e-9)


@pytest.mark.parametrize("count", [60, 400])
def test_it_is_the_definition(count: int) -> None:
    a, b = points(count), points(300, seed=1, shift=0.5) * 1.3
    assert distance(a, b) == pytest.approx(slow(a, b), rel=1e-8)


@pytest.mark.parametrize(("count", "dim"), [(400, 8), (20, 64), (2, 5)])
def test_equal_sets_are_at_distance_0_even_when_covariances_are_singular(count: int, dim: int) -> None:
    a = points(count, dim)
    assert abs(distance(a, a)) < 1e-9
    assert abs(distance(a, a.flip(0))) < 1e-9


def test_it_is_symmetric() -> None:
    a, b = points(100), points(100, seed=1, shift=1)
    assert distance(a, b) == pytest.approx(distance(b, a), rel=1e-12)


def test_twice_as_large_features_are_four_times_as_far() -> None:
    a, b = points(100), points(100, seed=1, shift=1)
    assert distance(2 * a, 2 * b) == pytest.approx(4 * distance(a, b), rel=1e-9)


def test_a_shift_alone_is_the_squared_length_of_it() -> None:
    a = points(100)
    assert distance(a, a + 0.5) == pytest.approx(8 * 0.25, rel=1e-4)


def test_one_image_repeated_is_as_far_as_the_mean_and_all_variance() -> None:
    a = points(200)
    one = a[:1].repeat(50, 1)
    moments = moments_of(a)
    wanted = float((moments.mean() - one[0].double()).square().sum() + moments.covariance().trace())
    assert distance(a, one) == pytest.approx(wanted, rel=1e-9)


def test_the_corrected_estimate_has_less_bias_and_the_interval_holds_what_others_would_get() -> None:
    real = moments_of(points(20_000))
    plain, corrected, held = [], [], 0
    for seed in range(40):
        fakes = points(200, seed=seed + 1)
        estimate = frechet_estimate(real, [moments_of(part) for part in fakes.split(20)])
        assert estimate.distance == pytest.approx(frechet_distance(real, moments_of(fakes)), rel=1e-9)
        plain.append(estimate.distance)
        corrected.append(estimate.corrected)
        held += estimate.interval[0] <= sum(plain) / len(plain) <= estimate.interval[1]
    assert abs(sum(corrected)) < sum(plain) / 5  # the truth is near 0
    assert held >= 34


def test_one_group_has_no_interval() -> None:
    estimate = frechet_estimate(moments_of(points(50)), [moments_of(points(50, seed=1))])
    assert math.isnan(estimate.corrected)
    assert math.isnan(estimate.interval[0])
