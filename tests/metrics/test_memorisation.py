"""Near copies: found where there are some, and not where there are none."""

import pytest
import torch
from torch import Tensor

from allaprima.errors import DataError
from allaprima.metrics.memorisation import memorisation


def points(count: int, seed: int = 0) -> Tensor:
    return torch.randn(count, 6, generator=torch.Generator().manual_seed(seed))


def test_other_samples_of_the_same_kind_are_no_copies() -> None:
    found = memorisation(points(2000), points(1000, seed=1))
    assert found.interval[0] <= found.expected <= found.interval[1]
    assert found.expected == pytest.approx(0.01, abs=0.002)
    assert found.relative_distance == pytest.approx(1, abs=0.05)


def test_copies_are_counted() -> None:
    real = points(500)
    fake = torch.cat([real[:30] + 1e-4, points(70, seed=1)])
    found = memorisation(real, fake)
    assert 0.3 <= found.share <= 0.34
    assert found.interval[0] > found.expected


def test_the_training_images_themselves_are_all_copies() -> None:
    found = memorisation(points(100), points(100))
    assert found.share == 1
    assert found.relative_distance == 0


def test_pairs_are_the_closest_and_no_training_image_comes_twice() -> None:
    real = points(50) * 100
    fake = torch.cat([points(5, seed=1) * 100, real[[7]] + 2, real[[7]] + 1, real[[3]]])
    found = memorisation(real, fake, pairs=3).pairs
    assert [(pair.fake, pair.real) for pair in found[:2]] == [(7, 3), (6, 7)]
    assert found[0].distance == 0
    assert len({pair.real for pair in found}) == 3


def test_the_slow_definition() -> None:
    real, fake = points(40).double(), points(30, seed=1).double()
    own = sorted(min(float((a - b).norm()) for j, b in enumerate(real) if j != i) for i, a in enumerate(real))
    threshold = own[int(0.1 * 39)]
    share = sum(min(float((f - r).norm()) for r in real) <= threshold for f in fake) / 30
    found = memorisation(real.float(), fake.float(), near=0.1)
    assert found.share == pytest.approx(share)
    assert found.threshold == pytest.approx(threshold, rel=1e-6)


def test_scale_is_no_matter() -> None:
    a, b = points(60), points(50, seed=1)
    assert memorisation(4 * a, 4 * b).share == memorisation(a, b).share


def test_one_training_image_is_an_error() -> None:
    with pytest.raises(DataError, match="two training images"):
        memorisation(points(1), points(3))
