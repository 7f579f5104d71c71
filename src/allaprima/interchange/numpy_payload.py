"""NumPy arrays and numbers out of a pickle: their bytes, once it is sure that these are numbers and as many as said."""

import math
import re
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from allaprima.errors import ModelFileError
from allaprima.interchange.limits import TENSOR, Budget
from allaprima.interchange.records import Global, Record, called, printable

NUMBERS = re.compile(r"([<>|=]?)(b1|[iu][1248]|f[248]|c8|c16|S\d{1,4}|U\d{1,4})")
DIMENSIONS = 16
Array = NDArray[Any]


def dtype_of(record: Any) -> np.dtype[Any]:
    """Give the number format that a record of ``numpy.dtype`` stands for, if it is one of numbers or plain text."""
    if not (isinstance(record, Record) and record.is_of("numpy", "dtype") and record.arguments):
        raise ModelFileError(f"has a {called(record)} where the number format of an array was expected")
    code, state = record.arguments[0], record.state
    match = NUMBERS.fullmatch(code) if isinstance(code, str) else None
    if match is None:
        shown = printable(code) if isinstance(code, str) else called(code)
        raise ModelFileError(f"has an array of {shown}, where numbers were expected")
    order = match[1] or "="
    if isinstance(state, tuple) and len(state) > 1 and state[1] in ("<", ">", "|", "="):
        order = state[1]
    return np.dtype(order + match[2])


class Arrays:
    """Makes the arrays of one file. A pickle makes an array first and fills it later."""

    def __init__(self, budget: Budget) -> None:
        self._budget = budget
        self._pending: dict[int, Array] = {}
        self.builders: dict[str, Callable[..., Any]] = {
            "numpy.core.multiarray._reconstruct": self.begin,
            "numpy.core.multiarray.scalar": self.scalar,
            "numpy.core.numeric._frombuffer": self.from_buffer,
        }

    def begin(self, kind: Any, shape: Any, _code: Any) -> Array:
        """Make an array that is filled later."""
        if not (isinstance(kind, Global) and str(kind) == "numpy.ndarray" and type(shape) is tuple and shape == (0,)):
            raise ModelFileError(f"begins an array as a {called(kind)}, which none does")
        self._budget.work(TENSOR)
        array = np.empty(0, np.int8)
        self._pending[id(array)] = array
        return array

    def is_pending(self, value: Any) -> bool:
        """Whether ``value`` is an array that still has to be filled."""
        return isinstance(value, np.ndarray) and id(value) in self._pending

    def fill(self, array: Array, state: Any) -> None:
        """Fill an array that was begun; ``state`` is (version,) shape, number format, order of axes, bytes."""
        if not (isinstance(state, tuple) and len(state) in (4, 5)):
            raise ModelFileError(f"fills an array with a {called(state)}, which holds none")
        shape, record, is_fortran, content = state[-4:]
        flat = self._numbers(content, dtype_of(record))
        shape = _checked_shape(shape, flat.size)
        # The array is in use already: it is filled in place, with bytes that nothing else has.
        array.__setstate__((1, shape, flat.dtype, is_fortran is True, flat.tobytes()))  # type: ignore[arg-type]
        del self._pending[id(array)]

    def from_buffer(self, content: Any, record: Any, shape: Any, order: Any) -> Array:
        """Make an array as protocol 5 does."""
        flat = self._numbers(content, dtype_of(record))
        return flat.reshape(_checked_shape(shape, flat.size), order="F" if order == "F" else "C")

    def scalar(self, record: Any, content: Any) -> Any:
        """Make a single number."""
        flat = self._numbers(content, dtype_of(record))
        if flat.size != 1:
            raise ModelFileError(f"has a number that is {flat.size} numbers")
        return flat[0]

    def _numbers(self, content: Any, dtype: np.dtype[Any]) -> Array:
        """Give numbers in this machine's byte order, in memory of their own."""
        self._budget.work(TENSOR)
        if not isinstance(content, bytes | bytearray | str):
            raise ModelFileError(f"has an array whose numbers are a {called(content)}")
        self._budget.claim(2 * len(content))
        data = content.encode("latin1") if isinstance(content, str) else content
        if dtype.itemsize == 0 or len(data) % dtype.itemsize:
            raise ModelFileError(f"has an array of {len(data):,} bytes, which are no {dtype} numbers")
        return np.frombuffer(data, dtype).astype(dtype.newbyteorder("="))

    def check_all_are_filled(self) -> None:
        """Refuse a file that leaves an array without its numbers."""
        if self._pending:
            raise ModelFileError("has an array that is never filled")


def _checked_shape(shape: Any, size: int) -> tuple[int, ...]:
    plain = (shape,) if type(shape) is int else shape
    if not (isinstance(plain, tuple) and len(plain) <= DIMENSIONS and all(type(n) is int and n >= 0 for n in plain)):
        raise ModelFileError(f"has an array whose shape is a {called(shape)}")
    if math.prod(plain) != size or max(plain, default=0) > 2**40:
        raise ModelFileError(f"has an array of {size:,} numbers, but says that its shape is {shown_shape(plain)}")
    return plain


def shown_shape(shape: tuple[int, ...]) -> str:
    """Write a shape for people."""
    return "[" + ", ".join(f"{size:.3g}" if size > 2**40 else str(size) for size in shape) + "]"
