"""A file elsewhere: http, https, s3, gs, … through fsspec, with patience."""

import os
import time
from collections.abc import Callable
from typing import Any, TypeVar

from allaprima.data.stores.ranges import whole
from allaprima.errors import DataError

DELAYS = (0.5, 2.0, 8.0)
"""Seconds to wait before each new try."""

STAMPS = ("ETag", "etag", "mtime", "LastModified", "last_modified", "updated", "created")
"""Where file systems say which version of a file it is."""

T = TypeVar("T")


class RemoteFile:
    """A file that fsspec can read in parts. Every process connects for itself."""

    is_elsewhere = True

    def __init__(self, address: str) -> None:
        self.name = address
        self._system: Any = None
        self._process = -1
        facts = patiently(address, lambda: self._connected().info(address))
        if not isinstance(facts.get("size"), int):
            raise DataError(f"{address} cannot be read in parts: its server does not tell its size")
        self.size: int = facts["size"]
        self.forks = not getattr(self._connected(), "async_impl", False)  # its thread would be missing in the fork
        self.stamp = next((str(facts[key]) for key in STAMPS if facts.get(key)), "")

    def read(self, offset: int, count: int) -> bytes:
        """Give ``count`` bytes; DataError if they do not come, also after some tries."""
        return patiently(self.name, lambda: self._part(offset, count)) if count else b""

    def close(self) -> None:
        """Forget the connection."""
        self._system = None

    def _part(self, offset: int, count: int) -> bytes:
        data: bytes = self._connected().cat_file(self.name, start=offset, end=offset + count)
        if len(data) == self.size > count:
            raise DataError(f"{self.name} cannot be read in parts: its server ignores the header 'Range'")
        if len(data) < count:
            raise ConnectionError(f"{count} bytes were asked for, {len(data)} came")
        return whole(data, count, self.name)

    def _connected(self) -> Any:
        if self._system is None or self._process != os.getpid():
            self._system, self._process = file_system(self.name), os.getpid()
        return self._system

    def __getstate__(self) -> dict[str, Any]:
        return self.__dict__ | {"_system": None, "_process": -1}


def file_system(address: str) -> Any:
    """The file system of an address, which fsspec itself makes anew in every process. Raises `DataError`."""
    scheme = address.partition("://")[0]
    try:
        import fsspec

        return fsspec.filesystem(scheme)
    except ImportError as error:
        raise DataError(f"reading {scheme}:// needs more: pip install 'allaprima[scale]' ({error})") from error
    except ValueError as error:
        raise DataError(f"{address} cannot be read: {error}") from error


def patiently(name: str, work: Callable[[], T]) -> T:
    """Do what needs a network, again after a while if it fails.

    Raises:
        DataError: There is no such file, it may not be read, or the last try failed.
    """
    for delay in (*DELAYS, None):
        try:
            return work()
        except DataError:
            raise
        except FileNotFoundError as error:
            raise DataError(f"{name} does not exist") from error
        except PermissionError as error:
            raise DataError(f"{name} may not be read: {error}") from error
        except Exception as error:  # every file system raises its own
            if delay is None:
                said = (str(error).splitlines() or [""])[0].rstrip(".") or type(error).__name__
                raise DataError(f"{name} cannot be read after {len(DELAYS) + 1} tries: {said}") from error
            time.sleep(delay)
    raise AssertionError("the last try returns or raises")
