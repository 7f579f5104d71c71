"""The labels of a dataset: ``dataset.json``, class numbers and label vectors."""

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from numpy.typing import NDArray
from torch import Tensor

from allaprima.errors import DataError

LABELS_FILE = "dataset.json"

LARGEST_CLASS = (1 << 31) - 1

Label = int | list[float]
"""A class number from 0, or a vector of numbers."""


@dataclass(frozen=True, slots=True)
class Labels:
    """What ``dataset.json`` says.

    Attributes:
        of: Label of each image by its name; empty where there are none.
        class_names: What the class numbers mean, if the file says so.
    """

    of: dict[str, Label]
    class_names: list[str] | None = None


@dataclass(frozen=True, slots=True)
class LabelColumn:
    """The labels of many images in their order, 4 bytes a number.

    Attributes:
        values: Class numbers int32 [n], or vectors float32 [n, d].
        class_names: What the class numbers mean, if known.
    """

    values: NDArray[np.int32] | NDArray[np.float32]
    class_names: list[str] | None = None

    def __len__(self) -> int:
        return len(self.values)

    @property
    def width(self) -> int:
        """Length of the label vectors: highest class number + 1, or the vectors' own length."""
        return int(self.values.shape[1]) if self.values.ndim == 2 else int(self.values.max(initial=-1)) + 1

    def vectors(self, rows: NDArray[np.int64], width: int) -> Float[Tensor, "n d"]:
        """Make float32 vectors of some rows: one-hot for class numbers, the vectors themselves otherwise."""
        values = np.asarray(self.values[rows])
        if values.ndim == 2:
            return torch.from_numpy(values)
        table = torch.zeros(len(rows), width)
        table[torch.arange(len(rows)), torch.from_numpy(values).long()] = 1
        return table


def label_column(labels: Labels, names: Sequence[str]) -> LabelColumn:
    """Put the labels of these images, which all have one, in their order."""
    of = [labels.of[name] for name in names]
    if of and isinstance(of[0], list):
        return LabelColumn(np.array(of, dtype=np.float32), labels.class_names)
    return LabelColumn(np.array(of, dtype=np.int32), labels.class_names)


def parse_labels(text: bytes, name: str) -> Labels:
    """Read ``{"labels": [["00000/img00000000.png", 6], …] or null, "class_names": […]}``.

    Args:
        text: The file's content.
        name: What to call it in an error.

    Raises:
        DataError: It is not of that form, or mixes class numbers with vectors.
    """
    try:
        content = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise DataError(f"{name} is not valid JSON: {error}") from error
    if not isinstance(content, dict):
        raise DataError(f"{name} must hold an object with the key 'labels', not a {type(content).__name__}")
    pairs = content.get("labels") or []
    if isinstance(pairs, dict):
        pairs = list(pairs.items())
    if not isinstance(pairs, list):
        raise DataError(f"'labels' in {name} must be a list of [name, label] pairs or null")
    of = dict(_pair(pair, name) for pair in pairs)
    _check_alike(of, name)
    return Labels(of, _class_names(content.get("class_names"), name))


def _pair(pair: Any, name: str) -> tuple[str, Label]:
    if not (isinstance(pair, list | tuple) and len(pair) == 2 and isinstance(pair[0], str)):
        raise DataError(f"'labels' in {name} holds {str(pair)[:60]!r}, where a [name, label] pair was expected")
    image, label = pair
    if isinstance(label, int) and not isinstance(label, bool) and 0 <= label <= LARGEST_CLASS:
        return image.replace("\\", "/"), label
    if isinstance(label, list) and label and all(_is_number(value) for value in label):
        return image.replace("\\", "/"), [float(value) for value in label]
    raise DataError(
        f"the label of {image!r} in {name} is {label!r}, but must be an integer from 0 or a list of numbers"
    )


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _check_alike(of: dict[str, Label], name: str) -> None:
    kinds = {len(label) if isinstance(label, list) else 0 for label in of.values()}
    if len(kinds) > 1:
        raise DataError(f"{name} mixes kinds of labels: all must be class numbers, or vectors of one length")


def _class_names(value: Any, name: str) -> list[str] | None:
    if value is None:
        return None
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise DataError(f"'class_names' in {name} must be a list of strings")
    return value
