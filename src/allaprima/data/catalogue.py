"""What a store says of its images without reading them: their names, and their labels."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, runtime_checkable

from allaprima.data.labels import LABELS_FILE, LabelColumn, Labels, label_column, parse_labels
from allaprima.data.stores.protocol import Store
from allaprima.errors import DataError
from allaprima.images.formats import is_image_name


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The images of a store.

    Attributes:
        pictures: Their names, sorted.
        labels: Their labels, in the same order; None without.
        class_names: What the class numbers mean, if known.
        complaint: Why there are none, if there ought to be: a sentence for those who want them.
        has_labels: Whether there are labels at all, be they good or not.
    """

    pictures: Sequence[str]
    labels: LabelColumn | None = None
    class_names: list[str] | None = None
    complaint: str = ""
    has_labels: bool = False


@runtime_checkable
class Catalogued(Protocol):
    """A store that knows its images by itself, however many they are."""

    def catalogue(self) -> Catalogue:
        """Give names and labels."""
        ...

    def identity(self) -> bytes:
        """Give something that tells this store's images from others', as far as is known without reading them."""
        ...


def catalogue(store: Store) -> Catalogue:
    """List the images of any store, with their labels: its own, or those in ``dataset.json``.

    Raises:
        DataError: ``dataset.json`` cannot be understood.
    """
    if isinstance(store, Catalogued):
        return store.catalogue()
    files = store.names()
    pictures = [name for name in files if is_image_name(name)]
    if LABELS_FILE not in files:
        return Catalogue(pictures)
    labels = parse_labels(store.read(LABELS_FILE), f"{LABELS_FILE} in {store.path}")
    return listed(pictures, labels, store.path)


def listed(pictures: list[str], labels: Labels, path: Path | str) -> Catalogue:
    """Put together what ``dataset.json`` says and what is there."""
    if not labels.of:
        return Catalogue(pictures, class_names=labels.class_names)
    try:
        check_complete(labels, pictures, path)
    except DataError as error:
        return Catalogue(pictures, class_names=labels.class_names, complaint=str(error), has_labels=True)
    return Catalogue(pictures, label_column(labels, pictures), labels.class_names, has_labels=True)


def check_complete(labels: Labels, names: list[str], path: Path | str) -> None:
    """Raise `DataError` unless exactly these images have a label."""
    known = set(names)
    for name in labels.of:
        if name not in known:
            raise DataError(f"{LABELS_FILE} in {path} labels {name}, which is not there")
    for name in names:
        if name not in labels.of:
            raise DataError(f"{LABELS_FILE} in {path} has no label for {name}, but either all images have one or none")
