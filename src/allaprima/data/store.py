"""Where the files of a dataset lie: a ZIP archive or a folder, read alike by name."""

import os
import zipfile
import zlib
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from allaprima.errors import DataError


@runtime_checkable
class Store(Protocol):
    """Files by name; names are relative and use ``/``."""

    path: Path

    def names(self) -> list[str]:
        """List all files, sorted."""
        ...

    def read(self, name: str) -> bytes:
        """Give a file's content; DataError if it cannot be read."""
        ...

    def checksum(self, name: str) -> tuple[int, int]:
        """Give a file's size and CRC-32."""
        ...


def open_store(path: str | os.PathLike[str]) -> Store:
    """Open a folder or a ZIP archive.

    Raises:
        DataError: There is nothing at ``path``, or it is neither.
    """
    path = Path(path)
    if path.is_dir():
        return FolderStore(path)
    if not path.exists():
        raise DataError(f"{path} does not exist: give a folder of images or a .zip archive")
    return ZipStore(path)


class FolderStore:
    """A folder and everything below it."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def names(self) -> list[str]:
        """List all files, sorted."""
        return sorted(p.relative_to(self.path).as_posix() for p in self.path.rglob("*") if p.is_file())

    def read(self, name: str) -> bytes:
        """Give a file's content."""
        try:
            return (self.path / name).read_bytes()
        except OSError as error:
            raise DataError(f"{self.path / name} cannot be read: {error.strerror or error}") from error

    def checksum(self, name: str) -> tuple[int, int]:
        """Give a file's size and CRC-32; reads the file."""
        data = self.read(name)
        return len(data), zlib.crc32(data)


class ZipStore:
    """A ZIP archive. Every process opens it for itself, as a shared file position would mix up what they read."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._archive: zipfile.ZipFile | None = None
        self._process = -1
        self._zip()

    def names(self) -> list[str]:
        """List all files, sorted."""
        return sorted(info.filename for info in self._zip().infolist() if not info.is_dir())

    def read(self, name: str) -> bytes:
        """Give a file's content, its checksum verified."""
        try:
            return self._zip().read(name)
        except (OSError, RuntimeError, NotImplementedError, zipfile.BadZipFile, zlib.error, EOFError) as error:
            raise DataError(f"{name} in {self.path} cannot be read: {str(error).rstrip('.')}") from error

    def checksum(self, name: str) -> tuple[int, int]:
        """Give a file's size and CRC-32, from the archive's directory."""
        info = self._zip().getinfo(name)
        return info.file_size, info.CRC

    def _zip(self) -> zipfile.ZipFile:
        if self._archive is None or self._process != os.getpid():
            try:
                self._archive, self._process = zipfile.ZipFile(self.path), os.getpid()
            except zipfile.BadZipFile as error:
                raise DataError(f"{self.path} is neither a folder nor a complete ZIP archive") from error
            except OSError as error:
                raise DataError(f"{self.path} cannot be read: {error.strerror or error}") from error
        return self._archive

    def __getstate__(self) -> dict[str, Any]:
        return {"path": self.path, "_archive": None, "_process": -1}
