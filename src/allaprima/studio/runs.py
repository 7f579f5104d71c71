"""Run directories, as the pages show them: what a training has written, and how it stands.

The directory's form is described in docs/training.md; nothing here changes it, and nothing here needs torch.
"""

import json
import re
import struct
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from allaprima.studio.errors import UnknownError
from allaprima.studio.run_statistics import FILE, KIMG, Statistics

State = Literal["running", "finished", "stopped", "empty"]
CONDITIONS = ("healthy", "overfitting", "collapsing", "diverging")
SHEET = re.compile(r"fakes(_init|\d{6,})\.png")
SNAPSHOT = re.compile(r".*?(\d+)\.safetensors")
LENGTH = re.compile(r"tick \d+ +kimg [\d.]+/([\d.]+(?:e[+-]?\d+)?) ")
TAIL = 40  # lines of the log
TAIL_BYTES = 16 * 1024
MOST_METRICS = 5000  # lines
QUIET_SECONDS = 120.0  # without a new tick, where a lock cannot be asked
QUIET_TICKS = 4.0


@dataclass(frozen=True, slots=True)
class Piece:
    """A file of a run: after how many thousand images it was made, and which version of it this is."""

    kimg: float
    path: Path
    version: int


@dataclass(slots=True)
class Run:
    """One run directory.

    Args:
        name: What requests call it.
        path: Where it is.
    """

    name: str
    path: Path
    statistics: Statistics = field(init=False)

    def __post_init__(self) -> None:
        self.statistics = Statistics(self.path)

    def config(self) -> dict[str, Any]:
        """What config.json holds: nothing if it is not there, or no JSON."""
        try:
            found = json.loads((self.path / "config.json").read_bytes())
        except (OSError, ValueError, RecursionError):
            return {}
        return found if isinstance(found, dict) else {}

    def kimg(self) -> float | None:
        """Thousands of images seen, at the last tick that was read."""
        return self.statistics.last(KIMG)

    def wanted(self) -> float | None:
        """Thousands of images that it is to see: a training that goes on may have another length than its recipe."""
        told = [match[1] for line in self.log() if (match := LENGTH.match(line))]
        if told:
            return float(told[-1])
        recipe = self.config().get("recipe")
        length = recipe.get("kimg") if isinstance(recipe, dict) else None
        return float(length) if isinstance(length, int | float) else None

    def state(self, wanted: float | None) -> State:
        """How it stands, of a training of ``wanted`` kimg; `Statistics.read` must have been called."""
        kimg = self.kimg()
        if self._is_held():
            return "running"
        if kimg is None:
            return "empty"
        return "finished" if wanted is not None and kimg >= wanted - 1e-6 else "stopped"

    def sheets(self) -> dict[str, Piece]:
        """Sheets of fakes by file name, in the order of the training."""
        found = [(match[1], path) for path in self._files() if (match := SHEET.fullmatch(path.name))]
        pieces = [_piece(0.0 if digits == "_init" else float(digits), path) for digits, path in found]
        return {piece.path.name: piece for piece in sorted(pieces, key=_age)}

    def pictures(self) -> dict[str, Piece]:
        """The sheets, and the sheet of the data."""
        reals = self.path / "reals.png"
        return self.sheets() | ({"reals.png": _piece(0.0, reals)} if reals.is_file() else {})

    def snapshots(self) -> dict[str, Piece]:
        """Model files by name, the earliest first."""
        paths = _listed(self.path / "snapshots")
        pieces = [_piece(float(match[1]), path) for path in paths if (match := SNAPSHOT.fullmatch(path.name))]
        return {piece.path.stem: piece for piece in sorted(pieces, key=_age)}

    def num_records(self) -> int:
        """Moments that the training kept for its films."""
        return len(_listed(self.path / "film", "fakes-*.png"))

    def log(self) -> list[str]:
        """The end of log.txt."""
        return tail(self.path / "log.txt")

    def condition(self) -> str | None:
        """The verdict of the last tick, which stands at the end of its line."""
        words = (line.rsplit(maxsplit=1)[-1] for line in reversed(self.log()) if line.startswith("tick "))
        last = next(words, None)
        return last if last in CONDITIONS else None

    def updated(self) -> float | None:
        """Seconds since 1970, of the last tick."""
        try:
            return (self.path / FILE).stat().st_mtime
        except OSError:
            return None

    def metrics(self) -> dict[str, list[tuple[float, float]]]:
        """Values of each metric and when they were measured, from metric-*.jsonl as the reference tools write them."""
        found: dict[str, dict[float, float]] = {}
        for path in _listed(self.path, "metric-*.jsonl"):
            for line in path.read_text(encoding="utf-8", errors="replace").splitlines()[:MOST_METRICS]:
                for name, kimg, value in _measured(line):
                    found.setdefault(name, {})[kimg] = value  # of several, the last
        return {name: sorted(values.items()) for name, values in found.items()}

    def _files(self) -> list[Path]:
        return _listed(self.path)

    def _is_held(self) -> bool:
        """Whether a process is training here."""
        held = is_locked(self.path / ".lock")
        if held is not None:
            return held
        try:
            quiet = time.time() - (self.path / FILE).stat().st_mtime
        except OSError:
            return False
        return quiet < max(QUIET_SECONDS, QUIET_TICKS * (self.statistics.recent("Timing/sec_per_tick") or 0.0))


