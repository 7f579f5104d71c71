"""Faults put in at random: are they survived, and is anything lost?

    python benchmarks/faults.py --kind kill-training --count 200
    python benchmarks/faults.py --all --count 200 --write docs/benchmarks/faults.json

Prints JSON: of each kind the faults tried, those survived, the data lost (finished files or images that are gone,
cannot be read or differ), seconds, and what is particular to it. A kind that this machine cannot try says why. Exit
status 1 if a fault was not survived. ``--table`` prints the table of docs/faults.md from the file of an earlier run.
"""

import argparse
import json
import math
import os
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before PyTorch is imported: copies of this process have no threads

from faults_bytes import bit_flips, truncation
from faults_disks import NotHereError, disk_full, read_only
from faults_kills import Goal, Tally, kill_checkpoint, kill_dataset, kill_generate, kill_training
from faults_machine import clock_jumps, out_of_memory, worker_dies
from faults_table import table
from measuring import circumstances

Kind = Callable[[Path, Path, Goal, int], Tally]
KINDS: dict[str, Kind] = {
    "kill-training": kill_training,
    "kill-checkpoint": kill_checkpoint,
    "kill-dataset": kill_dataset,
    "kill-generate": kill_generate,
    "disk-full": disk_full,
    "read-only": read_only,
    "truncation": truncation,
    "bit-flips": bit_flips,
    "worker-dies": worker_dies,
    "clock-jumps": clock_jumps,
    "out-of-memory": out_of_memory,
}


def figures_of(kind: str, count: int, seed: int, minutes: float = math.inf) -> dict[str, Any]:
    """Try one kind in a folder of its own."""
    begun = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="faults-") as name:
        inputs, folder = Path(name) / "inputs", Path(name) / "work"
        inputs.mkdir()
        folder.mkdir()
        try:
            tally = KINDS[kind](folder, inputs, Goal(count, begun + 60 * minutes), seed)
        except NotHereError as reason:
            return {"kind": kind, "tried": 0, "skipped": str(reason)}
    return {**asdict(tally), "seconds": round(time.monotonic() - begun, 1)}


def keep(path: Path, found: list[dict[str, Any]]) -> None:
    """Put new figures in the place of older ones of their kinds."""
    older = json.loads(path.read_text())["figures"] if path.exists() else []
    new = {figures["kind"]: {**figures, "date": time.strftime("%Y-%m-%d")} for figures in found}
    rows = {figures["kind"]: figures for figures in older} | new
    ordered = [rows[kind] for kind in [*KINDS, *(set(rows) - set(KINDS))] if kind in rows]
    path.write_text(json.dumps({"circumstances": circumstances(), "figures": ordered}, indent=2) + "\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kind", choices=KINDS, action="append", default=[])
    parser.add_argument("--all", action="store_true", help="every kind")
    parser.add_argument("--count", type=int, default=25, help="faults of each kind")
    parser.add_argument("--minutes", type=float, default=math.inf, help="stop with a kind after so long, with fewer")
    parser.add_argument("--seed", type=int, default=0, help="of the faults")
    parser.add_argument("--write", type=Path, help="JSON file to put the figures into")
    parser.add_argument("--table", type=Path, help="print the table of such a file, and stop")
    arguments = parser.parse_args()
    if arguments.table:
        print(table(json.loads(arguments.table.read_text())["figures"]))
        return
    found = []
    for kind in KINDS if arguments.all else arguments.kind:
        found.append(figures_of(kind, arguments.count, arguments.seed, arguments.minutes))
        print(json.dumps(found[-1]), flush=True)
        if arguments.write:
            keep(arguments.write, found)
    sys.exit(any(figures["tried"] != figures.get("survived", 0) for figures in found))


if __name__ == "__main__":
    main()
