"""A tar archive (gzipped or not, WebDataset shards too) as a store; nothing is unpacked to disk."""

import tarfile
import zlib
from pathlib import Path

from allaprima.data.stores.strict_tar import StrictTarInfo
from allaprima.data.stores.zip import require_modest
from allaprima.errors import DataError


class TarStore:
    """Files of a tar archive, in its own order: a gzipped one can only be read forward."""

    forks = False  # a shared file position

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self._archive = tarfile.open(path, tarinfo=StrictTarInfo)  # noqa: SIM115  held as long as the store lives
            self._members = {
                member.name.removeprefix("./"): member for member in self._archive.getmembers() if member.isfile()
            }
        except (tarfile.TarError, OSError, EOFError, zlib.error) as error:
            raise DataError(f"{path} is not a complete tar archive: {error}") from error

    def names(self) -> list[str]:
        """List all files, in the archive's order."""
        return list(self._members)

    def read(self, name: str) -> bytes:
        """Give a file's content."""
        require_modest(name, self._members[name].size, self.path)
        try:
            file = self._archive.extractfile(self._members[name])
            return file.read() if file is not None else b""
        except (tarfile.TarError, OSError, EOFError, zlib.error) as error:
            raise DataError(f"{name} in {self.path} cannot be read: {error}") from error

    def checksum(self, name: str) -> tuple[int, int]:
        """Give a file's size and CRC-32; reads the file."""
        data = self.read(name)
        return len(data), zlib.crc32(data)
