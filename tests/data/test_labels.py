import numpy as np
import pytest

from allaprima.data.labels import LabelColumn, Labels, label_column, parse_labels
from allaprima.errors import DataError


def test_no_labels() -> None:
    for text in (b"{}", b'{"labels": null}', b'{"labels": []}'):
        assert parse_labels(text, "x").of == {}
    assert LabelColumn(np.zeros(0, np.int32)).width == 0


def test_backslashes_are_slashes() -> None:
    assert parse_labels(b'{"labels": [["a\\\\b.png", 3]]}', "x").of == {"a/b.png": 3}


def test_vectors() -> None:
    column = label_column(parse_labels(b'{"labels": [["a", [1, 2.5]], ["b", [3, 4]]]}', "x"), ["b", "a"])
    assert column.width == 2
    assert column.vectors(np.array([1, 0, 1]), 2).tolist() == [[1, 2.5], [3, 4], [1, 2.5]]


def test_class_numbers_become_one_hot() -> None:
    column = label_column(Labels({"a": 2, "b": 0}), ["a", "b"])
    assert (column.width, len(column)) == (3, 2)
    assert column.vectors(np.array([0, 1]), 4).tolist() == [[0, 0, 1, 0], [1, 0, 0, 0]]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b"{", "is not valid JSON"),
        (b"\xff\xfe\x00", "is not valid JSON"),
        (b"[1]", "must hold an object"),
        (b'{"labels": 5}', "must be a list of"),
        (b'{"labels": [["a"]]}', "a .name, label. pair was expected"),
        (b'{"labels": [["a", -1]]}', "the label of 'a' in x is -1, but"),
        (b'{"labels": [["a", 3000000000]]}', "is 3000000000, but"),
        (b'{"labels": [["a", true]]}', "is True"),
        (b'{"labels": [["a", "cat"]]}', "is 'cat'"),
        (b'{"labels": [["a", [NaN]]]}', "is .nan."),
        (b'{"labels": [["a", 1], ["b", [1]]]}', "mixes kinds"),
        (b'{"labels": [["a", [1]], ["b", [1, 2]]]}', "mixes kinds"),
        (b'{"labels": [], "class_names": "abc"}', "'class_names' in x must be a list of strings"),
    ],
)
def test_what_is_no_labels(text: bytes, message: str) -> None:
    with pytest.raises(DataError, match=message):
        parse_labels(text, "x")
