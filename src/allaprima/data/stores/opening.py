"""Which store a source is, told by how it is written and by its content."""

import os
import tarfile
import zlib
from pathlib import Path

from allaprima.data.stores.folder import FolderStore
from allaprima.data.stores.huggingface import HuggingFaceStore, is_saved_data_set
from allaprima.data.stores.location import HUGGING_FACE, MAPPED, PIPE, expanded, is_address, written
from allaprima.data.stores.protocol import Store
from allaprima.data.stores.ranges import LocalFile, MappedFile, Ranges
from allaprima.data.stores.remote import RemoteFile, file_system, patiently
from allaprima.data.stores.shards import ShardStore
from allaprima.data.stores.zip import ZipStore
from allaprima.errors import DataError

KNOWN = (
    "give a folder of images, a .zip archive, .tar shards (a folder of them, shards/{000..119}.tar, or a .txt list),"
    " their addresses (https://, s3://, …), or hf://NAME"
)


def open_store(source: str | os.PathLike[str]) -> Store:
    """Open what holds the images of a dataset and can be read in any order.

    Args:
        source: A folder, a ZIP archive, tar shards, a data set of the library ``datasets``; here, or at an
            address. With ``mmap:`` before it an archive is read through a memory map.

    Raises:
        DataError: There is nothing, or nothing of these kinds; or it cannot be read.
    """
    text = written(source if isinstance(source, str) else Path(source))
    if text.startswith(PIPE):
        raise DataError(f"{text} is a stream, which only a training can read: give {KNOWN[5:]}")
    if text.startswith(HUGGING_FACE):
        return HuggingFaceStore.of_hub(text)
    mapped, text = text.startswith(MAPPED), text.removeprefix(MAPPED)
    if is_address(text):
        return _elsewhere(text)
    return _here(Path(text), mapped)


def _here(path: Path, mapped: bool) -> Store:
    text = str(path)
    kind = MappedFile if mapped else LocalFile
    if path.is_dir():
        if is_saved_data_set(path):
            return HuggingFaceStore.of_folder(path)
        tars = sorted(p for p in path.iterdir() if p.suffix == ".tar")
        return ShardStore(text, [kind(tar) for tar in tars]) if tars else FolderStore(path)
    if path.exists():
        if path.suffix == ".txt":
            return ShardStore(text, [_ranges(name, path.parent, mapped) for name in _lines(path.read_bytes(), text)])
        if _is_tar(path):
            return ShardStore(text, [kind(path)])
        return ZipStore(path, kind(path))
    if "{" in text:
        return ShardStore(text, [kind(Path(name)) for name in expanded(text)])
    raise DataError(f"{path} does not exist: {KNOWN}")


def _elsewhere(address: str) -> Store:
    ending = address.partition("?")[0].rpartition("/")[2].rpartition(".")[2].lower()
    if ending == "zip":
        return ZipStore(address, RemoteFile(address))
    if ending == "txt":
        folder = address.rpartition("/")[0]
        content = patiently(address, lambda: file_system(address).cat_file(address))
        return ShardStore(address, [_ranges(name, folder, False) for name in _lines(content, address)])
    if ending == "tar":
        return ShardStore(address, [RemoteFile(name) for name in expanded(address)])
    raise DataError(f"{address} ends in neither .zip nor .tar nor .txt: {KNOWN}")


def _ranges(name: str, folder: Path | str, mapped: bool) -> Ranges:
    """Open a shard of a list; a name alone is beside the list."""
    if is_address(name):
        return RemoteFile(name)
    if isinstance(folder, str):
        return RemoteFile(f"{folder}/{name}")
    return (MappedFile if mapped else LocalFile)(folder / name)


def _lines(content: bytes, name: str) -> list[str]:
    lines = [line.strip() for line in content.decode("utf-8", "replace").splitlines()]
    shards = [shard for line in lines if line and not line.startswith("#") for shard in expanded(line)]
    if not shards:
        raise DataError(f"{name} lists no shard: it needs a line for each .tar")
    return shards


def _is_tar(path: Path) -> bool:
    try:
        return tarfile.is_tarfile(path)
    except (OSError, EOFError, zlib.error):
        return False
