"""The numbers of a training, tick by tick, read while it writes them: each line of stats.jsonl is read once."""

import json
import math
import os
import secrets
import threading
from array import array
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

FILE = "stats.jsonl"
MOST_BYTES = 16 * 2**20  # of one reading: the rest comes with the next
MOST_NAMES = 64
MOST_ROWS = 2000  # of one answer
RECENT = 9  # ticks whose median is the speed: machines are busy with other things now and then
KIMG = "Progress/kimg"


@dataclass(slots=True)
class Statistics:
    """What is known of one file.

    A training that goes on, or goes back, writes its file anew: then all is read again, under another edition, so that
    who has read a part of it knows that it holds no more.

    Args:
        path: The run directory.
    """

    path: Path
    edition: str = ""
    count: int = 0
    columns: dict[str, "array[float]"] = field(default_factory=dict)
    _file: tuple[int, int] = (0, 0)
    _offset: int = 0
    _busy: threading.Lock = field(default_factory=threading.Lock)

    def read(self) -> None:
        """Read what has come since; a line that is half written waits until it is whole."""
        with self._busy:
            try:
                with (self.path / FILE).open("rb") as file:
                    self._read(file)
            except OSError:
                self._begin((0, 0))

    def since(self, after: int, edition: str) -> tuple[int, dict[str, list[float | None]]]:
        """The number of the first tick of the answer, and the numbers from there on by name; None where none was taken.

        All ticks are told of again to who has read another edition.
        """
        with self._busy:
            first = min(after, self.count) if edition == self.edition else 0
            last = min(self.count, first + MOST_ROWS)
            return first, {name: [_plain(value) for value in column[first:last]]
                           for name, column in self.columns.items()}  # fmt: skip

    def last(self, name: str) -> float | None:
        """The newest value of that name that is a number."""
        return next((value for value in reversed(self.columns.get(name, ())) if math.isfinite(value)), None)

    def recent(self, name: str) -> float | None:
        """Median of its last values."""
        values = [value for value in self.columns.get(name, array("d"))[-RECENT:] if math.isfinite(value)]
        return median(values) if values else None

    def total(self, name: str) -> float:
        """Sum of all its values."""
        return sum(value for value in self.columns.get(name, ()) if math.isfinite(value))

    def _read(self, file: Any) -> None:
        status = os.fstat(file.fileno())
        name = (status.st_dev, status.st_ino)
        if name != self._file or status.st_size < self._offset or not self.edition:
            self._begin(name)
        file.seek(self._offset)
        text = file.read(MOST_BYTES)
        whole = text[: text.rfind(b"\n") + 1]
        self._offset += len(whole)
        for line in whole.splitlines():
            self._take(line)

    def _begin(self, file: tuple[int, int]) -> None:
        if not self.edition or self._offset or file != self._file:
            self.edition = secrets.token_hex(4)
        self._file, self._offset, self.count, self.columns = file, 0, 0, {}

    def _take(self, line: bytes) -> None:
        row = _row(line)
        if KIMG not in row:
            return
        for name in row.keys() - self.columns.keys():
            if len(self.columns) < MOST_NAMES:
                self.columns[name] = array("d", [math.nan] * self.count)
        for name, column in self.columns.items():
            column.append(row.get(name, math.nan))
        self.count += 1


def _row(line: bytes) -> dict[str, float]:
    """Means by name; nothing for a line that is none."""
    try:
        content = json.loads(line)
    except (ValueError, RecursionError):
        return {}
    if not isinstance(content, dict):
        return {}
    means = {name: value.get("mean") for name, value in content.items() if isinstance(value, dict)}
    return {name: float(mean) for name, mean in means.items() if isinstance(mean, int | float)}


def _plain(value: float) -> float | None:
    """A number as JSON holds it, in six digits."""
    return float(f"{value:.6g}") if math.isfinite(value) else None
