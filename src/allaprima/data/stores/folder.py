"""A folder as a store."""

import zlib
from pathlib import Path

from allaprima.errors import DataError


class FolderStore:
    """A folder and everything below it."""

    forks = True

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
