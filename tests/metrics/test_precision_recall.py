"""Improved precision and recall: the reference's numbers, the definition, and what they mean."""

import pytest
import torch
from torch import Tensor

from allaprima.errors import DataError
from allaprima.metrics.precision_recall import precision_recall
from tests.metrics.reference_features import reference_features


def points(count: int, seed: int = 0, shift: float = 0.0) -> Tensor:
    return torch.randn(count, 4, generator=torch.Generator().manual_seed(seed)) + shift


def slow_precision(real: Tensor, fake: Tensor, k: int) -> float:
    real, fake = real.double(), fake.double()
    hits = 0
    for f in fake:
        for r in real:
            others = sorted(float((r - s).norm()) for s in real)
            hits_now = float((f - r).norm()) <= others[k]  # the nearest is itself
            if hits_now:
                hits += 1
                break
    return hits / len(fake)


def test_they_are_the_references_numbers() -> None:
    numbers = reference_features()
    found = precision_recall(numbers["real"], numbers["fake"])
    assert found.precision == pytest.approx(float(numbers["precision"]), abs=1e-12)
    assert found.recall == pytest.approx(float(numbers["recall"]), abs=1e-12)


@pytest.mark.parametrize("k", [1, 3])
def test_they_are_the_definition(k: int) -> None:
    real, fake = points(25), points(20, seed=1, shift=0.7)
    found = precision_recall(real, fake, k=k)
    assert found.precision == slow_precision(real, fake, k)
    assert found.recall == slow_precision(fake, real, k)


def test_equal_sets_have_all() -> None:
    found = precision_recall(points(50), points(50))
    assert found.precision == found.recall == 1


def test_sets_swapped_swap_the_two() -> None:
    a, b = points(60), points(50, seed=1, shift=0.5)
    assert precision_recall(a, b)[:2] == precision_recall(b, a)[:2][::-1]


def test_scale_is_no_matter() -> None:
    a, b = points(60), points(50, seed=1, shift=0.5)
    assert precision_recall(4 * a, 4 * b) == precision_recall(a, b)


def test_one_image_repeated_is_precise_and_recalls_nothing() -> None:
    real = points(60)
    found = precision_recall(real, real[:1].repeat(30, 1))
    assert found.precision == 1
    assert found.recall <= 1 / 60


def test_intervals_hold_the_shares() -> None:
    found = precision_recall(points(60), points(50, seed=1, shift=3.0))
    assert found.precision_interval[0] <= found.precision <= found.precision_interval[1]
    assert 0 < found.precision_interval[1] - found.precision_interval[0] < 0.4


def test_too_few_is_an_error() -> None:
    with pytest.raises(DataError, match="only 2 other"):
        precision_recall(points(3), points(50))
