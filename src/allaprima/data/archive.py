"""Writes dataset archives: an uncompressed ZIP of PNGs and ``dataset.json``, the ecosystem's format."""

import json
import os
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from allaprima.data.labels import LABELS_FILE, Label
from allaprima.errors import DataError, OutputError
from allaprima.files import atomic_file, remove_leftovers
from allaprima.images.png import encode_png


class ArchiveWriter:
    """Adds images to an archive that :func:`archive_writer` opened."""

    def __init__(self, file: BinaryIO) -> None:
        self._zip = zipfile.ZipFile(file, "w", zipfile.ZIP_STORED)
        self._labels: list[tuple[str, Label | None]] = []

    def __len__(self) -> int:
        return len(self._labels)

    def add(self, pixels: NDArray[np.uint8], label: Label | None = None) -> str:
        """Add one image, [h, w] or [h, w, c], under the next name, and give that name."""
        number = f"{len(self._labels):08d}"
        name = f"{number[:5]}/img{number}.png"
        self._write(name, encode_png(pixels, compress_level=0))
        self._labels.append((name, label))
        return name

    def finish(self, class_names: list[str] | None = None) -> None:
        """Write ``dataset.json`` and the archive's directory.

        Raises:
            DataError: Some images have a label and some have none.
        """
        missing = [name for name, label in self._labels if label is None]
        if missing and len(missing) < len(self._labels):
            raise DataError(
                f"{len(missing)} of {len(self._labels)} images have no label, but all or none must have one"
            )
        content: dict[str, object] = {"labels": None if missing or not self._labels else self._labels}
        if class_names is not None and not missing:
            content["class_names"] = class_names
        self._write(LABELS_FILE, json.dumps(content).encode())
        self._zip.close()

    def abandon(self) -> None:
        """Let go of a file that will be removed."""
        with suppress(OSError, ValueError):
            self._zip.close()

    def _write(self, name: str, data: bytes) -> None:
        info = zipfile.ZipInfo(name)  # dated 1980, so that the same images make the same archive
        info.external_attr = 0o644 << 16
        self._zip.writestr(info, data)


@contextmanager
def archive_writer(path: str | os.PathLike[str], *, overwrite: bool = False) -> Iterator[ArchiveWriter]:
    """Open an archive for writing; call ``finish`` before leaving. It appears complete or not at all.

    Raises:
        OutputError: ``path`` exists and ``overwrite`` is off, or it cannot be written.
    """
    path = Path(path)
    if path.is_dir():
        raise OutputError(f"{path} is a folder, but the archive is a file: give it a name ending in .zip")
    if path.exists() and not overwrite:
        raise OutputError(f"{path} exists: choose another name, or --overwrite it")
    remove_leftovers(path)
    with atomic_file(path) as file:
        writer = ArchiveWriter(file)
        try:
            yield writer
        except BaseException:
            writer.abandon()
            raise
