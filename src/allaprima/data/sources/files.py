"""Image files (and videos among them) in a folder, a ZIP archive, a tar archive, or one file alone."""

from collections.abc import Callable, Iterator

from PIL import Image

from allaprima.data.labels import LABELS_FILE, Labels, parse_labels
from allaprima.data.sources.item import Item, Source
from allaprima.data.sources.label_choice import chosen_labels, class_file_labels
from allaprima.data.sources.video import is_video_name, video_items
from allaprima.data.store import Store
from allaprima.errors import DataError
from allaprima.images.formats import is_image_name
from allaprima.images.png import read_image


def files_source(store: Store, kind: str, labels: str, every: int) -> Source:
    """Read all pictures of a store, sub-folders too.

    Args:
        store: The files.
        kind: What the store is, in words.
        labels: "auto" (``dataset.json`` or ``.cls`` files, if there are any), "none", "folders", or the path of a
            CSV or JSON file.
        every: Of a video, take every so many-th frame.

    Raises:
        DataError: There are no pictures, or the labels do not fit them.
    """
    files = list(store.names())
    pictures = [name for name in files if is_image_name(name) or is_video_name(name)]
    if not pictures:
        raise DataError(f"{store.path} holds no image")
    found = chosen_labels(labels, pictures, store.path) or _own_labels(store, files, pictures, labels)
    videos = any(is_video_name(name) for name in pictures)

    def items() -> Iterator[Item]:
        for name in pictures:
            label = found.of.get(name)
            if is_video_name(name):
                yield from video_items(_reader(store, name), name, every, label)
            else:
                yield Item(name, _decoder(store, name), label, _reader(store, name))

    return Source(store.path, kind, items, None if videos else len(pictures), found.class_names)


def _own_labels(store: Store, files: list[str], pictures: list[str], labels: str) -> Labels:
    """Find the labels that the store itself carries."""
    if labels == "none":
        return Labels({})
    if LABELS_FILE not in files:
        return class_file_labels(store, files, pictures)
    found = parse_labels(store.read(LABELS_FILE), f"{LABELS_FILE} in {store.path}")
    missing = sorted(set(found.of) - set(pictures))
    if missing:
        raise DataError(f"{LABELS_FILE} in {store.path} labels {missing[0]}, which is not there")
    return found


def _reader(store: Store, name: str) -> Callable[[], bytes]:
    return lambda: store.read(name)


def _decoder(store: Store, name: str) -> Callable[[], Image.Image]:
    return lambda: read_image(store.read(name), name)
