"""Opens the pickles and ``torch.save`` files in which models were published, without running anything in them.

A pickle is a program: it may import whatever it can name and call it. Published models rely on that, and even carry the
source text of their networks. Here the program is read by a machine of our own that knows names, but nothing behind
them: what it cannot turn into plain values, arrays and tensors stays a `Record`; names that no model uses are refused.

Deviation: the tensors within are not left to ``torch.load(weights_only=True)``, but read by the same machine, within
the same limits. There is then one reader to be sure of, and PyTorch's has let code run (CVE-2025-32434).
"""

import io
import struct
import zipfile
import zlib
from pathlib import Path
from typing import Any, BinaryIO

from allaprima.errors import ModelFileError
from allaprima.interchange.limits import Budget, Limits
from allaprima.interchange.records import printable
from allaprima.interchange.stream import Stream
from allaprima.interchange.survey import survey
from allaprima.interchange.torch_file import read_container

BROKEN = (
    ArithmeticError,
    AttributeError,
    EOFError,
    LookupError,
    MemoryError,
    OSError,
    RuntimeError,
    TypeError,
    ValueError,
    struct.error,
    zipfile.BadZipFile,
    zlib.error,
)
"""What damaged files may still make Python, NumPy, PyTorch and zipfile stumble over."""

OTHER_THINGS = {
    b"<": "is a web page: the download did not give the file",
    b"version https://git-lfs": "is a pointer of Git LFS: the file itself was not fetched (git lfs pull)",
    b"\x89HDF": "is an HDF5 file, not a pickle",
    b"\x1f\x8b": "is compressed with gzip: unpack it first",
}
"""What people have instead of the file that they believe to have."""


def read_pickle(path: str | Path, *, limits: Limits | None = None) -> Any:
    """Read a pickle or a ``torch.save`` file: dicts, lists, tuples, texts, numbers, arrays, tensors, and records.

    Nothing in the file is imported, called, compiled or run.

    Args:
        path: File to read.
        limits: How much it may ask for.

    Raises:
        ModelFileError: It is damaged, uses a name that no model uses, or asks for too much.
    """
    path = Path(path)
    try:
        with path.open("rb") as file:
            return _read(file, path.stat().st_size, str(path), limits or Limits())
    except OSError as error:
        raise ModelFileError(f"{path} cannot be read: {error.strerror or error}") from error


def read_pickle_bytes(content: bytes, *, name: str = "the file", limits: Limits | None = None) -> Any:
    """Read what `read_pickle` reads, from memory, as ``name``. Raises `ModelFileError`; see `read_pickle`."""
    return _read(io.BytesIO(content), len(content), name, limits or Limits())


def _read(file: BinaryIO, size: int, name: str, limits: Limits) -> Any:
    try:
        stream = Stream(file, size)
        _refuse_other_things(stream)
        value = read_container(stream, Budget(limits, size))
        survey(value, limits)
    except ModelFileError as error:
        raise ModelFileError(f"{name} {error}") from error
    except BROKEN as error:
        reason = printable(str(error) or type(error).__name__)
        raise ModelFileError(f"{name} is damaged, or no model file: {reason}") from error
    return value


def _refuse_other_things(stream: Stream) -> None:
    if not stream.size:
        raise ModelFileError("is empty")
    for start, what in OTHER_THINGS.items():
        if stream.begins_with(start):
            raise ModelFileError(what)
