"""MNIST and its relatives: the ``idx`` format, gzipped or not (http://yann.lecun.com/exdb/mnist, "file formats")."""

import gzip
import io
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from allaprima.data.sources.item import Item, Source
from allaprima.errors import DataError

_UBYTE = 8
"""The code of unsigned bytes, in the third byte of a file; the fourth is the number of axes."""


def is_idx_images(path: Path) -> bool:
    """Tell by its first bytes whether a file holds unsigned bytes of three axes (or four: colours last)."""
    try:
        with _open(path) as file:
            return file.read(4) in (b"\0\0\x08\x03", b"\0\0\x08\x04")
    except (OSError, EOFError, zlib.error):
        return False


def find_idx_images(folder: Path) -> Path | None:
    """Find the images in a folder of idx files: those of the training set if there are more."""
    found = sorted(path for path in folder.iterdir() if path.is_file() and "idx3" in path.name and is_idx_images(path))
    return next((path for path in found if "train" in path.name), found[0] if found else None)


def idx_source(path: Path, use_labels: bool = True) -> Source:
    """Read an images file, with the labels file beside it if there is one (``images-idx3`` → ``labels-idx1``).

    Raises:
        DataError: A file is cut short, or numbers of images and labels differ.
    """
    images = read_idx(path)
    labels_path = path.with_name(path.name.replace("images", "labels").replace("idx3", "idx1"))
    labels = read_idx(labels_path).tolist() if use_labels and labels_path != path and labels_path.is_file() else None
    if labels is not None and len(labels) != len(images):
        raise DataError(f"{path} holds {len(images)} images, but {labels_path.name} {len(labels)} labels")

    def items() -> Iterator[Item]:
        for i, pixels in enumerate(images):
            yield Item(f"{path.name}/{i:08d}", _decoder(pixels), None if labels is None else labels[i])

    return Source(path, "idx file", items, len(images))


def read_idx(path: Path) -> NDArray[np.uint8]:
    """Read an array of unsigned bytes; its shape stands in the file's head, big-endian."""
    try:
        with _open(path) as file:
            head = file.read(4)
            if len(head) < 4 or head[:3] != bytes((0, 0, _UBYTE)):
                raise DataError(f"{path} is not an idx file of unsigned bytes")
            shape = np.frombuffer(file.read(4 * head[3]), ">u4").tolist()
            data = file.read()
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(f"{path} cannot be read: {error}") from error
    if len(shape) != head[3] or len(data) != int(np.prod(shape, dtype=object)):
        raise DataError(f"{path} is cut short: its head promises {shape}, but {len(data)} bytes follow")
    return np.frombuffer(data, np.uint8).reshape(shape)


def _open(path: Path) -> gzip.GzipFile | io.BufferedReader:
    with path.open("rb") as file:
        zipped = file.read(2) == b"\x1f\x8b"
    return gzip.open(path) if zipped else path.open("rb")


def _decoder(pixels: NDArray[np.uint8]) -> Callable[[], Image.Image]:
    return lambda: Image.fromarray(pixels)
