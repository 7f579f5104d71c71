"""Where the images of one tar archive lie: found by going through it once, and remembered.

The index is kept under ``$ALLAPRIMA_HOME/indices`` (``~/.cache/allaprima/indices``), named by a hash of the shard's
address, size and time of change (or whatever its server says instead): another shard never finds it.
"""

import io
import tarfile
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from allaprima.data.labels import LABELS_FILE
from allaprima.data.packed import Packed, pack
from allaprima.data.stores.kept import digest, folder, read_kept
from allaprima.data.stores.label_texts import ENDINGS, key_of, label_text
from allaprima.data.stores.ranges import Ranges, RangesFile
from allaprima.data.stores.strict_tar import StrictTarInfo
from allaprima.errors import DataError, OutputError
from allaprima.files import make_directory, write_bytes
from allaprima.images.formats import is_image_name

ARRAYS = ("names", "offsets", "sizes", "texts")
GZIP = b"\x1f\x8b"

BLOCK = {"here": 1 << 13, "elsewhere": 1 << 20}
"""Read at once while headers are looked for: a request to a server costs more than what comes with it."""


@dataclass(frozen=True, slots=True)
class TarIndex:
    """The images of one tar archive, sorted by name.

    Attributes:
        names: Their names, as UTF-8.
        offsets: Where each begins.
        sizes: Bytes of each.
        texts: Label of each, as JSON or a word; empty where there is none.
        labels_file: Where ``dataset.json`` begins, and its bytes; none: (0, 0).
    """

    names: Packed
    offsets: NDArray[np.int64]
    sizes: NDArray[np.int64]
    texts: NDArray[np.bytes_]
    labels_file: tuple[int, int]


def tar_index(ranges: Ranges) -> TarIndex:
    """Give the index of an archive, from the cache or by going through it.

    Raises:
        DataError: It cannot be read, is cut off, is compressed, or is no tar archive.
    """
    kept = folder() / f"{digest([ranges.name, ranges.size, ranges.stamp])}.npz"
    found = read_kept(kept, _loaded)
    if found is None:
        found = _gone_through(ranges)
        arrays = {name: getattr(found, name) for name in ARRAYS}
        buffer = BytesIO()
        np.savez(buffer, labels_file=np.array(found.labels_file), **arrays)
        with suppress(OutputError):  # then it is looked for again the next time
            make_directory(kept.parent)
            write_bytes(kept, buffer.getvalue())
    return found


def _loaded(path: Path) -> TarIndex:
    with np.load(path, allow_pickle=False) as kept:
        start, size = kept["labels_file"].tolist()
        return TarIndex(**{name: kept[name] for name in ARRAYS}, labels_file=(start, size))


def _gone_through(ranges: Ranges) -> TarIndex:
    images: dict[str, tuple[int, int]] = {}
    texts: dict[str, dict[str, bytes]] = {ending: {} for ending in ENDINGS}
    labels_file = 0, 0
    for member in _members(ranges):
        name = member.name.removeprefix("./")
        if is_image_name(name):
            images[name] = member.offset_data, member.size  # of two of one name the later counts, as tar has it
        elif name == LABELS_FILE:
            labels_file = member.offset_data, member.size
        else:
            ending = name[len(key_of(name)) :].lower()
            if ending in texts:
                content = ranges.read(member.offset_data, member.size)
                texts[ending][key_of(name)] = label_text(content, ending)
    names = sorted(images, key=lambda name: name.encode("utf-8", "surrogateescape"))
    found = [next((texts[e][key] for e in ENDINGS if texts[e].get(key)), b"") for key in map(key_of, names)]
    places = np.array([images[name] for name in names], dtype=np.int64).reshape(-1, 2)
    return TarIndex(pack(names), places[:, 0].copy(), places[:, 1].copy(), np.array(found, np.bytes_), labels_file)


def _members(ranges: Ranges) -> Iterator[tarfile.TarInfo]:
    """Go through the plain files. Raises `DataError`."""
    block = BLOCK["elsewhere" if ranges.is_elsewhere else "here"]
    try:
        with tarfile.open(
            fileobj=io.BufferedReader(RangesFile(ranges), block), mode="r:", tarinfo=StrictTarInfo
        ) as archive:
            while (member := archive.next()) is not None:
                archive.members.clear()  # type: ignore[attr-defined]  # else it remembers all of them
                if member.isreg() and not member.issparse():
                    yield member
    except (tarfile.TarError, EOFError) as error:
        if ranges.size > len(GZIP) and ranges.read(0, len(GZIP)) == GZIP:
            raise DataError(
                f"{ranges.name} is compressed, so its images cannot be read in any order: gunzip it, or make an archive"
                " of it with 'allaprima dataset'"
            ) from error
        raise DataError(f"{ranges.name} is not a complete tar archive: {error}") from error
