"""Which kind of source a path is, told by its content."""

import os
import tarfile
import zipfile
import zlib
from pathlib import Path

from allaprima.data.sources.catalogued import catalogued_source, is_catalogued
from allaprima.data.sources.cifar import cifar_source, find_cifar_batches
from allaprima.data.sources.files import files_source
from allaprima.data.sources.idx import find_idx_images, idx_source, is_idx_images
from allaprima.data.sources.item import Source
from allaprima.data.sources.tar import TarStore
from allaprima.data.sources.video import is_animation, is_video_name, video_source
from allaprima.data.store import FolderStore, Store, ZipStore
from allaprima.data.stores.location import written
from allaprima.errors import DataError
from allaprima.images.formats import is_image_name


def open_source(path: str | os.PathLike[str], *, labels: str = "auto", every: int = 1) -> Source:
    """Open whatever holds images: a folder, a ZIP or tar archive, MNIST idx, CIFAR, a video, an animation, an image.

    Args:
        path: Where it is; also an address, a pattern of shards, or what else `open_store` reads.
        labels: "auto" takes the labels that the source carries, "none" leaves them, "folders" takes sub-folders as
            classes, anything else is the path of a CSV or JSON file.
        every: Of a video or animation, take every so many-th frame; at least 1.

    Raises:
        DataError: There is nothing, or nothing that is known; or the labels do not fit.
    """
    if every < 1:
        raise DataError(f"every is {every}, but must be at least 1")
    text = written(path if isinstance(path, str) else Path(path))
    if is_catalogued(text):
        return catalogued_source(text, labels)
    path = Path(path)
    if not path.exists():
        raise DataError(f"{path} does not exist: give a folder, an archive, or a file of images")
    store, kind = _store(path)
    source = _with_own_labels(path, store, labels)
    if source is not None:
        if labels not in ("auto", "none"):
            raise DataError(f"{path} is {source.kind}, which brings its own labels: --labels may only be none")
        return source
    if store is not None:
        return files_source(store, kind, labels, every)
    if is_animation(path) or is_video_name(path.name):
        return video_source(path, every)
    raise DataError(f"{path} is no folder, archive, idx file, CIFAR batch, video or image that can be read")


def _with_own_labels(path: Path, store: Store | None, labels: str) -> Source | None:
    """Open the kinds that are data sets by themselves: idx and CIFAR."""
    use_labels = labels != "none"
    idx = find_idx_images(path) if path.is_dir() else path if is_idx_images(path) else None
    if idx is not None:
        return idx_source(idx, use_labels)
    if store is None and find_cifar_batches([path.name]):
        store = OneFileStore(path)
    if store is not None and (batches := find_cifar_batches(list(store.names()))):
        return cifar_source(store, batches, use_labels)
    return None


def _store(path: Path) -> tuple[Store | None, str]:
    if path.is_dir():
        return FolderStore(path), "folder"
    if zipfile.is_zipfile(path):
        return ZipStore(path), "ZIP archive"
    if _is_tar(path):
        return TarStore(path), "tar archive"
    if is_image_name(path.name) and not is_animation(path):
        return OneFileStore(path), "image"
    return None, ""


def _is_tar(path: Path) -> bool:
    try:
        return tarfile.is_tarfile(path)
    except (OSError, EOFError, zlib.error):
        return False


class OneFileStore(FolderStore):
    """One file, as if it lay alone in its folder."""

    def __init__(self, path: Path) -> None:
        super().__init__(path.parent)
        self._file = path

    def names(self) -> list[str]:
        """Name the one file."""
        return [self._file.name]
