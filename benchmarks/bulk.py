"""Do more processes fill shards more quickly, and with the same bytes?

    python benchmarks/bulk.py emoji-64 --images 512 --rounds 3

Fills the same shards by ``allaprima generate --shards`` with one process and with two, by turns, which are told apart
as torchrun tells them. A process tells its own rate, which leaves out starting Python and reading the model; the
slowest one counts for all. ``wall_seconds`` has all of it. Prints JSON; ``equal`` says whether all files are the same.
Exit status 1 if the files differ.
"""

import argparse
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

from measuring import show

RATE = re.compile(r"^painted ([\d,]+) images into \d+ shards, (\S+) images/s$", re.M)


def fill(model: str, images: int, shards: int, processes: int, out: Path) -> tuple[float, float]:
    """Images a second of all processes together, and the seconds that all of it took."""
    options = ["--seeds", f"0-{images - 1}", "--shards", str(shards), "--out", str(out), "--device", "cpu"]
    words = [sys.executable, "-m", "allaprima", "generate", model, *options]
    begun = perf_counter()
    started = [
        subprocess.Popen(words, env={**os.environ, **place(rank, processes)}, stdout=subprocess.PIPE, text=True)
        for rank in range(processes)
    ]
    told = [process.communicate()[0] for process in started]
    wall = perf_counter() - begun
    if any(process.returncode for process in started):
        raise SystemExit("a process failed")
    found = [RATE.search(text) for text in told]
    seconds = max(int(match[1].replace(",", "")) / float(match[2]) for match in found if match)
    return images / seconds, wall


def place(rank: int, processes: int) -> dict[str, str]:
    """What torchrun would tell this process."""
    return {"RANK": str(rank), "LOCAL_RANK": str(rank), "WORLD_SIZE": str(processes), "OMP_NUM_THREADS": "1"}


def contents(directory: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in directory.iterdir()}


def bench(model: str, images: int, shards: int, rounds: int, folder: Path) -> dict[str, Any]:
    """One process and two, by turns."""
    rates: dict[int, list[float]] = {1: [], 2: []}
    walls: dict[int, list[float]] = {1: [], 2: []}
    made: list[dict[str, bytes]] = []
    for number in range(rounds):
        for processes in rates:
            out = folder / f"{number}-{processes}"
            rate, wall = fill(model, images, shards, processes, out)
            rates[processes].append(rate)
            walls[processes].append(wall)
            made.append(contents(out))
    return {
        "model": model,
        "images": images,
        "shards": shards,
        "rounds": rounds,
        "images_per_second": {str(count): round(median(each), 1) for count, each in rates.items()},
        "wall_seconds": {str(count): round(median(each), 1) for count, each in walls.items()},
        "ratios": [round(two / one, 2) for one, two in zip(rates[1], rates[2], strict=True)],
        "ratio": round(median(two / one for one, two in zip(rates[1], rates[2], strict=True)), 2),
        "equal": all(each == made[0] for each in made),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", nargs="?", default="emoji-64")
    parser.add_argument("--images", type=int, default=512)
    parser.add_argument("--shards", type=int, default=8)
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        figures = bench(arguments.model, arguments.images, arguments.shards, arguments.rounds, Path(folder))
    show(figures)
    sys.exit(0 if figures["equal"] else 1)


if __name__ == "__main__":
    main()
