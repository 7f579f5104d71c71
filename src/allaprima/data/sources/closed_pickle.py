"""Reads the pickles of CIFAR without running anything: every name in them becomes one of our own inert stand-ins.

A pickle may call whatever it can name. Here it can name five things, none of which is what it says: an array that only
keeps the bytes it is given, a dtype that only keeps its code, and text to bytes.
"""

import io
import math
import pickle
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from allaprima.errors import DataError


class Array:
    """What stands for ``numpy.ndarray``: keeps shape, dtype and bytes."""

    def __init__(self, *_: Any) -> None:
        self.state: Any = None

    def __setstate__(self, state: Any) -> None:
        self.state = state

    def pixels(self) -> NDArray[np.uint8]:
        """Give the array, if it is one of unsigned bytes."""
        _, shape, dtype, is_fortran, data = self.state
        if not (isinstance(dtype, Dtype) and dtype.code in ("u1", "|u1") and isinstance(data, bytes)):
            raise ValueError("its data are not unsigned bytes")
        if math.prod(shape) != len(data):
            raise ValueError("its data are cut short")
        return np.frombuffer(data, np.uint8).reshape(shape, order="F" if is_fortran else "C")


class Dtype:
    """What stands for ``numpy.dtype``: keeps its code."""

    def __init__(self, code: Any = "", *_: Any) -> None:
        self.code = code

    def __setstate__(self, state: Any) -> None:
        pass


class _ClosedUnpickler(pickle.Unpickler):
    def __init__(self, file: io.BytesIO) -> None:
        super().__init__(file, encoding="bytes")
        self._names = _stand_ins()

    def find_class(self, module: str, name: str) -> Any:
        try:
            return self._names[module, name]
        except KeyError:
            raise pickle.UnpicklingError(f"it names {module}.{name}, which no such file needs") from None

    def persistent_load(self, pid: Any) -> Any:
        raise pickle.UnpicklingError("it refers to something outside")


def load_closed(data: bytes, name: str) -> dict[str, Any]:
    """Read a pickled dictionary of plain values and arrays; keys become text.

    Args:
        data: The pickle.
        name: What to call it in an error.

    Raises:
        DataError: It names anything else, is broken, or is no dictionary.
    """
    try:
        content = _ClosedUnpickler(io.BytesIO(data)).load()
    except Exception as error:  # a broken pickle raises whatever it stumbles over
        raise DataError(f"{name} is not a pickle that can be read safely: {error}") from error
    if not isinstance(content, dict):
        raise DataError(f"{name} holds a {type(content).__name__}, where a dictionary was expected")
    return {key.decode("latin1") if isinstance(key, bytes) else str(key): value for key, value in content.items()}


def _stand_ins() -> dict[tuple[str, str], Callable[..., Any]]:
    """Make fresh stand-ins, so that nothing a pickle does to one outlives it."""

    class FreshArray(Array):
        pass

    class FreshDtype(Dtype):
        pass

    def reconstruct(*_: Any) -> Array:
        return FreshArray()

    def encode(text: str, encoding: str = "latin1") -> bytes:
        return text.encode("latin1")

    return {
        ("numpy.core.multiarray", "_reconstruct"): reconstruct,
        ("numpy._core.multiarray", "_reconstruct"): reconstruct,
        ("numpy", "ndarray"): FreshArray,
        ("numpy", "dtype"): FreshDtype,
        ("_codecs", "encode"): encode,
    }
