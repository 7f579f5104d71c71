import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from allaprima.data.packed import ChosenNames, NumberedNames, PackedNames, encoded, pack

NAMES = st.lists(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1), unique=True)


@given(NAMES)
def test_names_come_back_and_are_found(names: list[str]) -> None:
    names.sort(key=encoded)
    packed = PackedNames(pack(names) if names else np.zeros(0, np.bytes_))
    assert list(packed) == names
    assert packed == names
    assert [packed.find(name) for name in names] == list(range(len(names)))


def test_what_was_no_text_comes_back_too() -> None:
    strange = b"a\xff.png".decode("utf-8", "surrogateescape")
    assert PackedNames(pack([strange]))[0] == strange


@pytest.mark.parametrize("names", [PackedNames(pack(["a", "c", "e"])), NumberedNames(3, ".png")])
def test_what_is_not_there_is_not_found(names: PackedNames | NumberedNames) -> None:
    for name in ("", "b", "f", "00000003.png", "0000000x.png", "1.png", "-0000001.png"):
        with pytest.raises(KeyError):
            names.find(name)
    with pytest.raises(IndexError):
        names[3]


def test_numbers_sort_as_they_count() -> None:
    names = NumberedNames(100_000_001, ".png")
    assert (names[0], names[-1]) == ("000000000.png", "100000000.png")
    assert names.find(names[12_345_678]) == 12_345_678
    assert sorted(names[5:12]) == names[5:12]


def test_chosen_names_are_sequences() -> None:
    names = ChosenNames(PackedNames(pack(["a", "b", "c"])), 2, [2, 0].__getitem__)
    assert list(names) == ["c", "a"]
    assert names[:1] == ["c"]
    assert names != ["c"]
    assert list(pickle.loads(pickle.dumps(NumberedNames(2, "")))) == ["00000000", "00000001"]
