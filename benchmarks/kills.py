"""Does a training survive being killed at any moment, and end as if nothing had happened?

    python benchmarks/kills.py --kills 25

Trains a tiny network twice by the command line: once in peace, once killed (SIGKILL) again and again. Of five kills one
comes at a random moment of the start, two at random moments of the training, and two as soon as a file is seen that is
being written; every tick writes a sheet, a snapshot and a state. After each kill all files that have their final name
must be readable, and the same command must go on. Prints JSON; ``equal`` says whether both trainings ended with the
same weights, optimizers, pictures and numbers, bit for bit. Exit status 1 if anything failed.
"""

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from measuring import show

from allaprima.checkpoint import read_tensors
from allaprima.data.archive import archive_writer

RECIPE = (
    "cbase=64 cmax=8 z_dim=8 w_dim=8 map_depth=1 batch=4 precision=fp32 tick=0.008 snap=1 pl_interval=3 r1_interval=4"
)
TICK = 8  # images
TICKS_FOR_A_KILL = 5
MOMENTS = ("training", "writing", "writing", "training", "starting")  # of the kills, in turn
FOLDERS = (".", "state", "snapshots")
PATIENCE = 120  # seconds without progress


class Training:
    """The command, and the run directory that it works on."""

    def __init__(self, data: Path, path: Path, ticks: int) -> None:
        self.path = path
        settings = [word for field in RECIPE.split() for word in ("--set", field)]
        arguments = ["train", data, path, "--recipe", "laptop", "--kimg", ticks * TICK / 1000, "--device", "cpu"]
        self.command = [sys.executable, "-m", "allaprima", *map(str, arguments), *settings]

    @contextmanager
    def process(self) -> Iterator[subprocess.Popen[str]]:
        """Start the command; whatever happens, it does not outlive the block."""
        started = subprocess.Popen(
            self.command, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True
        )
        try:
            yield started
        finally:
            started.kill()
            started.wait()

    def finish(self) -> float:
        """Run to the end; give the seconds until the first tick."""
        with self.process() as process:
            begun = time.monotonic()
            self.wait_for_ticks(process, 1)
            seconds = time.monotonic() - begun
            output, _ = process.communicate()
        if process.returncode:
            raise SystemExit(f"the training ended with status {process.returncode}:\n{output}")
        return seconds

    def wait_for_ticks(self, process: subprocess.Popen[str], ticks: int, timeout: float = PATIENCE) -> None:
        """Wait until the run has so many ticks, the process has ended, or the time is over."""
        end = time.monotonic() + timeout
        while self.ticks() < ticks and process.poll() is None and time.monotonic() < end:
            time.sleep(0.005)

    def wait_for_writing(self, process: subprocess.Popen[str], folder: Path) -> None:
        """Wait until a file in ``folder`` is being written, or the process has ended; without a pause."""
        end = time.monotonic() + PATIENCE
        while not half_written(folder) and process.poll() is None and time.monotonic() < end:
            pass

    def rows(self) -> list[dict[str, Any]]:
        """Complete lines of stats.jsonl, without times and memory."""
        try:
            lines = (self.path / "stats.jsonl").read_text().splitlines(keepends=True)
        except OSError:
            return []
        rows = [json.loads(line) for line in lines if line.endswith("\n")]
        volatile = ("Timing/", "Resources/", "timestamp")
        return [{name: row for name, row in line.items() if not name.startswith(volatile)} for line in rows]

    def ticks(self) -> int:
        """Ticks that stats.jsonl tells of."""
        rows = self.rows()
        return int(rows[-1]["Progress/tick"]["mean"]) if rows else 0

    def states(self) -> list[Path]:
        """Files of states, the oldest first."""
        return sorted((self.path / "state").glob("*.safetensors"))

    def ticks_lost(self) -> int:
        """Ticks that were told, but are not in the newest state. Reads all states and snapshots."""
        for state in self.states():
            read_tensors(state, kind="state", version=1)
        for snapshot in (self.path / "snapshots").glob("*.safetensors"):
            read_tensors(snapshot, kind="model", version=1)
        newest = int(self.states()[-1].stem.removeprefix("state-")) if self.states() else 0
        return self.ticks() - newest // TICK

    def outcome(self) -> dict[str, Any]:
        """All that two equal trainings share when they are over."""
        files = [*self.path.glob("*.png"), *(self.path / "snapshots").iterdir(), self.states()[-1]]
        return {file.name: file.read_bytes() for file in files} | {"numbers": self.rows()}


def half_written(folder: Path) -> list[Path]:
    """Files in ``folder`` that have not got their final names yet."""
    if not folder.is_dir():
        return []
    return [file for file in folder.iterdir() if file.name.startswith(".") and file.name != ".lock"]


def kill(training: Training, number: int, startup: float, chance: random.Random) -> bool:
    """Start the command, and kill it at its moment; False if it was over before."""
    with training.process() as process:
        ticks = max(number * TICKS_FOR_A_KILL, training.ticks() + 1)
        match MOMENTS[(number - 1) % len(MOMENTS)]:
            case "starting":
                training.wait_for_ticks(process, sys.maxsize, timeout=chance.uniform(0, startup))
            case "training":
                training.wait_for_ticks(process, ticks)
                training.wait_for_ticks(process, ticks + 2, timeout=chance.uniform(0, 0.5))
            case "writing":
                training.wait_for_ticks(process, ticks)
                training.wait_for_writing(process, training.path / chance.choice(["state", "snapshots"]))
        process.send_signal(signal.SIGKILL)
        output, _ = process.communicate()
    if process.returncode not in (0, -signal.SIGKILL):
        raise SystemExit(f"after {number - 1} kills the command ended with status {process.returncode}:\n{output}")
    return process.returncode != 0


def bench(folder: Path, kills: int, seed: int) -> dict[str, Any]:
    """Train in peace, train with kills, compare."""
    chance, begun = random.Random(seed), time.monotonic()
    data, ticks = folder / "data.zip", (kills + 1) * TICKS_FOR_A_KILL
    with archive_writer(data) as archive:
        for i in range(10):
            archive.add(np.random.RandomState(i).randint(0, 256, (8, 8), dtype=np.uint8))
        archive.finish()
    peace, war = Training(data, folder / "peace", ticks), Training(data, folder / "war", ticks)
    startup = peace.finish()
    done = interrupted = lost = 0
    while done < kills and kill(war, done + 1, startup, chance):
        done += 1
        interrupted += any(half_written(war.path / folder) for folder in FOLDERS)
        lost = max(lost, war.ticks_lost())
    war.finish()
    mine, its = war.outcome(), peace.outcome()
    differing = sorted(name for name in mine | its if mine.get(name) != its.get(name))
    return {
        "kills": done,
        "while_a_file_was_written": interrupted,
        "half_written_at_the_end": sum(len(half_written(war.path / folder)) for folder in FOLDERS),
        "restarts": done,
        "ticks_lost_at_most": lost,
        "ticks": ticks,
        "seconds_to_the_first_tick": round(startup, 1),
        "seconds": round(time.monotonic() - begun, 1),
        "differing": differing,
        "equal": not differing,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=25)
    parser.add_argument("--seed", type=int, default=0, help="of the moments")
    arguments = parser.parse_args()
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    with tempfile.TemporaryDirectory() as folder:
        figures = bench(Path(folder), arguments.kills, arguments.seed)
    show(figures)
    sys.exit(0 if figures["equal"] and figures["kills"] == arguments.kills else 1)


if __name__ == "__main__":
    main()
