"""Density and coverage: the definition, and what they mean."""

import pytest
import torch
from torch import Tensor

from allaprima.metrics.density_coverage import density_coverage


def points(count: int, seed: int = 0, shift: float = 0.0) -> Tensor:
    return torch.randn(count, 4, generator=torch.Generator().manual_seed(seed)) + shift


def slow(real: Tensor, fake: Tensor, k: int) -> tuple[float, float]:
    inside = [
        [float((f - r).norm()) <= sorted(float((r - s).norm()) for s in real)[k] for r in real.double()]
        for f in fake.double()
    ]
    density = sum(sum(row) for row in inside) / (k * len(fake))
    coverage = sum(any(row[i] for row in inside) for i in range(len(real))) / len(real)
    return density, coverage


@pytest.mark.parametrize("k", [2, 5])
def test_it_is_the_definition(k: int) -> None:
    real, fake = points(25), points(20, seed=1, shift=0.7)
    assert density_coverage(real, fake, k=k)[:2] == pytest.approx(slow(real, fake, k))


def test_samples_of_one_distribution_have_density_1_and_the_coverage_that_counts_predict() -> None:
    found = density_coverage(points(2000), points(2000, seed=1))
    assert found.density == pytest.approx(1, abs=0.05)
    assert found.coverage == pytest.approx(1 - 1 / 2**5, abs=0.015)  # Naeem et al., lemma 2, for equally many


def test_equal_sets_are_all_covered() -> None:
    assert density_coverage(points(50), points(50)).coverage == 1


def test_scale_is_no_matter() -> None:
    a, b = points(60), points(50, seed=1, shift=0.5)
    assert density_coverage(4 * a, 4 * b) == density_coverage(a, b)


def test_one_image_repeated_covers_next_to_nothing() -> None:
    real = points(200)
    found = density_coverage(real, real[:1].repeat(50, 1))
    assert found.coverage < 0.1


def test_an_outlier_spoils_recall_but_not_coverage() -> None:
    real = points(100)
    assert density_coverage(real, points(100, seed=1, shift=100.0))[:2] == (0, 0)


def test_intervals_hold_the_numbers() -> None:
    found = density_coverage(points(60), points(50, seed=1, shift=1.0))
    assert found.density_interval[0] < found.density < found.density_interval[1]
    assert found.coverage_interval[0] <= found.coverage <= found.coverage_interval[1]
