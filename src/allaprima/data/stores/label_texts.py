"""Labels as WebDataset shards hold them: ``KEY.cls`` or ``KEY.json`` beside ``KEY.png``."""

import json
from typing import Any

import numpy as np
from numpy.typing import NDArray

from allaprima.data.labels import LARGEST_CLASS, LabelColumn
from allaprima.errors import DataError

ENDINGS = (".cls", ".json")  # the first that is there counts
FIELDS = ("label", "cls", "class")  # of a .json: the first that is there counts


def key_of(name: str) -> str:
    """Give what the files of one sample share: all up to the first dot after the last slash."""
    folder, slash, file = name.rpartition("/")
    return folder + slash + file.partition(".")[0]


def label_text(content: bytes, ending: str) -> bytes:
    """Give the label that a file holds, as JSON or a bare word; empty if it holds none."""
    if ending == ".cls":
        return content.strip()
    try:
        value = json.loads(content)
    except (ValueError, RecursionError):
        return b""
    if isinstance(value, dict):
        value = next((value[field] for field in FIELDS if field in value), None)
    return b"" if value is None else json.dumps(value).encode()


def column_of(texts: NDArray[np.bytes_]) -> LabelColumn:
    """Make a column of texts, one for each image: whole numbers, words (numbered in their order), or lists of numbers.

    Raises:
        DataError: They are of several kinds.
    """
    distinct, rows = np.unique(texts, return_inverse=True)
    values = [value_of(text) for text in distinct.tolist()]
    if all(isinstance(value, int) and 0 <= value <= LARGEST_CLASS for value in values):
        return LabelColumn(np.array(values, dtype=np.int32)[rows])
    if all(isinstance(value, str | int) for value in values) and any(isinstance(value, str) for value in values):
        names = sorted({str(value) for value in values})
        number = {name: i for i, name in enumerate(names)}
        return LabelColumn(np.array([number[str(value)] for value in values], dtype=np.int32)[rows], names)
    widths = {len(value) if isinstance(value, list) and all(map(_is_number, value)) else 0 for value in values}
    if len(widths) == 1 and 0 not in widths:
        return LabelColumn(np.array(values, dtype=np.float32)[rows])
    shown = ", ".join(text.decode("utf-8", "replace")[:20] for text in distinct[:3].tolist())
    raise DataError(
        f"labels must all be class numbers from 0, words, or lists of as many numbers, but there are {shown}"
    )


def value_of(text: bytes) -> Any:
    """Give a whole number, a list or a word."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return text.decode("utf-8", "replace")
    return value if isinstance(value, int | str | list) and not isinstance(value, bool) else text.decode()


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and bool(np.isfinite(value))
