"""Archives whose bytes depend on nothing but what is put into them, and which appear complete or not at all."""

import io
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from allaprima.files import atomic_path

ArchiveFormat = Literal["zip", "tar"]
Add = Callable[[str, bytes], None]

FIRST_DAY = (1980, 1, 1, 0, 0, 0)  # of a ZIP: the same files give the same bytes on every day
READABLE = 0o644


@contextmanager
def packed(path: Path, format_: ArchiveFormat = "zip") -> Iterator[Add]:
    """Give a function that puts a file, by its name and its bytes, into an archive without compression.

    Raises:
        OutputError: The archive cannot be written; ``path`` keeps what it held before.
    """
    with atomic_path(path) as temporary:
        if format_ == "zip":
            with zipfile.ZipFile(temporary, "w", zipfile.ZIP_STORED) as archive:
                yield lambda name, data: archive.writestr(_zip_entry(name), data)
        else:
            with tarfile.open(temporary, "w", format=tarfile.USTAR_FORMAT) as tape:
                yield lambda name, data: tape.addfile(_tar_entry(name, len(data)), io.BytesIO(data))


def _zip_entry(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, FIRST_DAY)
    entry.external_attr = READABLE << 16
    return entry


def _tar_entry(name: str, size: int) -> tarfile.TarInfo:
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode = size, READABLE
    return entry
