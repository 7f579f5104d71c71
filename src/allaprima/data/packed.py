"""Many names in little memory: one array, which may lie in a file that all processes map."""

from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from typing import overload

import numpy as np
from numpy.typing import NDArray

Packed = NDArray[np.bytes_]
"""Names as UTF-8, as wide as the longest."""


def pack(names: list[str]) -> Packed:
    """Make an array of names."""
    return np.array([encoded(name) for name in names], dtype=np.bytes_)


def encoded(name: str) -> bytes:
    """As it lies in the array; what was no UTF-8 when it was read goes back to what it was."""
    return name.encode("utf-8", "surrogateescape")


class _Lazy(Sequence[str]):
    """A sequence that makes its items when asked."""

    def _name(self, row: int) -> str:
        raise NotImplementedError

    @overload
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> list[str]: ...
    def __getitem__(self, index: int | slice) -> str | list[str]:
        if isinstance(index, slice):
            return [self._name(row) for row in range(*index.indices(len(self)))]
        return self._name(range(len(self))[index])

    def __iter__(self) -> Iterator[str]:
        return (self._name(row) for row in range(len(self)))

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, Sequence)
            and len(self) == len(other)
            and all(a == b for a, b in zip(self, other, strict=True))
        )

    __hash__ = None  # type: ignore[assignment]


class PackedNames(_Lazy):
    """Sorted names in an array."""

    def __init__(self, packed: Packed) -> None:
        self.packed = packed

    def __len__(self) -> int:
        return len(self.packed)

    def find(self, name: str) -> int:
        """Give the row of a name; KeyError if it is not there."""
        wanted = encoded(name)
        row = bisect_left(range(len(self)), wanted, key=self.packed.item)
        if row == len(self) or self.packed.item(row) != wanted:
            raise KeyError(name)
        return row

    def _name(self, row: int) -> str:
        return str(self.packed.item(row), "utf-8", "surrogateescape")


class NumberedNames(_Lazy):
    """Names that are nothing but their number, with zeros so that they sort by it."""

    def __init__(self, count: int, ending: str) -> None:
        self._count, self._ending = count, ending
        self._digits = max(8, len(str(count - 1)))

    def __len__(self) -> int:
        return self._count

    def find(self, name: str) -> int:
        """Give the row of a name; KeyError if it is not there."""
        digits = name.removesuffix(self._ending)
        row = int(digits) if digits.isdecimal() else -1
        if not (0 <= row < self._count and self._name(row) == name):
            raise KeyError(name)
        return row

    def _name(self, row: int) -> str:
        return f"{row:0{self._digits}d}{self._ending}"


class ChosenNames(_Lazy):
    """Some of the names, in their order."""

    def __init__(self, names: Sequence[str], count: int, row_of: Callable[[int], int]) -> None:
        self._names, self._count, self._row_of = names, count, row_of

    def __len__(self) -> int:
        return self._count

    def _name(self, row: int) -> str:
        return self._names[self._row_of(row)]
