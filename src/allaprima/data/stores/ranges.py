"""Bytes at an offset of one file: read from a local disk, from a memory map, or from elsewhere through fsspec.

None of them has a position, so that processes and threads may share one.
"""

import io
import mmap
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from allaprima.errors import DataError

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer


class Ranges(Protocol):
    """A file that can be read at any offset.

    Attributes:
        name: Its path or address, for errors and for the cache of indices.
        size: Bytes.
        stamp: Another one if the content is another one, as far as the place where it lies can tell.
        forks: Whether a process that is forked from this one can read on.
        is_elsewhere: Whether a request takes longer than what it brings, so that few large ones are better.
    """

    name: str
    size: int
    stamp: str
    forks: bool
    is_elsewhere: bool

    def read(self, offset: int, count: int) -> bytes:
        """Give ``count`` bytes; DataError if they cannot be had."""
        ...

    def close(self) -> None:
        """Let go of what is open; reading opens it again."""
        ...


class LocalFile:
    """A file on a disk of this machine."""

    forks = True
    is_elsewhere = False

    def __init__(self, path: Path) -> None:
        try:
            facts = path.stat()
        except OSError as error:
            raise DataError(f"{path} cannot be read: {error.strerror or error}") from error
        self.name, self.size, self.stamp = str(path), facts.st_size, str(facts.st_mtime_ns)
        self._file: io.FileIO | None = None

    def read(self, offset: int, count: int) -> bytes:
        """Give ``count`` bytes; DataError if the file cannot be read or is shorter now."""
        try:
            data = self._at(offset, count)
        except OSError as error:
            raise DataError(f"{self.name} cannot be read: {error.strerror or error}") from error
        return whole(data, count, self.name)

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def _at(self, offset: int, count: int) -> bytes:
        file = self._opened()
        if hasattr(os, "pread"):
            return os.pread(file.fileno(), count, offset)
        file.seek(offset)  # Windows: no fork there, so the position is this process's own
        return file.read(count)

    def _opened(self) -> io.FileIO:
        if self._file is None:
            self._file = io.FileIO(self.name)
        return self._file

    def __getstate__(self) -> dict[str, Any]:
        return self.__dict__ | {"_file": None}


class MappedFile(LocalFile):
    """The same, as a memory map: no system call for a read.

    If the file gets shorter, or its disk fails, while it is mapped, the operating system ends the process (SIGBUS).
    """

    _map: mmap.mmap | None = None

    def close(self) -> None:
        """Unmap the file."""
        if self._map is not None:
            self._map.close()
            self._map = None
        super().close()

    def _at(self, offset: int, count: int) -> bytes:
        if self._map is None:
            self._map = mmap.mmap(self._opened().fileno(), 0, access=mmap.ACCESS_READ)
        return self._map[offset : offset + count]

    def __getstate__(self) -> dict[str, Any]:
        return self.__dict__ | {"_file": None, "_map": None}


class RangesFile(io.RawIOBase):
    """Ranges as a file with a position, as ``zipfile`` and ``tarfile`` want it."""

    def __init__(self, ranges: Ranges) -> None:
        self._ranges, self._position = ranges, 0

    def readable(self) -> bool:
        """It can be read."""
        return True

    def seekable(self) -> bool:
        """It can be sought."""
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Set the position."""
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._ranges.size}[whence]
        if start + offset < 0:
            raise OSError(f"position {start + offset}")
        self._position = start + offset
        return self._position

    def tell(self) -> int:
        """Give the position."""
        return self._position

    def readinto(self, buffer: "WriteableBuffer", /) -> int:
        """Read from the position on, as much as there is room for."""
        view = memoryview(buffer).cast("B")
        count = max(min(len(view), self._ranges.size - self._position), 0)
        if count:
            view[:count] = self._ranges.read(self._position, count)
        self._position += count
        return count


def whole(data: bytes, count: int, name: str) -> bytes:
    """Give ``data`` back if it is ``count`` bytes. Raises `DataError`."""
    if len(data) != count:
        raise DataError(f"{name} ends too early: {count} bytes were expected, {len(data)} came")
    return data