class Runs:
    """All runs that are served: those of the command line, and those that pages have started.

    Args:
        named: Those of the command line.
        directory: Where pages start theirs.
        begun: Those that pages have started now, by name: their directories may not be there yet.
    """

    def __init__(self, named: dict[str, Path], directory: Path, begun: Mapping[str, object]) -> None:
        self._named, self.directory, self._begun = named, directory, begun
        self._known: dict[str, Run] = {}

    def names(self) -> list[str]:
        """The names, those of the command line first."""
        own = [path.name for path in _listed(self.directory, files=False) if is_begun(path)]
        return list(dict.fromkeys([*self._named, *own, *self._begun]))

    def find(self, name: str) -> Run:
        """The run of that name. Raises `UnknownError`."""
        if name not in self.names():
            raise UnknownError("there is no such run here: the studio was not told of it, or it was removed")
        path = self._named.get(name, self.directory / name)
        if name not in self._known or self._known[name].path != path:
            self._known[name] = Run(name, path)
        return self._known[name]


def is_begun(path: Path) -> bool:
    """Whether a directory is that of a training."""
    return (path / "config.json").is_file()


def is_locked(path: Path) -> bool | None:
    """Whether a process holds the lock of `allaprima.files.lock`. Asks, and takes nothing: that could be in its way.

    Returns:
        None where the system cannot be asked.
    """
    if not path.is_file():
        return None
    try:
        import fcntl

        form, kind_at = LOCK_FORMS[sys.platform]
        with path.open("rb") as file:
            asked = [0] * 5
            asked[kind_at] = fcntl.F_WRLCK
            size = struct.calcsize(form)
            answer = fcntl.fcntl(file, fcntl.F_GETLK, struct.pack(form, *asked).ljust(size + 8, b"\0"))
            return bool(struct.unpack(form, answer[:size])[kind_at] != fcntl.F_UNLCK)
    except (ImportError, KeyError, OSError, struct.error):
        return None


LOCK_FORMS = {"linux": ("hhqqi", 0), "darwin": ("qqihh", 3)}
"""The C structure flock: its form for `struct`, and which of its fields says what kind of lock there is."""


def tail(path: Path, lines: int = TAIL) -> list[str]:
    """The last lines of a text file; none if it cannot be read."""
    try:
        with path.open("rb") as file:
            size = file.seek(0, 2)
            file.seek(max(0, size - TAIL_BYTES))
            text = file.read().decode("utf-8", "replace")
    except OSError:
        return []
    found = text.splitlines()
    return (found if size <= TAIL_BYTES else found[1:])[-lines:]


def _age(piece: Piece) -> tuple[float, bool, str]:
    """For sorting: what was painted before training comes first."""
    return piece.kimg, "_init" not in piece.path.name, piece.path.name


def _piece(kimg: float, path: Path) -> Piece:
    try:
        return Piece(kimg, path, path.stat().st_mtime_ns)
    except OSError:
        return Piece(kimg, path, 0)


def _listed(folder: Path, pattern: str = "*", *, files: bool = True) -> list[Path]:
    try:
        return sorted(path for path in folder.glob(pattern) if (path.is_file() if files else path.is_dir()))
    except OSError:
        return []


def _measured(line: str) -> Iterator[tuple[str, float, float]]:
    """Name, thousands of images, value."""
    try:
        row = json.loads(line)
        digits = re.search(r"(\d+)\.\w+$", str(row.get("snapshot_pkl") or row.get("snapshot")))
        kimg = float(digits[1]) if digits else float(row["kimg"])
        for name, value in row["results"].items():
            if isinstance(value, int | float) and abs(value) < float("inf"):
                yield str(name), kimg, float(value)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return
