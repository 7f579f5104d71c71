"""Laws of the inverse transformations."""

import math
from collections import Counter

import pytest
import torch

from allaprima.augment import PIPES, AugmentSpec, FixedDraws, RandomDraws
from allaprima.augment.geometry import inverse_transform, is_identity
from tests.conftest import assert_near


def draw(spec: AugmentSpec, *, count: int = 4000, p: float = 1.0, size: tuple[int, int] = (32, 32)) -> torch.Tensor:
    return inverse_transform(count, size, p, spec, RandomDraws(torch.Generator().manual_seed(0)))


def test_whole_pixel_moves_are_within_an_eighth() -> None:
    moves = -draw(AugmentSpec(xint=1), size=(16, 40))[:, :2, 2]
    assert torch.equal(moves, moves.round())
    assert set(moves[:, 0].tolist()) == set(range(-5, 6))
    assert set(moves[:, 1].tolist()) == set(range(-2, 3))


def test_scales_have_their_distribution() -> None:
    matrices = draw(AugmentSpec(scale=1))
    x, y = -matrices[:, 0, 0].log2(), -matrices[:, 1, 1].log2()
    assert torch.equal(x, y)
    assert abs(x.std() - 0.2) < 0.01
    assert abs(x.mean()) < 0.02


def test_anisotropic_scales_keep_the_area() -> None:
    matrices = draw(AugmentSpec(aniso=1))
    assert_near(torch.linalg.det(matrices), torch.ones(4000), 1e-5)
    assert abs(matrices[:, 0, 0].log2().std() - 0.2) < 0.01


def test_fractional_moves_have_their_distribution() -> None:
    moves = draw(AugmentSpec(xfrac=1), size=(16, 32))[:, :2, 2]
    assert abs(moves[:, 0].std() / 32 - 0.125) < 0.01
    assert abs(moves[:, 1].std() / 16 - 0.125) < 0.01


@pytest.mark.parametrize("limit", [1.0, 0.25])
def test_rotations_are_rotations_within_their_limit(limit: float) -> None:
    matrices = draw(AugmentSpec(rotate=0.5, rotate_max=limit))
    assert_near(matrices @ matrices.mT, torch.eye(3).repeat(4000, 1, 1), 1e-5)
    assert torch.atan2(matrices[:, 1, 0], matrices[:, 0, 0]).abs().max() <= 2 * limit * math.pi + 1e-4


@pytest.mark.parametrize("p", [0.1, 0.5, 0.9, 1.0])
def test_at_least_one_rotation_happens_with_chance_p(p: float) -> None:
    assert abs((~is_identity(draw(AugmentSpec(rotate=1), p=p))).float().mean() - p) < 0.03


def test_all_four_quarter_turns_and_both_flips_are_alike() -> None:
    kinds = Counter(tuple(m.flatten().tolist()) for m in draw(AugmentSpec(rotate90=1, xflip=1)))
    assert len(kinds) == 8
    assert min(kinds.values()) > 400


def test_without_quarter_turns_where_the_image_is_not_square() -> None:
    matrices = draw(AugmentSpec(rotate90=1), size=(32, 24))
    assert {tuple(m.diagonal().tolist()) for m in matrices} == {(1, 1, 1), (-1, -1, 1)}


def test_p_above_1_is_1() -> None:
    assert_near(draw(PIPES["bg"], p=5.0), draw(PIPES["bg"], p=1.0), 0)


def test_the_middle_of_every_draw_is_neutral_but_for_turns() -> None:
    spec = AugmentSpec(xint=1, scale=1, rotate=1, aniso=1, xfrac=1)
    assert is_identity(inverse_transform(3, (8, 8), 1.0, spec, FixedDraws(0.5))).all()


def test_each_transformation_acts_after_those_before_it() -> None:
    """A fractional move comes last: it is not scaled by what came before it, in the forward direction."""
    both = inverse_transform(1, (8, 8), 1.0, AugmentSpec(scale=1, xfrac=1), FixedDraws(0.8))
    scale = inverse_transform(1, (8, 8), 1.0, AugmentSpec(scale=1), FixedDraws(0.8))
    move = inverse_transform(1, (8, 8), 1.0, AugmentSpec(xfrac=1), FixedDraws(0.8))
    assert_near(both.inverse(), move.inverse() @ scale.inverse(), 1e-6)
