"""A dataset as training sees it: equal images with labels, from an archive or a folder.

Axes: n image, c channel, h w row and column, d label component.
"""

import hashlib
import os
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float, UInt8
from torch import Tensor

from allaprima.data.labels import LABELS_FILE, Labels, label_vectors, label_width, parse_labels
from allaprima.data.store import open_store
from allaprima.errors import DataError
from allaprima.images.formats import is_image_name
from allaprima.images.modes import mode_of
from allaprima.images.png import read_image, to_array

FEW = 20  # one image in so many may be held out


class ImageDataset:
    """Images of one shape, sorted by name, in a ZIP archive or a folder with an optional ``dataset.json``.

    The first image fixes the shape. Of N images, item N·k + i is image i in the k-th of `flips`.

    Attributes:
        path: The archive or folder.
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
            path: A ZIP archive or a folder.
            use_labels: Give label vectors; there must be a label for every image.
            max_images: Use that many images, chosen by ``seed``, as the reference tools choose them.
            seed: Of that choice, and of the images held out.
            mirror: Add every image flipped left to right.
            yflip: Add every image flipped upside down.
            holdout: Keep so many images apart, but at most one in twenty: they are no items, `held_out` gives them.

        Raises:
            DataError: The path, its first image or its labels are not what they should be.
        """
        self._store = open_store(path)
        self.path = Path(path)
        self.name = self.path.resolve().stem if self.path.is_file() else self.path.resolve().name
        self.flips = [
            (x, y) for y in ((False, True) if yflip else (False,)) for x in ((False, True) if mirror else (False,))
        ]
        files = self._store.names()
        all_names = [name for name in files if is_image_name(name)]
        if not all_names:
            raise DataError(f"{self.path} holds no image")
        self.names, self._held_out = _apart(_subset(all_names, max_images, seed), holdout, seed)
        self.image_shape = self._first_shape()
        labels = self._read_labels(LABELS_FILE in files)
        self.has_labels, self.class_names = bool(labels.of), labels.class_names
        self._labels = self._label_table(labels, all_names, self.names, use_labels)
        self._held_out_labels = self._label_table(labels, all_names, self._held_out, use_labels)
        self.label_dim = self._labels.shape[1]

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
        if not 0 <= index < len(self):
            raise IndexError(f"item {index} of a dataset of {len(self)}")
        flip, row = divmod(index, len(self.names))
        x, y = self.flips[flip]
        return self._decode(self.names[row]).flip([*([2] if x else []), *([1] if y else [])]), self._labels[row]

    def label_table(self) -> Float[Tensor, "n d"]:
        """Give the labels of all images, without their mirrored copies; d is 0 unless ``use_labels``."""
        return self._labels

    def load_all(self) -> tuple[UInt8[Tensor, "n c h w"], Float[Tensor, "n d"]]:
        """Decode all images, without their mirrored copies."""
        return self._decode_all(self.names), self._labels

    def held_out(self) -> tuple[UInt8[Tensor, "n c h w"], Float[Tensor, "n d"]]:
        """Decode the images that are kept apart."""
        return self._decode_all(self._held_out), self._held_out_labels

    def fingerprint(self) -> str:
        """Hash names, sizes, checksums and labels: 32 hexadecimal digits, the same for a folder and its archive."""
        digest = hashlib.sha256()
        for name in self.names:
            size, crc = self._store.checksum(name)
            digest.update(f"{name}\0{size}\0{crc}\n".encode())
        digest.update(self._labels.numpy().tobytes())
        return digest.hexdigest()[:32]

    def _decode_all(self, names: list[str]) -> Tensor:
        images = torch.empty(len(names), *self.image_shape, dtype=torch.uint8)
        for row, name in enumerate(names):
            images[row] = self._decode(name)
        return images

    def _decode(self, name: str) -> Tensor:
        image: Tensor = self._picture(name)
        if tuple(image.shape) != self.image_shape:
            raise DataError(
                f"{name} in {self.path} is {describe_shape(image.shape)}, but {self.names[0]} is "
                f"{describe_shape(self.image_shape)}: make them alike with 'allaprima dataset'"
            )
        return image

    def _picture(self, name: str) -> Tensor:
        picture = to_array(read_image(self._store.read(name), f"{name} in {self.path}"))
        return torch.from_numpy(np.ascontiguousarray(picture.transpose(2, 0, 1)))

    def _first_shape(self) -> tuple[int, int, int]:
        channels, height, width = self._picture(self.names[0]).shape
        return channels, height, width

    def _read_labels(self, present: bool) -> Labels:
        if not present:
            return Labels({})
        return parse_labels(self._store.read(LABELS_FILE), f"{LABELS_FILE} in {self.path}")

    def _label_table(self, labels: Labels, all_names: list[str], names: list[str], use_labels: bool) -> Tensor:
        if not use_labels:
            return torch.zeros(len(names), 0)
        if not labels.of:
            raise DataError(f"{self.path} has no labels: make it with labels, or train without")
        _check_complete(labels.of, all_names, self.path)
        return label_vectors([labels.of[name] for name in names], label_width(labels.of))


def describe_shape(shape: Iterable[int]) -> str:
    """Say (4, 64, 48) as people do: 64×48 RGBA, height first."""
    channels, height, width = shape
    return f"{height}×{width} {mode_of(channels)}"


def _subset(names: list[str], max_images: int | None, seed: int) -> list[str]:
    """Choose as the reference tools do: shuffle by the seed, cut, sort."""
    if max_images is None or max_images >= len(names):
        return names
    if max_images < 1:
        raise DataError(f"max_images is {max_images}, but must be at least 1")
    order = np.arange(len(names))
    np.random.RandomState(seed).shuffle(order)  # as in the whole ecosystem
    return [names[i] for i in np.sort(order[:max_images])]


def _apart(names: list[str], holdout: int, seed: int) -> tuple[list[str], list[str]]:
    """Names to train on, and those held out."""
    count = min(holdout, len(names) // FEW)
    apart = set(np.random.RandomState(seed).permutation(len(names))[:count].tolist())
    return [n for i, n in enumerate(names) if i not in apart], [n for i, n in enumerate(names) if i in apart]


def _check_complete(labels: dict[str, int | list[float]], names: list[str], path: Path) -> None:
    known = set(names)
    for name in labels:
        if name not in known:
            raise DataError(f"{LABELS_FILE} in {path} labels {name}, which is not there")
    for name in names:
        if name not in labels:
            raise DataError(f"{LABELS_FILE} in {path} has no label for {name}, but either all images have one or none")
