"""Many pictures as an archive, in parts that are not painted again if the work is broken off."""

import csv
import hashlib
import io
import json
import shutil
import time
import zipfile
from collections.abc import Generator, Iterator, Mapping
from pathlib import Path
from typing import Any

from allaprima.errors import OutputError
from allaprima.generation.packing import packed
from allaprima.studio.wish import Wish
from allaprima.studio.work.bench import Bench
from allaprima.studio.work.painting import paint_files
from allaprima.version import __version__

ARCHIVE = "pictures.zip"
RECORD = "part.json"
PIXELS_IN_A_PART = 16 * 256 * 256
MOST_IN_A_PART = 256
PIXELS_AT_ONCE, MOST_AT_ONCE = 2 * 256 * 256, 32
SPARE = 32 * 2**20  # bytes that are left free on the disk
COLUMNS = ("file", "seed", "class", "class_name", "truncation", "sha256")
Row = dict[str, Any]
Step = dict[str, Any]


def paint(bench: Bench, folder: str, order: dict[str, Any]) -> Generator[Step, None, dict[str, Any]]:
    """Paint an order of `allaprima.studio.routes.bulk`, going on where an earlier try was broken off.

    Returns:
        Name, bytes and number of pictures of the archive.

    Raises:
        OutputError: The disk is full.
        LatentError: The model cannot do this.
    """
    place, network = Path(folder), bench.model_sha256(order["model"])
    archive, count = place / ARCHIVE, order["count"]
    for broken in place.glob(".*.tmp"):  # a killed worker was writing these
        broken.unlink(missing_ok=True)
    if not archive.exists():
        parts = [
            _Part(place / f".part-{number:05d}.zip", rows, network)
            for number, rows in enumerate(_in_parts(list(rows_of(bench, order)), _part_size(bench, order)))
        ]
        yield from _paint_parts(bench, order, parts)
        yield {"done": count, "total": count, "note": "putting them into one archive"}
        _gather(archive, parts, _manifest(bench, order, network))
    for part in place.glob(".part-*"):
        part.unlink(missing_ok=True)
    yield {"done": count, "total": count, "note": "done"}
    return {"file": archive.name, "bytes": archive.stat().st_size, "images": count}


def rows_of(bench: Bench, order: Mapping[str, Any]) -> Iterator[Row]:
    """What is known of each picture before it is painted."""
    names = bench.networks(order["model"]).class_names
    numbers = spread({int(number): weight for number, weight in order["classes"].items()}, order["count"])
    for index, number in enumerate(numbers):
        seed = (order["seed"] + index) % 2**32
        kind = "" if number is None else f"-class{number}"
        name = "" if number is None else names[number] if names else str(number)
        file = f"{index:05d}-seed{seed}{kind}.{order['format']}"
        yield {"file": file, "seed": seed, "class": number, "class_name": name, "truncation": order["truncation"]}


def spread(weights: Mapping[int, float], count: int) -> Iterator[int | None]:
    """So many classes, each as often as its weight says, and evenly: the next is the one that lags most behind.

    Without weights there are no classes.
    """
    some = {number: weight for number, weight in sorted(weights.items()) if weight > 0}
    total, given = sum(some.values()), dict.fromkeys(some, 0)
    for index in range(count):
        if not some:
            yield None
            continue
        number = max(some, key=lambda each: some[each] / total * (index + 1) - given[each])
        given[number] += 1
        yield number


