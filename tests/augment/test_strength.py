"""The adaptive controller."""

import math

import pytest

from allaprima.augment import next_strength


@pytest.mark.parametrize(
    ("p", "sign_mean", "wanted"),
    [
        (0.5, 0.9, 0.5 + 0.00512),
        (0.5, 0.1, 0.5 - 0.00512),
        (0.5, 0.6, 0.5),
        (0.001, -1.0, 0.0),
        (0.799, 1.0, 0.8),
        (0.0, 1.0, 0.00512),
    ],
)
def test_moves_towards_the_target_within_its_bounds(p: float, sign_mean: float, wanted: float) -> None:
    got = next_strength(p, sign_mean, target=0.6, images=256, ada_kimg=50, p_max=0.8)
    assert got == pytest.approx(wanted)


def test_goes_from_0_to_1_in_ada_kimg() -> None:
    p = 0.0
    for _ in range(100):
        p = next_strength(p, 1.0, target=0.6, images=5000, ada_kimg=500, p_max=math.inf)
    assert p == pytest.approx(1)


def test_without_a_bound_p_passes_1() -> None:
    assert next_strength(1.0, 1.0, target=0.6, images=1000, ada_kimg=1, p_max=math.inf) == 2
