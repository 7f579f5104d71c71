"""Very many images as shards: archives that any number of processes fill, each complete or not there at all.

A directory holds ``order.json``, which says what it is for; for each shard an archive, then its record, which names the
archive's hash and that of each image; and, when all shards are there, ``manifest.json``. A process that is killed
leaves hidden files at most, and what it had finished.
"""

import hashlib
import json
from collections.abc import Iterator, Sequence
from contextlib import closing, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from allaprima.errors import OutputError
from allaprima.files import lock, make_directory, remove_leftovers, write_text
from allaprima.generation.batches import Paint, painted_files
from allaprima.generation.order import Order, Record, sealed, unsealed
from allaprima.generation.packing import packed
from allaprima.interchange.partial_file import sha256_of
from allaprima.version import __version__

ORDER, MANIFEST = "order.json", "manifest.json"


@dataclass(frozen=True, slots=True)
class Step:
    """What has just happened to a shard.

    Attributes:
        archive: The name of the shard's archive.
        event: ``kept``: it was there and whole; ``damaged``: it was there, but will be painted again; ``busy``: another
            process paints it; ``painting``; ``painted``.
        images: Images of this shard that this step has added, or found there.
    """

    archive: str
    event: Literal["kept", "damaged", "busy", "painting", "painted"]
    images: int = 0


def claim(directory: Path, order: Order) -> None:
    """Make ``directory`` the place of this order, or find that it is already.

    Raises:
        OutputError: It holds other images, or cannot be written.
    """
    make_directory(directory)
    for name in (ORDER, MANIFEST):
        remove_leftovers(directory / name)
    path = directory / ORDER
    found = _read(path)
    if found is None and path.exists():
        raise OutputError(f"{path} is damaged: remove it if the shards beside it are of this order")
    if found is None:
        _require_no_strangers(directory, order)
        write_text(path, sealed({"model": order.model, **order.record}))
        return
    found.pop("model", None)
    wanted: Record = json.loads(json.dumps(order.record))
    for name in wanted | found:
        if found.get(name) != wanted.get(name):
            here, there = _short(wanted.get(name)), _short(found.get(name))
            raise OutputError(
                f"{directory} holds shards of another order: its {name} is {there}, and now {here} is wanted:"
                " give another directory"
            )


def paint_shards(directory: Path, order: Order, indices: Sequence[int], paint: Paint, place: str) -> Iterator[Step]:
    """Paint those of these shards that are not there yet, or not whole.

    Args:
        directory: Claimed for the order.
        order: What to paint.
        indices: Of the shards that this process sees to, from 0.
        paint: Seeds → their images. It is always given ``order.batch_size`` seeds.
        place: What paints, as a word to the shards' records: device and versions.

    Raises:
        OutputError: A shard cannot be written, or is there from another order.
    """
    for index in indices:
        shard = Shard(directory, order, index)
        try:
            held = lock(shard.lock)
        except BlockingIOError:
            yield Step(shard.path.name, "busy")
            continue
        with held or nullcontext():
            yield from shard.kept_or_painted(paint, place)
            # Only now, while it is held: who still waits with the old file will find the shard finished.
            shard.lock.unlink(missing_ok=True)


