"""A ZIP archive as a store, on a disk, in a memory map or elsewhere."""

import io
import struct
import zipfile
import zlib
from pathlib import Path
from typing import Any

from allaprima.data.stores.ranges import LocalFile, Ranges, RangesFile
from allaprima.data.zip_directory import check_directory
from allaprima.errors import DataError

HEADER = struct.Struct("<4s22xHH")  # of a member: signature, …, lengths of its name and of its extra field
BLOCK = 1 << 16
"""Read at once of the archive's directory and of compressed members."""

ENCRYPTED, UTF_8 = 1, 0x800

MOST_BYTES = 2**30
"""Of one member: a few kilobytes can be packed so that they unpack to any number."""


def require_modest(name: str, size: int, path: Path | str) -> None:
    """Raise `DataError` for a member of an archive that would fill the memory."""
    if size > MOST_BYTES:
        raise DataError(f"{name} in {path} cannot be read: it has {size:,} bytes, and at most {MOST_BYTES:,} are read")


class ZipStore:
    """A ZIP archive. Members that are not compressed are read at their offset, without the module ``zipfile``."""

    def __init__(self, path: Path | str, ranges: Ranges | None = None) -> None:
        """Read the archive's directory.

        Args:
            path: What to call it in errors, and where it is.
            ranges: Its bytes; by default those of the local file ``path``.

        Raises:
            DataError: It cannot be read, or is no complete ZIP archive.
        """
        self.path = path
        self._ranges = ranges or LocalFile(Path(path))
        self._archive: zipfile.ZipFile | None = None
        self._members = {info.filename: info for info in self._zip().infolist() if not info.is_dir()}

    @property
    def forks(self) -> bool:
        """Whether a process that is forked from this one can read on."""
        return self._ranges.forks

    def names(self) -> list[str]:
        """List all files, sorted."""
        return sorted(self._members)

    def read(self, name: str) -> bytes:
        """Give a file's content, its checksum verified."""
        info = self._members[name]
        require_modest(name, info.file_size, self.path)
        try:
            if info.compress_type != zipfile.ZIP_STORED or info.flag_bits & ENCRYPTED:
                return self._zip().read(name)
            data = self._stored(info)
        except (OSError, RuntimeError, NotImplementedError, ValueError, zlib.error, zipfile.BadZipFile) as error:
            raise DataError(f"{name} in {self.path} cannot be read: {str(error).rstrip('.')}") from error
        if zlib.crc32(data) != info.CRC:
            raise DataError(f"{name} in {self.path} cannot be read: Bad CRC-32")
        return data

    def checksum(self, name: str) -> tuple[int, int]:
        """Give a file's size and CRC-32, from the archive's directory."""
        info = self._members[name]
        return info.file_size, info.CRC

    def _stored(self, info: zipfile.ZipInfo) -> bytes:
        """Header, then data; from elsewhere both at once, although only the header itself tells how long it is."""
        name = info.orig_filename.encode("utf-8" if info.flag_bits & UTF_8 else "cp437")
        expected = HEADER.size + len(name)
        if self._ranges.is_elsewhere:
            expected += info.file_size
        data = self._ranges.read(info.header_offset, min(expected, self._ranges.size - info.header_offset))
        signature, name_length, extra_length = HEADER.unpack_from(data)
        if signature != b"PK\x03\x04" or data[HEADER.size : HEADER.size + name_length] != name:
            raise zipfile.BadZipFile("its header is not that of the directory")
        start: int = HEADER.size + name_length + extra_length
        if start + info.file_size == len(data):
            return data[start:]
        return self._ranges.read(info.header_offset + start, info.file_size)

    def _zip(self) -> zipfile.ZipFile:
        if self._archive is None:
            try:
                archive = zipfile.ZipFile(io.BufferedReader(RangesFile(self._ranges), BLOCK))
            except DataError:  # of what fetches the bytes
                raise
            except (zipfile.BadZipFile, NotImplementedError, OSError, ValueError) as error:
                raise DataError(f"{self.path} is neither a folder nor a complete ZIP archive") from error
            try:
                check_directory(archive)
            except DataError:
                raise
            except (zipfile.BadZipFile, OSError, ValueError) as error:
                raise DataError(f"{self.path} is damaged: {str(error).rstrip('.')}") from error
            self._archive = archive
        return self._archive

    def __getstate__(self) -> dict[str, Any]:
        return self.__dict__ | {"_archive": None}
