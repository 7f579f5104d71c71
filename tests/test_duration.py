"""Seconds in words."""

import math

import pytest

from allaprima.duration import SPACED, duration


@pytest.mark.parametrize(
    ("seconds", "wanted"),
    [
        (0, "0m 00s"),
        (0.9, "0m 00s"),
        (59, "0m 59s"),
        (60, "1m 00s"),
        (3599, "59m 59s"),
        (3600, "1h 00m"),
        (86399, "23h 59m"),
        (86400, "1d 00h"),
        (1_000_000, "11d 13h"),
        (math.inf, "-"),
        (math.nan, "-"),
    ],
)
def test_durations(seconds: float, wanted: str) -> None:
    assert duration(seconds) == wanted


@pytest.mark.parametrize(
    ("seconds", "wanted"), [(0, "0 min 00 s"), (59.9, "0 min 59 s"), (3900, "1 h 05 min"), (90000, "1 d 01 h")]
)
def test_units_may_be_spaced(seconds: float, wanted: str) -> None:
    assert duration(seconds, SPACED) == wanted
