import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from allaprima.data import order, selection
from allaprima.data.packed import NumberedNames
from allaprima.data.selection import Selection
from allaprima.errors import DataError


@given(st.integers(1, 200), st.none() | st.integers(1, 250), st.integers(0, 20), st.integers(0, 99))
def test_items_and_those_apart_are_all(total: int, most: int | None, holdout: int, seed: int) -> None:
    chosen = Selection(total, max_images=most, holdout=holdout, seed=seed)
    rows = chosen.rows().tolist()
    assert [chosen.row(item) for item in range(len(chosen))] == rows == sorted(rows)
    count = total if most is None else min(most, total)
    assert len(chosen.held_out) == min(holdout, count // 20)
    both = rows + chosen.held_out.tolist()
    assert len(set(both)) == count
    assert set(both) == set(Selection(total, max_images=most, seed=seed).rows().tolist())


def test_what_is_held_out_never_changes() -> None:
    held_out = np.sort(np.random.RandomState(7).permutation(200)[:10])
    assert Selection(200, holdout=10, seed=7).held_out.tolist() == held_out.tolist()


def test_of_very_many_it_takes_no_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(selection, "LARGE", 1000)
    monkeypatch.setattr(np.random, "RandomState", None)
    chosen = Selection(5000, holdout=30, seed=3)
    assert len(set(chosen.held_out.tolist())) == 30
    names = chosen.names(NumberedNames(5000, ""))
    assert len(names) == 4970
    assert not {f"{row:08d}" for row in chosen.held_out} & set(names)
    assert selection.LARGE < order.LARGE


def test_identities_tell_choices_apart() -> None:
    kinds = [{}, {"holdout": 2}, {"holdout": 2, "seed": 1}, {"max_images": 90}, {"max_images": 90, "seed": 1}]
    assert len({Selection(100, **kind).identity() for kind in kinds}) == len(kinds)


def test_none_is_too_few() -> None:
    with pytest.raises(DataError, match="max_images is 0"):
        Selection(5, max_images=0)
