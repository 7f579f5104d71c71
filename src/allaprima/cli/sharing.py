"""Which part of the shards is this process's: by ``--shard``, by torchrun, or both."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from allaprima.errors import ConfigError
from allaprima.torchrun import rank_of

if TYPE_CHECKING:
    from allaprima.generation.packing import ArchiveFormat


@dataclass(frozen=True, kw_only=True)
class Share:
    """Which shards this process paints: every ``count``-th.

    Attributes:
        shards: Number of all shards.
        rank: Which process this is, from 0 …
        count: … of so many.
        local_rank: Which one it is on its machine, of those that torchrun started.
        format: Of the shards.
    """

    shards: int
    rank: int = 0
    count: int = 1
    local_rank: int = 0
    format: "ArchiveFormat" = "zip"

    @property
    def indices(self) -> range:
        """The shards, from 0."""
        return range(self.rank, self.shards, self.count)


def share_of(
    shards: int | None, shard: str | None, format_: Any, environment: Mapping[str, str] = os.environ
) -> Share | None:
    """What the options, and torchrun, say of this process; None where no shards are wanted. Raises `ConfigError`."""
    if shards is None and shard is None:
        if format_ is not None:
            raise ConfigError("--format is for shards: give --shards too")
        return None
    piece, pieces = piece_of(shard)
    rank, processes, local_rank = rank_of(environment)
    return Share(
        shards=pieces if shards is None else shards,
        rank=piece * processes + rank,
        count=pieces * processes,
        local_rank=local_rank,
        format=format_ or "zip",
    )


def piece_of(text: str | None) -> tuple[int, int]:
    """``3/8`` as 2 and 8. Raises `ConfigError`."""
    if text is None:
        return 0, 1
    match = re.fullmatch(r"\s*(\d{1,9})\s*/\s*(\d{1,9})\s*", text)
    if match is None or not 1 <= int(match[1]) <= int(match[2]):
        raise ConfigError(f"--shard {text!r} is no piece: give 1/8 to 8/8 for eight processes")
    return int(match[1]) - 1, int(match[2])
