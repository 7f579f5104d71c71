"""An order of very many images, and how it is cut into shards."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from allaprima.errors import ConfigError
from allaprima.generation.packing import ArchiveFormat
from allaprima.images import encode_png
from allaprima.origin import Origin, watermarked

MOST_SHARDS = 100_000  # their names have five digits
Record = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Order:
    """What a directory of shards holds when it is finished.

    Attributes:
        model: What the user called the model; another name for the same weights is the same order.
        generator_sha256: Of its weights.
        seeds: One for each image, none twice.
        shards: Number of archives.
        format: Of the archives.
        batch_size: Images painted at once. It is part of the order because a convolution's last bits depend on it.
        class_of_all: Number of the class of all images, or another label as text; None without.
        classes: Instead, seed modulo this number is the class of an image; 0: not so.
        metadata: Whether each image's file says where it comes from.
        watermark: Whether its pixels say so too; see `allaprima.origin`.
        options: All else on which images depend, as JSON has it: truncation, noise …

    Raises:
        ConfigError: There are more shards than images, or a seed comes twice.
    """

    model: str
    generator_sha256: str
    seeds: Sequence[int]
    shards: int
    format: ArchiveFormat = "zip"
    batch_size: int = 32
    class_of_all: int | str | None = None
    classes: int = 0
    metadata: bool = True
    watermark: bool = False
    options: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        most = min(len(self.seeds), MOST_SHARDS)
        if not 1 <= self.shards <= most:
            raise ConfigError(f"{len(self.seeds)} images cannot fill {self.shards} shards: give 1 to {most}")
        if len(set(self.seeds)) < len(self.seeds):
            raise ConfigError("a seed comes twice in the order: a shard has one image of each")

    def seeds_of(self, index: int) -> Sequence[int]:
        """The seeds of a shard: all shards are as large as each other, give or take one."""
        count = len(self.seeds)
        return self.seeds[index * count // self.shards : (index + 1) * count // self.shards]

    def class_of(self, seed: int) -> int | str | None:
        """The class of an image, or its label as text."""
        return seed % self.classes if self.classes else self.class_of_all

    def archive_of(self, index: int) -> str:
        """The name of a shard's archive."""
        return f"shard-{index:05d}.{self.format}"

    def file_of(self, seed: int, image: NDArray[np.uint8]) -> bytes:
        """The PNG of an image."""
        origin = Origin(
            model_sha256=self.generator_sha256,
            seed=seed,
            truncation=self.options.get("truncation"),
            label=self.class_of(seed),
        )
        pixels = watermarked(image) if self.watermark else image
        return encode_png(pixels, texts=origin.texts() if self.metadata else None)

    @cached_property
    def record(self) -> Record:
        """All of it, as JSON has it, but without the model's name."""
        return {
            "generator_sha256": self.generator_sha256,
            "seeds": as_ranges(self.seeds),
            "shards": self.shards,
            "format": self.format,
            "batch_size": self.batch_size,
            "class": f"each of {self.classes}" if self.classes else self.class_of_all,
            "metadata": self.metadata,
            "watermark": self.watermark,
            **self.options,
        }

    @cached_property
    def sha256(self) -> str:
        """Of the record."""
        return digest_of(self.record)


def as_ranges(seeds: Sequence[int]) -> str:
    """The shortest text of which `allaprima.generation.parse_seeds` makes these seeds."""
    parts: list[list[int]] = []
    for seed in seeds:
        if parts and seed == parts[-1][1] + 1:
            parts[-1][1] = seed
        else:
            parts.append([seed, seed])
    return ",".join(str(first) if first == last else f"{first}-{last}" for first, last in parts)


def digest_of(record: Mapping[str, Any]) -> str:
    """SHA-256 of a record, however its file is laid out."""
    return hashlib.sha256(json.dumps(record, sort_keys=True).encode()).hexdigest()


def sealed(record: Record) -> str:
    """The text of a record's file, with a digest that tells if a bit of it has changed."""
    return json.dumps({**record, "record_sha256": digest_of(record)}, indent=1) + "\n"


def unsealed(data: bytes) -> Record | None:
    """The record of a file; None where the file is damaged."""
    try:
        record = json.loads(data)
        digest = record.pop("record_sha256")
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None
    return record if isinstance(record, dict) and digest_of(record) == digest else None
