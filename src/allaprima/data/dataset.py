"""A dataset as training sees it: equal images with labels, from any store.

Axes: n image, c channel, h w row and column, d label component.
"""

import hashlib
import os
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
import torch
from jaxtyping import Float, UInt8
from torch import Tensor

from allaprima.data.catalogue import Catalogue, Catalogued, catalogue
from allaprima.data.selection import Rows, Selection
from allaprima.data.store import Store, open_store
from allaprima.errors import DataError
from allaprima.images.modes import mode_of
from allaprima.images.png import read_image, to_array

PROBES = 64
"""Images whose content goes into a fingerprint, where reading all of them would take long."""


MOST_LABEL_BYTES = 16 << 30
"""Of the label vectors of all images, which a training keeps in memory to draw from."""

AT_ONCE = 16
"""Images that a server is asked for at the same time, by each process."""


class ImageDataset:
    """Images of one shape, sorted by name, in a folder, an archive, tar shards or a Hugging Face data set.

    The first image fixes the shape. Of N images, item N·k + i is image i in the k-th of `flips`.

    Attributes:
        path: The archive or folder; the text that was given, if that is no path.
        name: Its name without extension.
        image_shape: (channels, height, width).
        has_labels: Whether there are labels at all, used or not.
        label_dim: Length of a label vector; 0 unless ``use_labels``.
        names: Names of the images that are items; those held out are not among them.
        flips: The ways in which each image is shown, each (left to right, upside down).
        class_names: What the class numbers mean, if the dataset says so.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        use_labels: bool = False,
        max_images: int | None = None,
        seed: int = 0,
        mirror: bool = False,
        yflip: bool = False,
        holdout: int = 0,
    ) -> None:
        """Open a dataset; images are decoded when asked for.

        Args:
            path: What `open_store` opens: a ZIP archive, a folder, shards, …
            use_labels: Give label vectors; there must be a label for every image.
            max_images: Use that many images, chosen by ``seed``, as the reference tools choose them.
            seed: Of that choice, and of the images held out.
            mirror: Add every image flipped left to right.
            yflip: Add every image flipped upside down.
            holdout: Keep so many images apart, but at most one in twenty: they are no items, `held_out` gives them.

        Raises:
            DataError: The path, its first image or its labels are not what they should be.
        """
        self._open(open_store(path), use_labels=use_labels, max_images=max_images, seed=seed, holdout=holdout)
        self.flips = flips_of(mirror=mirror, yflip=yflip)

    def _open(self, store: Store, *, use_labels: bool, max_images: int | None, seed: int, holdout: int) -> None:
        """Take the images of a store."""
        self._store, self.path = store, store.path
        self.name = name_of(store.path)
        found = catalogue(store)
        if not len(found.pictures):
            raise DataError(f"{self.path} holds no image")
        self._selection = Selection(len(found.pictures), max_images=max_images, holdout=holdout, seed=seed)
        self._take(found, use_labels=use_labels)
        self.image_shape = self._first_shape()
        self.has_labels, self.class_names = found.has_labels, found.class_names
        if use_labels and found.labels is None:
            raise DataError(found.complaint or f"{self.path} has no labels: make it with labels, or train without")
        self.label_dim = 0 if self._labels is None else self._labels.width

    def _take(self, found: Catalogue, *, use_labels: bool) -> None:
        self._pictures = found.pictures
        self.names: Sequence[str] = self._selection.names(found.pictures)
        self._labels = found.labels if use_labels else None

    @property
    def forks(self) -> bool:
        """Whether a process that is forked from this one can read on; if not, workers must be started afresh."""
        return self._store.forks

    def __getstate__(self) -> dict[str, Any]:
        """Leave out what the store knows by itself: of many images it is much, and every process can map it."""
        state = dict(self.__dict__)
        if isinstance(self._store, Catalogued):
            for name in ("_pictures", "names", "_labels"):
                del state[name]
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        if isinstance(self._store, Catalogued):
            self._take(self._store.catalogue(), use_labels=self.label_dim > 0)

    @property
    def num_channels(self) -> int:
        """Number of channels: 1 gray, 2 gray + alpha, 3 RGB, 4 RGBA."""
        return self.image_shape[0]

    @property
    def height(self) -> int:
        """Rows of an image."""
        return self.image_shape[1]

    @property
    def width(self) -> int:
        """Columns of an image."""
        return self.image_shape[2]

    def __len__(self) -> int:
        return len(self.names) * len(self.flips)

    def __getitem__(self, index: int) -> tuple[UInt8[Tensor, "c h w"], Float[Tensor, " d"]]:
        images, labels = self.items([index])
        return images[0], labels[0]

    def items(self, indices: list[int]) -> tuple[UInt8[Tensor, "n c h w"], Float[Tensor, "n d"]]:
        """Decode some items; those of a server are asked for at the same time."""
        for index in indices:
            if not 0 <= index < len(self):
                raise IndexError(f"item {index} of a dataset of {len(self)}")
        flips, items = zip(*(divmod(index, len(self.names)) for index in indices), strict=True)
        images = self._decode_all([self.names[item] for item in items])
        for row, flip in enumerate(flips):
            if flip:
                x, y = self.flips[flip]
                images[row] = images[row].flip([*([2] if x else []), *([1] if y else [])])
        return images, self._label_rows(np.array([self._selection.row(item) for item in items]))

    def label_table(self) -> Float[Tensor, "n d"]:
        """Give the labels of all images, without their mirrored copies; d is 0 unless ``use_labels``.

        Raises:
            DataError: They take more memory than is sensible.
        """
        if (size := 4 * len(self.names) * self.label_dim) > MOST_LABEL_BYTES:
            raise DataError(
                f"the labels of {self.path} would take {size / 1e9:,.0f} GB ({len(self.names):,} images, vectors of"
                f" {self.label_dim}): train without them, or on fewer images"
            )
        return self._label_rows(self._selection.rows()) if self.label_dim else torch.zeros(len(self.names), 0)

    def load_all(self) -> tuple[UInt8[Tensor, "n c h w"], Float[Tensor, "n d"]]:
        """Decode all images, without their mirrored copies."""
        return self._decode_all(self.names), self.label_table()

    @property
    def num_held_out(self) -> int:
        """How many images are kept apart."""
        return len(self._selection.held_out)

    def held_out(self) -> tuple[UInt8[Tensor, "n c h w"], Float[Tensor, "n d"]]:
        """Decode the images that are kept apart."""
        rows = self._selection.held_out
        return self._decode_all([self._pictures[row] for row in rows.tolist()]), self._label_rows(rows)

    def fingerprint(self) -> str:
        """Hash which images these are: 32 hexadecimal digits, the same for a folder and its archive.

        Of a folder or a ZIP archive names, sizes, checksums and labels of all images count. Of shards and tables, where
        that would take long: names and sizes of all (of tables: number and types), the content of `PROBES`, labels.
        """
        digest = hashlib.sha256()
        probed: Sequence[str] = self.names
        if isinstance(self._store, Catalogued):
            digest.update(self._store.identity() + self._selection.identity())
            probed = [self.names[i * len(self.names) // PROBES] for i in range(PROBES)]
        for name in probed:
            size, crc = self._store.checksum(name)
            digest.update(f"{name}\0{size}\0{crc}\n".encode("utf-8", "surrogateescape"))
        if probed is self.names:
            digest.update(self.label_table().numpy().tobytes())
        elif self._labels is not None:
            digest.update(np.ascontiguousarray(self._labels.values).tobytes())
        return digest.hexdigest()[:32]

    def _label_rows(self, rows: Rows) -> Tensor:
        if self._labels is None:
            return torch.zeros(len(rows), 0)
        return self._labels.vectors(rows, self.label_dim)

    def _decode_all(self, names: Sequence[str]) -> Tensor:
        images = torch.empty(len(names), *self.image_shape, dtype=torch.uint8)
        for row, (name, content) in enumerate(zip(names, self._contents(names), strict=True)):
            images[row] = self._decoded(content, name)
        return images

    def _contents(self, names: Sequence[str]) -> Iterator[bytes]:
        if self.forks or len(names) == 1:
            yield from map(self._store.read, names)
            return
        with ThreadPoolExecutor(AT_ONCE) as pool:
            for start in range(0, len(names), 4 * AT_ONCE):
                yield from pool.map(self._store.read, names[start : start + 4 * AT_ONCE])

    def _decoded(self, content: bytes, name: str) -> Tensor:
        image = self._pixels(content, name)
        if tuple(image.shape) != self.image_shape:
            raise DataError(
                f"{name} in {self.path} is {describe_shape(image.shape)}, but {self.names[0]} is "
                f"{describe_shape(self.image_shape)}: make them alike with 'allaprima dataset'"
            )
        return image

    def _pixels(self, content: bytes, name: str) -> Tensor:
        picture = to_array(read_image(content, f"{name} in {self.path}"))
        return torch.from_numpy(np.ascontiguousarray(picture.transpose(2, 0, 1)))

    def _first_shape(self) -> tuple[int, int, int]:
        channels, height, width = self._pixels(self._store.read(self.names[0]), self.names[0]).shape
        return channels, height, width


def describe_shape(shape: Iterable[int]) -> str:
    """Say (4, 64, 48) as people do: 64×48 RGBA, height first."""
    channels, height, width = shape
    return f"{height}×{width} {mode_of(channels)}"


def flips_of(*, mirror: bool, yflip: bool) -> list[tuple[bool, bool]]:
    """The ways in which each image is shown, each (left to right, upside down), the plain one first."""
    return [(x, y) for y in ((False, True) if yflip else (False,)) for x in ((False, True) if mirror else (False,))]


def name_of(path: Path | str) -> str:
    """Name a dataset: its file's name without extension, its folder's name, the end of its address."""
    if isinstance(path, Path):
        return path.resolve().stem if path.is_file() else path.resolve().name
    place = PurePosixPath(path.partition("?")[0].rstrip("/"))
    return (place.parent.name if "{" in place.name else place.stem) or path
