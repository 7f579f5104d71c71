"""Shards, tables and what lies at an address, as a source of pictures."""

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from PIL import Image

from allaprima.data.catalogue import Catalogued
from allaprima.data.labels import Label, LabelColumn
from allaprima.data.sources.files import files_source
from allaprima.data.sources.item import Item, Source
from allaprima.data.store import Store, open_store
from allaprima.data.stores.huggingface import is_saved_data_set
from allaprima.data.stores.location import is_address
from allaprima.errors import DataError
from allaprima.images.png import read_image


def is_catalogued(text: str) -> bool:
    """Tell whether a source is an address, a pattern of shards, a folder of them, or a saved data set."""
    path = Path(text)
    if path.is_dir():
        return is_saved_data_set(path) or any(path.glob("*.tar"))
    return is_address(text) or ("{" in text and not path.exists())


def catalogued_source(text: str, labels: str) -> Source:
    """Read all pictures of it, with its own labels.

    Raises:
        DataError: It cannot be read, or other labels are wanted.
    """
    store = open_store(text)
    if not isinstance(store, Catalogued):
        return files_source(store, "archive", labels, 1)
    if labels not in ("auto", "none"):
        raise DataError(f"{text} brings its own labels: --labels may only be none")
    found = store.catalogue()
    if labels == "auto" and found.complaint:
        raise DataError(f"{found.complaint} (--labels none does without)")
    column = found.labels if labels == "auto" else None

    def items() -> Iterator[Item]:
        for row, name in enumerate(found.pictures):
            yield Item(name, _decoder(store, name), _label(column, row), _reader(store, name))

    class_names = found.class_names if column is not None else None
    return Source(store.path, "shards or table", items, len(found.pictures), class_names)


def _label(column: LabelColumn | None, row: int) -> Label | None:
    if column is None:
        return None
    value = np.asarray(column.values[row])
    return int(value) if value.ndim == 0 else [float(number) for number in value]


def _reader(store: Store, name: str) -> Callable[[], bytes]:
    return lambda: store.read(name)


def _decoder(store: Store, name: str) -> Callable[[], Image.Image]:
    return lambda: read_image(store.read(name), name)
