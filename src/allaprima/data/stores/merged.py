"""The indices of many shards as one, in files that all processes of a machine map into the same memory."""

import json
import shutil
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from tempfile import mkdtemp
from typing import Any

import numpy as np
from numpy.typing import NDArray

from allaprima.data.catalogue import listed
from allaprima.data.labels import LABELS_FILE, LabelColumn, parse_labels
from allaprima.data.packed import Packed, PackedNames, pack
from allaprima.data.stores.kept import digest, folder, read_kept
from allaprima.data.stores.label_texts import column_of
from allaprima.data.stores.ranges import Ranges
from allaprima.data.stores.tar_index import TarIndex, tar_index
from allaprima.errors import DataError, OutputError
from allaprima.files import make_directory

AT_ONCE = 16  # shards that are asked for at the same time
ARRAYS = ("names", "shards", "offsets", "sizes", "labels")
FACTS = "facts.json"


@dataclass(frozen=True, slots=True)
class MergedIndex:
    """All images of all shards, sorted by name.

    Attributes:
        names: Their names, as UTF-8.
        shards: Number of the shard that each is in.
        offsets: Where it begins there.
        sizes: Its bytes.
        labels: Class numbers [n] or vectors [n, d]; [0] without labels.
        facts: ``class_names``, and ``complaint`` if there are labels that cannot be used.
    """

    names: Packed
    shards: NDArray[np.int32]
    offsets: NDArray[np.int64]
    sizes: NDArray[np.int64]
    labels: NDArray[np.int32] | NDArray[np.float32]
    facts: dict[str, Any]

    @property
    def column(self) -> LabelColumn | None:
        """The labels; None without."""
        return LabelColumn(self.labels, self.facts["class_names"]) if len(self.labels) else None


def merged_index(shards: Sequence[Ranges]) -> MergedIndex:
    """Give the index of all shards, from the cache or by going through those that are not known yet.

    Raises:
        DataError: A shard cannot be read, or none holds an image.
    """
    kept = folder() / digest([[shard.name, shard.size, shard.stamp] for shard in shards])
    found = read_kept(kept, _loaded)
    if found is None:
        found = _merged(shards)
        with suppress(OutputError, OSError):  # then every process holds its own
            _keep(found, kept)
        found = read_kept(kept, _loaded) or found
    return found


def _merged(shards: Sequence[Ranges]) -> MergedIndex:
    with ThreadPoolExecutor(AT_ONCE) as pool:
        indices = list(pool.map(tar_index, shards))
        for shard in shards:
            shard.close()
    counts = [len(index.names) for index in indices]
    names = np.concatenate([index.names for index in indices])
    order = np.argsort(names, kind="stable")
    if (names[order][1:] == names[order][:-1]).any():  # shards number their samples each from 0
        names = _with_their_shards(indices, shards)
        order = np.argsort(names, kind="stable")
    labels, facts = _labels(indices, shards, names, order)
    return MergedIndex(
        names=names[order],
        shards=np.repeat(np.arange(len(shards), dtype=np.int32), counts)[order],
        offsets=np.concatenate([index.offsets for index in indices])[order],
        sizes=np.concatenate([index.sizes for index in indices])[order],
        labels=labels,
        facts=facts,
    )


def _with_their_shards(indices: list[TarIndex], shards: Sequence[Ranges]) -> Packed:
    """Put the shard's name before each name. Raises `DataError` if shards of one name lie in several places."""
    stems = [PurePosixPath(shard.name).stem for shard in shards]
    if len(set(stems)) < len(stems):
        twice = next(stem for stem in stems if stems.count(stem) > 1)
        raise DataError(f"there are two shards {twice} whose images have the same names: rename one of them")
    return np.concatenate(
        [
            np.char.add(pack([f"{stem}/"]), index.names) if len(index.names) else index.names
            for stem, index in zip(stems, indices, strict=True)
        ]
    )


def _labels(
    indices: list[TarIndex], shards: Sequence[Ranges], names: Packed, order: NDArray[np.intp]
) -> tuple[NDArray[Any], dict[str, Any]]:
    """Find the labels: of a ``dataset.json`` in a shard, or of the files beside the images."""
    facts: dict[str, Any] = {"class_names": None, "complaint": "", "has_labels": False}
    nothing = np.zeros(0, np.int32)
    for index, shard in zip(indices, shards, strict=True):
        if index.labels_file[1]:
            return _listed(shard, index.labels_file, PackedNames(names[order]), facts)
    texts = np.concatenate([index.texts for index in indices])[order]
    if not (texts != b"").any():
        return nothing, facts
    facts["has_labels"] = True
    if (texts == b"").any():
        first = PackedNames(names[order])[int((texts == b"").argmax())]
        facts["complaint"] = f"there is no label for {first}, but either all images have one or none"
        return nothing, facts
    try:
        column = column_of(texts)
    except DataError as error:
        return nothing, facts | {"complaint": str(error)}
    return column.values, facts | {"class_names": column.class_names}


def _listed(
    shard: Ranges, place: tuple[int, int], names: PackedNames, facts: dict[str, Any]
) -> tuple[NDArray[Any], dict[str, Any]]:
    labels = parse_labels(shard.read(*place), f"{LABELS_FILE} in {shard.name}")
    found = listed(list(names), labels, shard.name)
    values = np.zeros(0, np.int32) if found.labels is None else found.labels.values
    return values, facts | {
        "class_names": found.class_names,
        "complaint": found.complaint,
        "has_labels": found.has_labels,
    }


def _keep(index: MergedIndex, path: Path) -> None:
    """Write all arrays; whoever finds the folder finds it complete."""
    make_directory(path.parent)
    temporary = Path(mkdtemp(prefix=f".{path.name}.", dir=path.parent))
    try:
        for name in ARRAYS:
            np.save(temporary / f"{name}.npy", getattr(index, name))
        (temporary / FACTS).write_text(json.dumps(index.facts))
        temporary.chmod(0o755)
        temporary.rename(path)  # fails if another process was quicker: its folder is as good
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _loaded(path: Path) -> MergedIndex:
    arrays = {name: np.load(path / f"{name}.npy", mmap_mode="r", allow_pickle=False) for name in ARRAYS}
    return MergedIndex(**arrays, facts=json.loads((path / FACTS).read_text()))
