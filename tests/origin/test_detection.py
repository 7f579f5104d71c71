import numpy as np
import pytest

from allaprima.origin import look_for_mark, watermark, watermarked
from allaprima.origin.detection import FALSE_ALARMS, verdict_of
from tests.origin.pictures import jpeg, smooth


def test_p_values_of_unmarked_pictures_are_no_smaller_than_they_may_be() -> None:
    """Over keys: P(p ≤ x) ≤ x for any one picture. Another dither is another key."""
    picture, counts = smooth(48, 48), np.zeros(3)
    bounds, keys = np.array([0.5, 0.1, 0.02]), 1500
    real = watermark.KEY
    try:
        for number in range(keys):
            watermark.KEY = f"key {number}"
            counts += look_for_mark(picture).p_value <= bounds
    finally:
        watermark.KEY = real
    assert (counts / keys <= bounds + 3 * np.sqrt(bounds * (1 - bounds) / keys)).all()
    assert counts[0] > 0  # it is not 1 throughout


@pytest.mark.parametrize("count", [6, 54, 600])
def test_the_bound_holds_for_cosines_of_uniform_angles(count: int) -> None:
    angles = np.random.default_rng(0).uniform(0, 2 * np.pi, (20000, count))
    p_values = np.array([verdict_of(np.cos(row)).p_value for row in angles])
    for bound in (0.3, 0.1, 0.01, 0.001):
        assert (p_values <= bound).mean() <= bound * 1.05


def test_other_keys_do_not_find_it() -> None:
    marked, real = watermarked(smooth(64, 64)), watermark.KEY
    try:
        watermark.KEY = "another"
        assert not look_for_mark(marked).is_marked
    finally:
        watermark.KEY = real
    assert look_for_mark(marked).is_marked


def test_agreement_falls_with_quality() -> None:
    marked = watermarked(smooth(128, 128))
    found = [look_for_mark(marked), *(look_for_mark(jpeg(marked, quality)) for quality in (95, 80, 40))]
    agreements = [each.agreement for each in found]
    assert agreements == sorted(agreements, reverse=True)
    assert agreements[0] > 0.9 > agreements[-1]


def test_nothing_can_be_told_of_one_colour_or_of_less_than_a_block() -> None:
    for picture in (np.full((64, 64, 3), 77, np.uint8), smooth(7, 90)):
        verdict = look_for_mark(picture)
        assert (verdict.p_value, verdict.projections, verdict.is_marked) == (1.0, 0, False)


def test_two_looks_count_double() -> None:
    noise = np.random.RandomState(0).randint(
        0, 256, (64, 64, 1), dtype=np.uint8
    )  # texture everywhere: both see the same
    marked = look_for_mark(jpeg(watermarked(noise), 60))
    assert 1e-300 < marked.p_value < 0.1
    assert marked.p_value == pytest.approx(2 * np.exp(-marked.projections * marked.agreement**2))


def test_the_threshold_is_the_one_that_is_told() -> None:
    assert FALSE_ALARMS == 1e-6
    just = np.sqrt(np.log(2e6) * 100)  # the sum of 100 cosines for which twice the bound is one in a million
    assert verdict_of(np.full(100, just / 100)).p_value == pytest.approx(FALSE_ALARMS / 2)
    assert verdict_of(np.full(100, -0.9)).p_value == 1.0
