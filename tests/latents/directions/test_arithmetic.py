"""Sums of latents."""

import pytest
import torch

from allaprima.errors import LatentError
from allaprima.latents.directions.arithmetic import difference, weighted_sum, without
from allaprima.latents.directions.direction import Direction, apply_direction
from allaprima.latents.styles import styles_of_seeds
from tests.surgery.small import generator

KINDS = ["skip", "stylegan", "progan", "r3gan", "stylegan3"]


@pytest.mark.parametrize("kind", KINDS)
def test_c_along_the_difference_of_a_and_b_is_a_minus_b_plus_c(kind: str) -> None:
    G = generator(kind, 24, 16, 4)
    a, b, c = styles_of_seeds(G, [0, 1, 2]).split(1)
    for first in (a, a + torch.randn_like(a)):  # in W, and with a style for each layer
        direction = difference(G, first, b)
        wanted = weighted_sum([(1, first), (-1, b), (1, c)])
        torch.testing.assert_close(apply_direction(G, c, direction, 1), wanted, atol=1e-5, rtol=1e-5)
        assert direction.vector.norm() == pytest.approx(1, abs=1e-5)
    assert difference(G, a, b).vector.shape == (G.w_dim,)


def test_groups_count_by_their_means() -> None:
    G = generator("skip")
    ws = styles_of_seeds(G, [0, 1, 2, 3])
    many = difference(G, ws[:3], ws[3:])
    one = difference(G, ws[:3].mean(dim=0, keepdim=True), ws[3:])
    torch.testing.assert_close(many.vector, one.vector)
    assert many.unit == pytest.approx(one.unit)


def test_sums() -> None:
    a, b = torch.randn(3, 2, 4), torch.randn(1, 2, 4)
    torch.testing.assert_close(weighted_sum([(0.5, a), (-2, b)]), 0.5 * a - 2 * b)
    with pytest.raises(LatentError, match="there are no latents"):
        weighted_sum([])
    with pytest.raises(LatentError, match=r"different shapes cannot be added up: \[3, 2, 4\], \[2, 2, 4\]"):
        weighted_sum([(1, a), (1, a[:2])])


def test_the_same_latents_have_no_difference() -> None:
    G = generator("skip")
    ws = styles_of_seeds(G, [0])
    with pytest.raises(LatentError, match="both groups of latents have the same mean"):
        difference(G, ws, ws)


def along_axes(*numbers: float) -> Direction:
    return Direction(name="n", method="test", vector=torch.tensor(numbers), unit=2.0, rows=(0,))


def test_what_is_shared_is_taken_away() -> None:
    left = without(along_axes(0.6, 0.8, 0.0), [along_axes(0.0, 1.0, 0.0), along_axes(0.0, 0.6, 0.8)])
    torch.testing.assert_close(left.vector, torch.tensor([1.0, 0.0, 0.0]))
    assert left.unit == pytest.approx(2 * 0.6)
    torch.testing.assert_close(without(along_axes(0.6, 0.8), []).vector, torch.tensor([0.6, 0.8]))
    with pytest.raises(LatentError, match="nothing is left of the direction 'n'"):
        without(along_axes(0.6, 0.8), [along_axes(-0.6, -0.8)])
    with pytest.raises(LatentError, match="different shapes"):
        without(along_axes(1.0, 0.0), [along_axes(1.0)])
