"""The labels of a dataset: ``dataset.json``, class numbers and label vectors."""

import json
import math
from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from allaprima.errors import DataError

LABELS_FILE = "dataset.json"

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


def label_width(of: dict[str, Label]) -> int:
    """Length of the label vectors: highest class number + 1, or the vectors' own length; 0 without labels."""
    if not of:
        return 0
    first = next(iter(of.values()))
    if isinstance(first, list):
        return len(first)
    return 1 + max(label for label in of.values() if isinstance(label, int))


def label_vectors(labels: list[Label], width: int) -> Float[Tensor, "n d"]:
    """Make float32 vectors: one-hot for class numbers, the vectors themselves otherwise."""
    table = torch.zeros(len(labels), width)
    for row, label in zip(table, labels, strict=True):
        if isinstance(label, int):
            row[label] = 1
        else:
            row[:] = torch.tensor(label)
    return table


def _pair(pair: Any, name: str) -> tuple[str, Label]:
    if not (isinstance(pair, list | tuple) and len(pair) == 2 and isinstance(pair[0], str)):
        raise DataError(f"'labels' in {name} holds {str(pair)[:60]!r}, where a [name, label] pair was expected")
    image, label = pair
    if isinstance(label, int) and not isinstance(label, bool) and label >= 0:
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
