"""Keyword arguments of a foreign network, read with tolerance: forks of every program have some of their own."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from allaprima.errors import ModelFileError
from allaprima.interchange.records import printable


class Keywords:
    """Takes what is known out of the keyword arguments of a network, and names what is left.

    Args:
        content: The arguments, as the file has them.
        where: What they belong to, for messages.
    """

    def __init__(self, content: Mapping[Any, Any], where: str) -> None:
        self.left = {str(key): plain(value) for key, value in content.items()}
        self.where = where

    def number(self, name: str, default: float) -> float:
        """A number; `ModelFileError` if it is something else."""
        value = self._take(name, default)
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            raise self._wrong(name, value, "a number")
        return value

    def integer(self, name: str, default: int) -> int:
        """A whole number."""
        value = self.number(name, default)
        if value != int(value):
            raise self._wrong(name, value, "a whole number")
        return int(value)

    def flag(self, name: str, default: bool) -> bool:
        """Yes or no."""
        value = self._take(name, default)
        if not isinstance(value, bool):
            raise self._wrong(name, value, "True or False")
        return value

    def text(self, name: str, default: str) -> str:
        """A word."""
        value = self._take(name, default)
        if not isinstance(value, str):
            raise self._wrong(name, value, "a word")
        return value

    def numbers(self, name: str, default: tuple[float, ...]) -> tuple[float, ...]:
        """A list of numbers."""
        value = self._take(name, default)
        if not isinstance(value, list | tuple) or not all(isinstance(item, int | float) for item in value):
            raise self._wrong(name, value, "a list of numbers")
        return tuple(value)

    def within(self, name: str) -> "Keywords":
        """Keyword arguments that are a value of these (``mapping_kwargs``); empty if they are not there."""
        value = self._take(name, {})
        if not isinstance(value, dict):
            raise self._wrong(name, value, "a dict")
        return Keywords(value, f"{self.where} {name}")

    def has(self, name: str) -> bool:
        """Whether a value, other than None, is there to be taken."""
        return self.left.get(name) is not None

    def ignore(self, *names: str) -> None:
        """Drop what is known, and known not to matter."""
        for name in names:
            self.left.pop(name, None)

    def notes(self) -> tuple[str, ...]:
        """A sentence on what nobody took."""
        if not self.left:
            return ()
        names = ", ".join(sorted(map(printable, self.left)))
        return (f"{self.where}: unknown to us, and ignored: {names}",)

    def _take(self, name: str, default: Any) -> Any:
        value = self.left.pop(name, None)
        return default if value is None else value

    def _wrong(self, name: str, value: Any, wanted: str) -> ModelFileError:
        said = printable(str(value))
        return ModelFileError(f"the file says that {name} of {self.where} is {said}: it must be {wanted}")


def plain(value: Any) -> Any:
    """``value`` with NumPy's numbers as Python's."""
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, np.ndarray):
        return value.tolist() if value.size <= LONGEST_ARRAY else str(value.shape)
    return value


LONGEST_ARRAY = 64  # numbers
LONGEST_TEXT = 1000  # characters


def as_json(value: Any) -> Any:
    """``value`` as JSON can hold it: for the facts that a model file keeps. What has no such form becomes text."""
    match plain(value):
        case dict(content):
            return {str(key): as_json(item) for key, item in content.items()}
        case list(items):
            return [as_json(item) for item in items]
        case None | bool() | int() | float() | str() as simple:
            return simple if not isinstance(simple, str) else printable(simple, LONGEST_TEXT)
        case other:
            return printable(str(other))