class Shard:
    """One archive of an order, and its record."""

    def __init__(self, directory: Path, order: Order, index: int) -> None:
        self.order, self.seeds = order, order.seeds_of(index)
        self.path = directory / order.archive_of(index)
        self.record_path = self.path.with_suffix(".json")
        self.lock = directory / f".{self.path.name}.lock"

    def record(self) -> Record | None:
        """What its record says; None if there is none, or a damaged one. Raises `OutputError` for another order's."""
        found = _read(self.record_path)
        if found is not None and found.get("order") != self.order.sha256:
            raise OutputError(f"{self.record_path} is of another order: give another directory")
        return found

    def is_whole(self) -> bool:
        """Whether record and archive are there, and every bit of them as it was written."""
        found = self.record()
        try:
            return (
                found is not None
                and self.path.stat().st_size == found.get("bytes")
                and sha256_of(self.path) == found.get("sha256")
            )
        except OSError:
            return False

    def kept_or_painted(self, paint: Paint, place: str) -> Iterator[Step]:
        """Paint it unless it is whole."""
        name = self.path.name
        if self.is_whole():
            yield Step(name, "kept", len(self.seeds))
            return
        for left_over in self.path.parent.glob(f".{self.path.stem}.*.tmp"):  # of a process that was killed
            left_over.unlink(missing_ok=True)
        if self.record_path.exists():
            yield Step(name, "damaged")
        rows: list[Record] = []
        with packed(self.path, self.order.format) as add:
            files = painted_files(self.seeds, self.order.batch_size, paint, self.order.file_of)
            with closing(files):
                for batch in files:
                    for data in batch:
                        row = self._row(self.seeds[len(rows)], data)
                        self._add(add, row, data)
                        rows.append(row)
                    yield Step(name, "painting", len(batch))
        self._write_record(rows, place)
        yield Step(name, "painted")

    def _row(self, seed: int, data: bytes) -> Record:
        return {
            "file": f"seed{seed:010d}.png",
            "seed": seed,
            "class": self.order.class_of(seed),
            "truncation": self.order.options.get("truncation"),
            "sha256": hashlib.sha256(data).hexdigest(),
        }

    def _add(self, add: Any, row: Record, data: bytes) -> None:
        """The image and what is known of it, side by side, as WebDataset wants them."""
        stem = row["file"].removesuffix(".png")
        add(row["file"], data)
        if isinstance(row["class"], int):
            add(f"{stem}.cls", str(row["class"]).encode())
        add(f"{stem}.json", json.dumps({**row, "generator_sha256": self.order.generator_sha256}).encode())

    def _write_record(self, rows: list[Record], place: str) -> None:
        """The last thing that is written: a shard without a record is not finished."""
        try:
            archive = {"bytes": self.path.stat().st_size, "sha256": sha256_of(self.path)}
        except OSError as error:
            raise OutputError(f"cannot read {self.path} again: {error.strerror or error}") from error
        about = {
            "archive": self.path.name,
            **archive,
            "order": self.order.sha256,
            "model": self.order.model,
            "generator_sha256": self.order.generator_sha256,
            "made_by": f"allaprima {__version__}",
            "painted_on": place,
        }
        write_text(self.record_path, sealed({**about, "images": rows}))


def finished_shards(directory: Path, order: Order) -> list[Record]:
    """The records of all shards that are finished, without looking into the archives. Raises `OutputError`."""
    records = (Shard(directory, order, index).record() for index in range(order.shards))
    return [record for record in records if record is not None]


def finish(directory: Path, order: Order) -> int:
    """Write the manifest of the whole if all shards are finished. Give the number of those that are missing.

    Raises:
        OutputError: It cannot be written.
    """
    records = finished_shards(directory, order)
    if len(records) == order.shards:
        shards = [
            {name: record[name] for name in ("archive", "bytes", "sha256", "painted_on")}
            | {"images": len(record["images"]), "images_sha256": _digest_of_images(record)}
            for record in records
        ]
        about = {"model": order.model, **order.record, "images": len(order.seeds)}
        text = sealed({**about, "archives": shards})
        path = directory / MANIFEST
        if not path.exists() or path.read_bytes() != text.encode():
            write_text(path, text)
    return order.shards - len(records)


def _digest_of_images(record: Record) -> str:
    """One hash of the hashes of a shard's images, in their order."""
    return hashlib.sha256("".join(row["sha256"] for row in record["images"]).encode()).hexdigest()


def _read(path: Path) -> Record | None:
    try:
        return unsealed(path.read_bytes())
    except FileNotFoundError:
        return None
    except OSError as error:
        raise OutputError(f"cannot read {path}: {error.strerror or error}") from error


def _require_no_strangers(directory: Path, order: Order) -> None:
    """Raise `OutputError` if there are shards that are not of this order."""
    there = {path.name for path in directory.glob("shard-*")} | {path.name for path in directory.glob(MANIFEST)}
    if there and not finished_shards(directory, order):
        raise OutputError(f"{directory} holds {min(there)}, which is of no order known there: give another directory")


def _short(value: Any) -> str:
    text = str(value)
    return text if len(text) <= 64 else f"{text[:60]}…"
