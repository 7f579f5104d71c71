"""Filters tell their taps."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from allaprima.errors import ModelFileError
from allaprima.interchange.torch_stylegan.shapes import image_fields, taps_of
from allaprima.ops import setup_filter

SYM6 = (0.0154, 0.0035, -0.118, -0.0483, 0.491, 0.7876, 0.3379, -0.0726, -0.021, 0.0447, 0.0018, -0.0078)


@pytest.mark.parametrize("taps", [(1, 3, 3, 1), (1, 1), (1, 5, 10, 10, 5, 1), (-1, 9, 9, -1), (1, 2, 2, 5), SYM6])
def test_taps_give_the_filter_that_they_were_read_from(taps: tuple[float, ...]) -> None:
    found = taps_of(setup_filter(taps))
    torch.testing.assert_close(setup_filter(found), setup_filter(taps))
    assert taps == SYM6 or found == taps


@given(st.lists(st.integers(-9, 9), min_size=2, max_size=12).filter(lambda taps: abs(sum(taps)) > 0))
def test_any_whole_numbers(taps: list[int]) -> None:
    torch.testing.assert_close(setup_filter(taps_of(setup_filter(taps))), setup_filter(taps), atol=1e-5, rtol=1e-3)


def test_sides_are_bounded() -> None:
    assert image_fields((4, 4), 8) == {"height": 1024, "width": 1024, "doublings": None}
    assert image_fields((8, 4), 1) == {"height": 16, "width": 8, "doublings": None}
    assert image_fields((8, 8), 1) == {"height": 16, "width": 16, "doublings": 1}
    for base, doublings in (((4, 4), 15), ((4, 2**17), 0), ((1, 1), 10**9)):
        with pytest.raises(ModelFileError, match="which no model has"):
            image_fields(base, doublings)
