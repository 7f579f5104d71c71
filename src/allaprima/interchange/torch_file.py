"""The two formats of ``torch.save``: five pickles and the storages (before PyTorch 1.6), and a zip file (since).

A storage within another pickle (``torch.storage._load_from_bytes``) is a whole file of the first kind.
"""

import io
import zipfile
from abc import ABC, abstractmethod
from typing import Any

from allaprima.errors import ModelFileError
from allaprima.interchange.instructions import run
from allaprima.interchange.limits import TENSOR, Budget
from allaprima.interchange.rebuilder import Rebuilder
from allaprima.interchange.records import Global, called, printable
from allaprima.interchange.stream import Stream
from allaprima.interchange.torch_payload import Storage, storage_kind
from allaprima.interchange.zip_directory import open_zip

SIGNATURE = 0x1950A86A20F9469CFC6C
PROTOCOL = 1001
ZIP = b"PK\x03\x04"


class Storages(ABC):
    """What the references of a file of PyTorch's mean: storages, by key."""

    def __init__(self, budget: Budget) -> None:
        self._budget = budget
        self._found: dict[str, bytearray] = {}
        self._sizes: dict[str, int] = {}

    def find(self, reference: Any) -> Any:
        """Give the storage that a reference tells of, or the class, for files that kept the source of classes too."""
        match reference:
            case ("module", Global() as kind, _, _):
                return kind
            case ("storage", kind, str(key), _, int(size), *rest) if rest in ([], [None]) and type(size) is int:
                dtype, is_typed = storage_kind(kind)
            case _:
                raise ModelFileError(f"refers by a {called(reference)} to something outside of it that is no storage")
        num_bytes = size * dtype.itemsize
        if key not in self._found:
            self._budget.work(TENSOR)
            self._found[key] = self.open(key, num_bytes)
            self._sizes[key] = size
        if len(self._found[key]) != num_bytes:
            raise ModelFileError(
                f"has a storage {printable(key)} of {len(self._found[key]):,} and of {num_bytes:,} bytes"
            )
        return Storage(self._found[key], dtype, is_typed)

    @abstractmethod
    def open(self, key: str, num_bytes: int) -> bytearray:
        """Give the memory of a storage."""


class LaterStorages(Storages):
    """Storages that follow in the same file, after the pickles."""

    def __init__(self, budget: Budget, stream: Stream) -> None:
        super().__init__(budget)
        self._stream = stream

    def open(self, key: str, num_bytes: int) -> bytearray:
        """Give memory that is filled later; no more than the file can fill."""
        if not 0 <= num_bytes <= self._stream.remaining:
            raise ModelFileError(f"promises a storage of {num_bytes:,} bytes, and has {self._stream.remaining:,}")
        self._budget.claim(num_bytes)
        return bytearray(num_bytes)

    def fill(self, keys: Any) -> None:
        """Read what follows: for each of ``keys`` how many numbers there are, then these."""
        if not (isinstance(keys, list) and all(isinstance(key, str) for key in keys) and len(set(keys)) == len(keys)):
            raise ModelFileError("has no list of its storages")
        if set(keys) != self._found.keys():
            raise ModelFileError("has other storages than its tensors need")
        for key in keys:
            size = self._stream.unsigned(8)
            if size != self._sizes[key]:
                raise ModelFileError(f"has {size:,} numbers in the storage {printable(key)} of {self._sizes[key]:,}")
            self._stream.read_into(self._found[key])


class ZippedStorages(Storages):
    """Storages that are members of a zip file."""

    def __init__(self, budget: Budget, archive: zipfile.ZipFile, root: str) -> None:
        super().__init__(budget)
        self._archive = archive
        self._root = root

    def open(self, key: str, num_bytes: int) -> bytearray:
        """Give what the member holds."""
        return bytearray(read_member(self._archive, f"{self._root}data/{key}", self._budget, num_bytes))


def read_container(stream: Stream, budget: Budget, *, is_nested: bool = False) -> Any:
    """Read a pickle, or either of PyTorch's formats."""

    def read_storage(content: bytes) -> Storage:
        storage = read_container(Stream(io.BytesIO(content), len(content)), budget, is_nested=True)
        if not isinstance(storage, Storage):
            raise ModelFileError(f"has a {called(storage)} where a storage was expected")
        return storage

    rebuilder = Rebuilder(budget, None if is_nested else read_storage)
    if stream.begins_with(ZIP):
        value = _read_zip(stream, rebuilder)
    else:
        value = run(stream, rebuilder)
        if type(value) is int and value == SIGNATURE:
            value = _read_legacy(stream, rebuilder)
        elif is_nested:
            raise ModelFileError("has a storage that is not in a format of PyTorch's")
    rebuilder.arrays.check_all_are_filled()
    return value


def _read_legacy(stream: Stream, rebuilder: Rebuilder) -> Any:
    protocol, system = run(stream, rebuilder), run(stream, rebuilder)
    if protocol != PROTOCOL or not isinstance(system, dict) or system.get("little_endian") is not True:
        raise ModelFileError("is written in a version or a byte order of PyTorch's format that is not read")
    storages = LaterStorages(rebuilder.budget, stream)
    value = run(stream, rebuilder, storages.find)
    storages.fill(run(stream, rebuilder))
    return value


def _read_zip(stream: Stream, rebuilder: Rebuilder) -> Any:
    with open_zip(stream, rebuilder.budget.limits) as archive:
        names = archive.namelist()
        roots = [name.removesuffix("data.pkl") for name in names if name == "data.pkl" or name.endswith("/data.pkl")]
        if len(roots) != 1:
            raise ModelFileError("is a zip file, but none that PyTorch writes: it has no data.pkl")
        (root,) = roots
        if any(name == f"{root}constants.pkl" or name.startswith(f"{root}code/") for name in names):
            raise ModelFileError("is a program in TorchScript, which could only be run, not read")
        if f"{root}byteorder" in names:
            order = read_member(archive, f"{root}byteorder", rebuilder.budget)
            if order != b"little":
                raise ModelFileError("is written in a byte order that is not read")
        pickle = read_member(archive, f"{root}data.pkl", rebuilder.budget)
        storages = ZippedStorages(rebuilder.budget, archive, root)
        return run(Stream(io.BytesIO(pickle), len(pickle)), rebuilder, storages.find)


def read_member(archive: zipfile.ZipFile, name: str, budget: Budget, size: int | None = None) -> bytes:
    """Decompress a member, which must have ``size`` bytes; paid for before any memory is used."""
    try:
        info = archive.getinfo(name)
    except KeyError:
        raise ModelFileError(f"lacks its part {printable(name)}") from None
    if size is not None and info.file_size != size:
        raise ModelFileError(
            f"has {info.file_size:,} bytes in its part {printable(name)}, where {size:,} were expected"
        )
    budget.claim(info.file_size)
    with archive.open(info) as member:
        data = member.read(info.file_size)
    if len(data) != info.file_size:
        raise ModelFileError(f"is cut short in its part {printable(name)}")
    return data
