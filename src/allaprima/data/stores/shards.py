"""Tar shards as a store: any image can be read, in any order, from where it lies; nothing is unpacked."""

import hashlib
import zlib
from collections import OrderedDict
from collections.abc import Sequence
from typing import Any

import numpy as np

from allaprima.data.catalogue import Catalogue
from allaprima.data.packed import PackedNames
from allaprima.data.stores.merged import merged_index
from allaprima.data.stores.ranges import Ranges
from allaprima.errors import DataError

MOST_OPEN = 64
"""Shards whose files are open at the same time: systems often allow no more than 1,024."""


class ShardStore:
    """Images in tar archives, sorted by name. Where two shards hold the same name, names begin with their shard's."""

    def __init__(self, path: str, shards: Sequence[Ranges]) -> None:
        """Look up where the images lie, going through shards that are not known yet.

        Args:
            path: What to call them in errors.
            shards: Their bytes.

        Raises:
            DataError: A shard cannot be read or is no complete tar archive.
        """
        self.path = path
        self._shards = list(shards)
        self._index = merged_index(self._shards)
        self._names = PackedNames(self._index.names)
        self._open: OrderedDict[int, Ranges] = OrderedDict()

    @property
    def forks(self) -> bool:
        """Whether a process that is forked from this one can read on."""
        return all(shard.forks for shard in self._shards)

    def names(self) -> PackedNames:
        """List all images, sorted."""
        return self._names

    def read(self, name: str) -> bytes:
        """Give an image's file."""
        row = self._names.find(name)
        index = self._index
        try:
            shard = self._shard(int(index.shards[row]))
            return shard.read(int(index.offsets[row]), int(index.sizes[row]))
        except DataError as error:
            raise DataError(f"{name} in {self.path} cannot be read: {error}") from error

    def checksum(self, name: str) -> tuple[int, int]:
        """Give a file's size and CRC-32; reads the file."""
        data = self.read(name)
        return len(data), zlib.crc32(data)

    def catalogue(self) -> Catalogue:
        """Give names and labels, from the index."""
        facts = self._index.facts
        return Catalogue(
            self._names, self._index.column, facts["class_names"], facts["complaint"], bool(facts["has_labels"])
        )

    def identity(self) -> bytes:
        """Hash names and sizes: the same wherever the shards lie and however the images are spread over them."""
        hashed = hashlib.sha256(self._index.names.dtype.str.encode())
        for array in (self._index.names, self._index.sizes):
            hashed.update(array.view(np.uint8).data if len(array) else b"")
        return hashed.digest()

    def _shard(self, number: int) -> Ranges:
        """Give a shard, and close the one that was not used for longest if too many are open."""
        self._open[number] = self._shards[number]
        self._open.move_to_end(number)
        if len(self._open) > MOST_OPEN:
            self._open.popitem(last=False)[1].close()
        return self._shards[number]

    def __getstate__(self) -> dict[str, Any]:
        return {"path": self.path, "shards": self._shards}  # not the index, which every process finds in its files

    def __setstate__(self, state: dict[str, Any]) -> None:
        ShardStore.__init__(self, **state)