class _Part:
    """Some pictures of an order in a hidden archive, which is there completely or not at all."""

    def __init__(self, path: Path, rows: list[Row], network: str) -> None:
        self.path, self.rows, self.network = path, rows, network

    def is_painted(self) -> bool:
        """Whether it is there, whole, of this order and of these weights."""
        try:
            with zipfile.ZipFile(self.path) as archive:
                known = json.loads(archive.read(RECORD))
                return bool(known == self._record() and archive.testzip() is None)
        except (OSError, ValueError, KeyError, zipfile.BadZipFile):
            return False

    def write(self, files: list[bytes]) -> None:
        """Keep its pictures."""
        with packed(self.path) as add:
            for row, file in zip(self.rows, files, strict=True):
                add(row["file"], file)
            add(RECORD, json.dumps(self._record()).encode())

    def read(self) -> Iterator[tuple[Row, bytes]]:
        """Its pictures, with what is known of each."""
        with zipfile.ZipFile(self.path) as archive:
            for row in self.rows:
                data = archive.read(row["file"])
                yield {**row, "sha256": hashlib.sha256(data).hexdigest()}, data

    def _record(self) -> dict[str, Any]:
        return {"network": self.network, "rows": self.rows}


def _paint_parts(bench: Bench, order: Mapping[str, Any], parts: list[_Part]) -> Iterator[Step]:
    """Paint the parts that are not there yet."""
    missing = [part for part in parts if not part.is_painted()]
    total = sum(len(part.rows) for part in parts)
    done = before = total - sum(len(part.rows) for part in missing)
    yield {"done": done, "total": total, "note": "painting"}
    begun = time.perf_counter()
    for part in missing:
        files: list[bytes] = []
        for rows in _in_parts(part.rows, _batch_size(bench, order)):
            files += paint_files(bench, [_wish(order, row) for row in rows], {}, order["format"])
            done += len(rows)
            rate = (done - before) / (time.perf_counter() - begun)
            yield {"done": done, "total": total, "note": f"{rate:.3g} images/s,", "rate": rate}
        # What is still to come is kept twice for a moment: as parts, and in the archive.
        _require_room(part.path.parent, sum(map(len, files)) * (2 * total - done) // len(files))
        part.write(files)


def _gather(archive: Path, parts: list[_Part], about: dict[str, Any]) -> None:
    """One archive of all parts, with the manifest first to be read and last to be written."""
    rows: list[Row] = []
    with packed(archive) as add:
        for part in parts:
            for row, data in part.read():
                add(row["file"], data)
                rows.append(row)
        add("manifest.json", (json.dumps({**about, "images": rows}, indent=1) + "\n").encode())
        add("manifest.csv", _table(rows).encode())


def _manifest(bench: Bench, order: Mapping[str, Any], network: str) -> dict[str, Any]:
    """All that is not said of each picture."""
    return {
        "made_by": f"allaprima {__version__}",
        "model": order["model"],
        "generator_sha256": network,
        "class_names": bench.networks(order["model"]).class_names,
        "order": {name: value for name, value in order.items() if name != "model"},
    }


def _table(rows: list[Row]) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def _wish(order: Mapping[str, Any], row: Row) -> Wish:
    classes = {} if row["class"] is None else {row["class"]: 1.0}
    return Wish(model=order["model"], seed=row["seed"], truncation=order["truncation"], classes=classes)


def _in_parts(rows: list[Row], size: int) -> Iterator[list[Row]]:
    for start in range(0, len(rows), size):
        yield rows[start : start + size]


def _part_size(bench: Bench, order: Mapping[str, Any]) -> int:
    """A multiple of the batch: what is painted together does not depend on where the work was broken off."""
    batch, G = _batch_size(bench, order), bench.generator(order["model"])
    most = min(MOST_IN_A_PART, PIXELS_IN_A_PART // int(G.img_height * G.img_width))
    return max(batch, most // batch * batch)


def _batch_size(bench: Bench, order: Mapping[str, Any]) -> int:
    G = bench.generator(order["model"])
    return max(1, min(MOST_AT_ONCE, PIXELS_AT_ONCE // int(G.img_height * G.img_width)))


def _require_room(folder: Path, wanted: int) -> None:
    """Raise `OutputError` if the disk has not so many bytes, and some to spare."""
    free = shutil.disk_usage(folder).free
    if free < wanted + SPARE:
        raise OutputError(
            f"the disk has {free / 2**20:,.0f} MiB free, and what is still to come takes {wanted / 2**20:,.0f} MiB:"
            " make room, and order again"
        )
