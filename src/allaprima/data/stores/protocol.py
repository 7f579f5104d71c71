"""What every store can do."""

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol, runtime_checkable


@runtime_checkable
class Store(Protocol):
    """Files by name; names are relative and use ``/``."""

    @property
    def path(self) -> Path | str:
        """What it is called in errors: a path or an address."""
        ...

    @property
    def forks(self) -> bool:
        """Whether a process that is forked from this one can read on."""
        ...

    def names(self) -> Sequence[str]:
        """List all files, sorted."""
        ...

    def read(self, name: str) -> bytes:
        """Give a file's content; DataError if it cannot be read."""
        ...

    def checksum(self, name: str) -> tuple[int, int]:
        """Give a file's size and CRC-32."""
        ...
