"""The published schedule of the search."""

import math

import pytest

from allaprima.latents.projection.schedule import exploration_at, learning_rate_at


@pytest.mark.parametrize(
    ("t", "share"), [(0, 0), (0.025, 0.5), (0.05, 1), (0.5, 1), (0.75, 1), (0.875, 0.5), (0.9375, 0.1464), (1, 0)]
)
def test_the_learning_rate_rises_stays_and_falls(t: float, share: float) -> None:
    assert learning_rate_at(t) == pytest.approx(share, abs=1e-4)


@pytest.mark.parametrize(("t", "share"), [(0, 1), (0.375, 0.25), (0.75, 0), (1, 0)])
def test_exploration_fades(t: float, share: float) -> None:
    assert exploration_at(t) == pytest.approx(share)


def test_they_are_the_published_formulas() -> None:
    for step in range(1000):
        t = step / 1000
        rate = (0.5 - 0.5 * math.cos(math.pi * min(1, (1 - t) / 0.25))) * min(1, t / 0.05)
        assert learning_rate_at(t) == pytest.approx(rate)
        assert exploration_at(t) == pytest.approx(max(0, 1 - t / 0.75) ** 2)
