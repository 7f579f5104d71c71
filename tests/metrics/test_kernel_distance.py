"""The kernel distance: the reference's number, its definition done slowly, and no bias."""

import pytest
import torch
from torch import Tensor

from allaprima.errors import DataError
from allaprima.metrics.kernel_distance import kernel_distance, squared_discrepancy
from tests.metrics.reference_features import reference_features


def points(count: int, seed: int = 0, shift: float = 0.0) -> Tensor:
    return torch.randn(count, 6, generator=torch.Generator().manual_seed(seed)) + shift


def slow(x: Tensor, y: Tensor) -> float:
    def k(a: Tensor, b: Tensor) -> float:
        return float((a.double() @ b.double()) / len(a) + 1) ** 3

    n, m = len(x), len(y)
    within_x = sum(k(x[i], x[j]) for i in range(n) for j in range(n) if i != j) / (n * (n - 1))
    within_y = sum(k(y[i], y[j]) for i in range(m) for j in range(m) if i != j) / (m * (m - 1))
    return within_x + within_y - 2 * sum(k(a, b) for a in x for b in y) / (n * m)


def test_it_is_the_references_number() -> None:
    numbers = reference_features()
    got = squared_discrepancy(numbers["real"][:2000], numbers["fake"][:2000])
    assert got == pytest.approx(float(numbers["kid_first2000"]), rel=1e-6)


def test_it_is_the_definition() -> None:
    x, y = points(13), points(11, seed=1, shift=0.3)
    assert squared_discrepancy(x.double(), y.double()) == pytest.approx(slow(x, y), rel=1e-10)
    assert squared_discrepancy(x, y) == pytest.approx(slow(x, y), rel=1e-5)


def test_it_is_symmetric() -> None:
    x, y = points(13), points(11, seed=1, shift=0.3)
    assert squared_discrepancy(x, y) == pytest.approx(squared_discrepancy(y, x), rel=1e-6)


def test_one_subset_of_all_images_is_the_estimate_itself() -> None:
    x, y = points(30), points(30, seed=1, shift=0.3)
    assert kernel_distance(x, y, subsets=1).distance == pytest.approx(squared_discrepancy(x, y), rel=1e-5)


def test_equal_sets_are_below_0_as_an_estimate_without_bias_must_sometimes_be() -> None:
    x = points(50)
    assert squared_discrepancy(x, x) < 0


def test_samples_of_one_distribution_are_at_0_on_average() -> None:
    found = torch.tensor([squared_discrepancy(points(40, 2 * s), points(40, 2 * s + 1)) for s in range(200)])
    assert abs(found.mean()) < 3 * found.std() / 200**0.5


def test_larger_features_are_further() -> None:
    x, y = points(60), points(60, seed=1, shift=1)
    assert squared_discrepancy(2 * x, 2 * y) > squared_discrepancy(x, y)


def test_one_image_repeated_is_far() -> None:
    x = points(200)
    assert kernel_distance(x, x[:1].repeat(100, 1), subset_size=50).distance > 10 * abs(
        kernel_distance(x, points(200, seed=1), subset_size=50).distance
    )


def test_the_interval_holds_what_other_fakes_give() -> None:
    real = points(1000)
    found = [kernel_distance(real, points(300, seed=s + 1, shift=0.4), subsets=30) for s in range(30)]
    middle = sum(estimate.distance for estimate in found) / len(found)
    assert sum(e.interval[0] <= middle <= e.interval[1] for e in found) >= 23
    widths = [e.interval[1] - e.interval[0] for e in found]
    spread = torch.tensor([e.distance for e in found]).std()
    assert 2.5 * spread < sum(widths) / len(widths) < 7 * spread


def test_a_single_image_is_an_error() -> None:
    with pytest.raises(DataError, match="two images"):
        kernel_distance(points(1), points(5))
