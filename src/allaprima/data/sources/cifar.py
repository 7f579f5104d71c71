"""CIFAR-10 and CIFAR-100, the "python" and the "binary" version, in a folder or in the archive they come in.

Of a data set with both, the training part is read; of CIFAR-100 the fine labels.
"""

import re
from collections.abc import Callable, Iterator
from pathlib import PurePosixPath
from typing import Any, TypeGuard

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from allaprima.data.sources.closed_pickle import Array, load_closed
from allaprima.data.sources.item import Item, Source
from allaprima.data.store import Store
from allaprima.errors import DataError

_SIDE = 32
_PIXELS = 3 * _SIDE * _SIDE
_TRAIN = re.compile(r"data_batch_\d+(\.bin)?|train(\.bin)?")
_TEST = re.compile(r"test_batch(\.bin)?|test(\.bin)?")
_NAME_KEYS = ("label_names", "fine_label_names")
_NAME_FILES = ("batches.meta", "meta", "batches.meta.txt", "fine_label_names.txt")


def find_cifar_batches(files: list[str]) -> list[str]:
    """Pick the batch files of the training part, else of the test part, else none, out of all files of a store.

    A file called ``train`` or ``test`` counts only beside one of the files that hold the class names.
    """
    has_names = any(PurePosixPath(name).name in _NAME_FILES for name in files)
    candidates = [name for name in files if has_names or "_batch" in PurePosixPath(name).name]
    for part in (_TRAIN, _TEST):
        found = sorted(name for name in candidates if part.fullmatch(PurePosixPath(name).name))
        if found:
            return found
    return []


def cifar_source(store: Store, batches: list[str], use_labels: bool = True) -> Source:
    """Read the images of some batch files.

    Raises:
        DataError: A batch is cut short, or is a pickle that names what it should not.
    """
    names = _class_names(store)
    contents = [_read_batch(store, name) for name in batches]

    def items() -> Iterator[Item]:
        for batch, (pixels, labels) in zip(batches, contents, strict=True):
            for i, image in enumerate(pixels):
                yield Item(f"{batch}/{i:05d}", _decoder(image), labels[i] if use_labels else None)

    count = sum(len(labels) for _, labels in contents)
    return Source(store.path, "CIFAR", items, count, names if use_labels else None)


def _read_batch(store: Store, name: str) -> tuple[NDArray[np.uint8], list[int]]:
    """Give images [n, 3072] and labels of one file."""
    data = store.read(name)
    return _from_binary(data, name) if name.endswith(".bin") else _from_pickle(data, name)


def _from_pickle(data: bytes, name: str) -> tuple[NDArray[np.uint8], list[int]]:
    content = load_closed(data, name)
    labels, array = content.get("fine_labels", content.get("labels")), content.get("data")
    if not isinstance(array, Array) or not _are_classes(labels):
        raise DataError(f"{name} is a pickle, but not of CIFAR: it needs 'data' and 'labels'")
    try:
        pixels = array.pixels().reshape(len(labels), _PIXELS)
    except (ValueError, TypeError) as error:
        raise DataError(f"{name} is not a batch of CIFAR: {error}") from error
    return pixels, labels


def _from_binary(data: bytes, name: str) -> tuple[NDArray[np.uint8], list[int]]:
    """Cut rows of label and pixels; CIFAR-100 has a coarse label before the fine one."""
    for num_labels in (1, 2):
        if data and len(data) % (_PIXELS + num_labels) == 0:
            rows = np.frombuffer(data, np.uint8).reshape(-1, _PIXELS + num_labels)
            return rows[:, num_labels:], rows[:, num_labels - 1].tolist()
    raise DataError(f"{name} is not a binary batch of CIFAR: {len(data)} bytes are no number of whole rows")


def _are_classes(labels: Any) -> TypeGuard[list[int]]:
    return isinstance(labels, list) and all(type(label) is int and 0 <= label < 256 for label in labels)


def _class_names(store: Store) -> list[str] | None:
    for name in store.names():
        file = PurePosixPath(name).name
        if file not in _NAME_FILES:
            continue
        if file.endswith(".txt"):
            return store.read(name).decode("utf-8", "replace").split()
        content = load_closed(store.read(name), name)
        names = next((content[key] for key in _NAME_KEYS if key in content), None)
        if isinstance(names, list):
            return [n.decode("latin1") if isinstance(n, bytes) else str(n) for n in names]
    return None


def _decoder(pixels: NDArray[np.uint8]) -> Callable[[], Image.Image]:
    return lambda: Image.fromarray(np.ascontiguousarray(pixels.reshape(3, _SIDE, _SIDE).transpose(1, 2, 0)))
