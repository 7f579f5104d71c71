"""What metrics have said of a training's snapshots: ``RUN/metric-NAME.jsonl``, a line for each.

Lines have the keys of the reference's files (``results``, ``metric``, ``snapshot_pkl``, ``total_time``, ``timestamp``),
so that tools that read those read these; ``kimg``, ``data`` and ``result`` (all of a `Result`) are ours.
"""

import json
import math
import re
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from allaprima.errors import OutputError, RunError
from allaprima.metrics.names import parse_metric
from allaprima.metrics.result import Result

SNAPSHOT = re.compile(r"network-snapshot-(\d+)\.safetensors")
SNAPSHOTS = "snapshots"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One metric of one snapshot.

    Attributes:
        kimg: Thousands of images that the training had seen.
        snapshot: Name of the file.
        value: The metric.
        interval: Its 95 % interval, if it has one.
        seed: Of the first image that was painted for it.
        data: Path of the images it was compared with; empty if the line does not say.
    """

    kimg: float
    snapshot: str
    value: float
    interval: tuple[float, float] | None
    seed: int
    data: str = ""


def snapshots_of(run: Path) -> list[Path]:
    """The snapshots of a run directory, in the order of the training. Raises `RunError` if there is none."""
    found = sorted((run / SNAPSHOTS).glob("*.safetensors"), key=kimg_of)
    if not found:
        raise RunError(f"{run} is no run directory with snapshots")
    return found


def kimg_of(snapshot: Path) -> float:
    """What the name of a snapshot says."""
    match = SNAPSHOT.fullmatch(snapshot.name)
    return float(match[1]) if match else 0.0


def history_path(run: Path, metric: str) -> Path:
    """The file of one metric."""
    return run / f"metric-{metric}.jsonl"


def read_history(run: Path, metric: str) -> list[Entry]:
    """All that is known of one metric, in the order of the training; of several results of a snapshot the last."""
    found: dict[str, Entry] = {}
    try:
        lines = history_path(run, metric).read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return []
    except (OSError, UnicodeDecodeError) as error:
        raise RunError(f"cannot read {history_path(run, metric)}: {error}") from error
    for line in lines:
        entry = _entry(line, metric)
        if entry is not None:
            found[entry.snapshot] = entry
    return sorted(found.values(), key=lambda entry: entry.kimg)


def best_of(metric: str, entries: Sequence[Entry]) -> Entry | None:
    """The best of these; of equal ones the earlier. None if there is none."""
    sign = -1 if parse_metric(metric).is_higher_better else 1
    known = [entry for entry in entries if math.isfinite(entry.value)]
    return min(known, key=lambda entry: sign * entry.value, default=None)


def missing_results(run: Path, names: Sequence[str], data: Path, *, seed: int) -> dict[Path, list[str]]:
    """Which metrics of which snapshots are not known yet, of these images and this seed."""
    snapshots, wanted = snapshots_of(run), (data.resolve(), seed)
    known = {
        (name, entry.snapshot)
        for name in names
        for entry in read_history(run, name)
        if (Path(entry.data).resolve(), entry.seed) == wanted
    }
    missing = {path: [name for name in names if (name, path.name) not in known] for path in snapshots}
    return {path: some for path, some in missing.items() if some}


def require_writable(run: Path) -> None:
    """Raise `OutputError` if results could not be added there: better known before they are computed."""
    try:
        with tempfile.TemporaryFile(dir=run):
            pass
    except OSError as error:
        raise OutputError(f"cannot write into {run}: {error.strerror or error}") from error


def append_history(run: Path, snapshot: Path, result: Result, data: Path) -> None:
    """Add a result to what is known. Raises `OutputError`."""
    line = json.dumps(
        {
            "results": {result.name: result.to_dict()["values"][next(iter(result.values))]},
            "metric": result.name,
            "total_time": round(sum(result.seconds.values()), 3),
            "snapshot_pkl": snapshot.name,
            "timestamp": time.time(),
            "kimg": kimg_of(snapshot),
            "data": str(data),
            "result": result.to_dict(),
        }
    )
    path = history_path(run, result.name)
    try:
        with path.open("a", encoding="utf-8") as file:
            file.write(line + "\n")
    except OSError as error:
        raise OutputError(f"cannot write {path}: {error.strerror or error}") from error


def _entry(line: str, metric: str) -> Entry | None:
    """What a line says; None where it was cut off, or is of something else."""
    try:
        content: dict[str, Any] = json.loads(line)
        value = content["results"][metric]
        result = content.get("result", {})
        first = next(iter(result.get("intervals", {}).values()), None)
        return Entry(
            kimg=float(content.get("kimg", kimg_of(Path(content["snapshot_pkl"])))),
            snapshot=content["snapshot_pkl"],
            value=float("nan") if value is None else float(value),
            interval=None if first is None else (first[0], first[1]),
            seed=int(result.get("seed", 0)),
            data=str(content.get("data", "")),
        )
    except (AttributeError, KeyError, TypeError, ValueError, RecursionError):
        return None
