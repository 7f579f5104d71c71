"""Laws of what changes in the course of a training."""

import itertools
import math

import pytest

from allaprima.models import Geometry
from allaprima.training.schedule import (
    batch_at,
    blur_sigma,
    fades_otherwise,
    half_cosine,
    learning_rates,
    level_of_detail,
    resolution_at,
)
from tests.training.small import tiny

SQUARE = Geometry(32, 32)


def growing(**fields: object) -> object:
    return tiny(
        **{
            "system": "progan",
            "pl_weight": 0.0,
            "growing": True,
            "lod_training_kimg": 0.6,
            "lod_transition_kimg": 0.4,
            **fields,
        }
    )


@pytest.mark.parametrize(
    ("images_seen", "lod"),
    [(0, 3), (600, 3), (800, 2.5), (1000, 2), (1599, 2), (1700, 1.75), (2000, 1), (2900, 0.25), (3000, 0), (10**7, 0)],
)
def test_a_resolution_is_trained_then_the_next_one_fades_in(images_seen: int, lod: float) -> None:
    """Progressive GAN, appendix A.1, with 600 and 400 images in place of 800 thousand each."""
    assert level_of_detail(growing(), SQUARE, images_seen) == pytest.approx(lod)


def test_growing_begins_where_it_is_told() -> None:
    assert level_of_detail(growing(lod_initial_resolution=8), SQUARE, 0) == 2
    assert level_of_detail(growing(lod_initial_resolution=64), SQUARE, 0) == 0
    assert level_of_detail(growing(), Geometry(24, 24), 0) == 2, "24×24 starts at 6×6"
    assert level_of_detail(growing(), Geometry(5, 5), 0) == 0
    assert level_of_detail(tiny(), SQUARE, 0) == 0, "what does not grow is at full resolution"


def test_without_a_transition_resolutions_change_at_once() -> None:
    recipe = growing(lod_transition_kimg=0.0)
    assert [level_of_detail(recipe, SQUARE, n) for n in (0, 599, 600, 1200, 1800)] == [3, 3, 2, 1, 0]
    assert level_of_detail(growing(lod_training_kimg=0.0, lod_transition_kimg=0.0), SQUARE, 0) == 0


def test_the_optimizers_forget_when_another_resolution_comes_into_play() -> None:
    assert fades_otherwise(3.0, 2.9)
    assert not fades_otherwise(2.9, 2.1)
    assert fades_otherwise(2.1, 2.0)
    assert not fades_otherwise(2.0, 2.0)


def test_the_resolution_is_that_of_the_finest_grid_in_use() -> None:
    assert [resolution_at(SQUARE, lod) for lod in (3, 2.9, 2, 0.1, 0)] == [4, 8, 8, 32, 32]


def test_batches_and_rates_follow_the_resolution() -> None:
    recipe = growing(batch=4, batch_by_res=((4, 16), (16, 8)), glr=0.001, dlr=0.002, lr_by_res=((32, 0.0005),))
    assert [batch_at(recipe, SQUARE, n) for n in (0, 700, 1700, 3000)] == [16, 4, 8, 4]
    assert learning_rates(recipe, SQUARE, 0) == (0.001, 0.002)
    assert learning_rates(recipe, SQUARE, 3000) == (0.0005, 0.0005)


def test_a_half_cosine_goes_slowly_at_both_ends() -> None:
    assert half_cosine(2.0, None, 500, None) == 2.0
    assert half_cosine(2.0, 0.2, 0, 1.0) == pytest.approx(2.0)
    assert half_cosine(2.0, 0.2, 500, 1.0) == pytest.approx(1.1)
    assert half_cosine(2.0, 0.2, 10**6, 1.0) == pytest.approx(0.2)
    steps = [half_cosine(0.0, 1.0, n, 1.0) for n in range(0, 1001, 100)]
    slopes = [b - a for a, b in itertools.pairwise(steps)]
    assert steps == sorted(steps)
    assert slopes[0] < slopes[4] > slopes[9]
    assert slopes[0] == pytest.approx((1 - math.cos(math.pi / 10)) / 2)


def test_rates_decay_where_a_second_value_is_given() -> None:
    recipe = tiny(glr=0.002, glr_end=0.001, dlr=0.002, decay_kimg=1.0)
    assert learning_rates(recipe, SQUARE, 500) == pytest.approx((0.0015, 0.002))


def test_the_blur_fades() -> None:
    recipe = tiny(blur_init_sigma=10.0, blur_fade_kimg=2.0)
    assert [blur_sigma(recipe, n) for n in (0, 1000, 2000, 9000)] == pytest.approx([10, 5, 0, 0])
    assert blur_sigma(tiny(), 0) == 0
