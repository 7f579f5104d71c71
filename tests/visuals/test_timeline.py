"""Frames go from the first moment to the last, and each moment is seen as it is."""

import math

import numpy as np
import pytest

from allaprima.errors import ConfigError
from allaprima.visuals.timeline import LINE, TITLE, Instant, eased, instants, title
from tests.visuals.small_footage import footage


@pytest.mark.parametrize("num_moments", [1, 2, 7, 50])
def test_it_goes_forward_from_the_first_to_the_last(num_moments: int) -> None:
    found = list(instants(num_moments, seconds=10, fps=12))
    assert len(found) == 120
    places = [at.before + at.share * (at.after - at.before) for at in found]
    assert places == sorted(places)
    assert (places[0], places[-1]) == (0, num_moments - 1)
    assert places.count(num_moments - 1) >= 12, "the last one stands still"
    assert {at.after - at.before for at in found} <= {0, 1}


def test_every_moment_is_seen_without_another() -> None:
    alone = {at.before for at in instants(12, seconds=10, fps=30) if at.share == 0}
    assert alone == set(range(12))


def test_a_move_starts_and_ends_gently() -> None:
    assert [eased(x) for x in (0, 0.3, 0.65, 1)] == pytest.approx([0, 0, 0.5, 1])
    assert eased(0.31) < 0.001
    assert eased(0.99) > 0.999


@pytest.mark.parametrize("seconds", [0, -1, math.nan, math.inf])
def test_a_film_has_a_length(seconds: float) -> None:
    with pytest.raises(ConfigError, match="length of more than 0"):
        list(instants(3, seconds=seconds, fps=30))


def test_the_line_under_the_title_grows() -> None:
    moments = footage(3).moments
    dark = []
    for at in (Instant(0, 1, 0.0), Instant(1, 2, 0.0), Instant(2, 2, 0.0)):
        picture = title(200, moments, at)
        assert picture.shape == (TITLE + LINE, 200, 3)
        dark.append(int((picture[TITLE + 1, :, 0] < 100).sum()))
    assert dark[0] <= 1
    assert dark[1] == pytest.approx(100, abs=1)
    assert dark[2] == 200
    assert not np.array_equal(title(200, moments, Instant(0, 1, 0.0)), title(200, moments, Instant(0, 1, 0.5)))
