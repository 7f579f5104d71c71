"""The seal of a file of tensors: digests that tell if a bit of it has changed since it was written.

A safetensors file is the length of a JSON object in 8 bytes, the object, and the numbers. Our own text in the object
begins with two digests of SHA-256: ``header_sha256``, of all that comes before the numbers, taken while it reads as
zeros itself, and ``data_sha256``, of the numbers. So the description is checked without reading the numbers, and a bit
that flips anywhere, in a digest too, makes the two disagree. Files from before there were seals begin otherwise.
"""

import hashlib
import re
from pathlib import Path
from typing import BinaryIO

from allaprima.errors import ModelFileError

OPEN = {"header_sha256": "0" * 64, "data_sha256": "0" * 64}
"""What begins the description of a file that is still to be sealed."""

LENGTH = 8  # bytes that tell the length of the JSON object
BEGINNING = re.compile(
    rb'\{"__metadata__":\{"allaprima":"\{'
    rb'\\"header_sha256\\": \\"([0-9a-f]{64})\\", \\"data_sha256\\": \\"([0-9a-f]{64})\\"'
)
NEAR = 300  # bytes of the object that hold the seal
HEADER, DATA = 1, 2  # groups of the pattern


def seal(path: Path) -> None:
    """Write the digests into a file whose description begins with `OPEN`. Raises `OSError`."""
    with path.open("r+b") as file:
        head = _head(file)
        digest = hashlib.file_digest(file, "sha256").hexdigest().encode()
        head = _with(head, DATA, digest)
        head = _with(head, HEADER, _digest_of(head))
        file.seek(0)
        file.write(head)


def check_seal(path: Path, *, data: bool) -> None:
    """Compare a file with its seal; one from before there were seals passes.

    Args:
        path: A file whose length and JSON object the library has accepted.
        data: Whether to compare the numbers too.

    Raises:
        ModelFileError: They differ; it says whether it is the description or the numbers.
        OSError: It cannot be read.
    """
    with path.open("rb") as file:
        head = _head(file)
        found = BEGINNING.match(head, LENGTH)
        if found is None and not _bears_a_seal(head):
            return
        if found is None or _digest_of(_with(head, HEADER, b"0" * 64)) != found[HEADER]:
            raise ModelFileError(f"{path} is damaged: its description is not what was written")
        if data and hashlib.file_digest(file, "sha256").hexdigest().encode() != found[DATA]:
            raise ModelFileError(f"{path} is damaged: its numbers are not what was written")


def is_sealed(path: Path) -> bool:
    """Whether a file has a seal, be it whole or damaged. Raises `OSError`."""
    with path.open("rb") as file:
        return _bears_a_seal(file.read(LENGTH + NEAR))


def _bears_a_seal(head: bytes) -> bool:
    """One flipped bit may spoil one of the names, but not both."""
    return any(name.encode() in head[: LENGTH + NEAR] for name in OPEN)


def _head(file: BinaryIO) -> bytes:
    """All that comes before the numbers."""
    length = file.read(LENGTH)
    return length + file.read(int.from_bytes(length, "little"))


def _with(head: bytes, group: int, digest: bytes) -> bytes:
    found = BEGINNING.match(head, LENGTH)
    assert found is not None, "the library has written the description elsewhere"
    return head[: found.start(group)] + digest + head[found.end(group) :]


def _digest_of(head: bytes) -> bytes:
    return hashlib.sha256(head).hexdigest().encode()
