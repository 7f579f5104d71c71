"""Measures how many images per second the loader gives.

    python benchmarks/loader.py ARCHIVE [ARCHIVE …] [--batch 32] [--seconds 4]

Prints one JSON object. "cached" is the whole data set decoded in memory; the others decode while they go. The first
batches are not counted; ``first_batch_s`` tells how long they take (decoding everything, or starting processes).
"""

import argparse
import datetime
import json
import os
import platform
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy
import PIL
import torch
from torch import Tensor

from allaprima.data import ImageDataset, batches

WAYS: dict[str, dict[str, Any]] = {
    "cached": {"workers": 0},
    "workers 0": {"workers": 0, "cache_bytes": 0},
    "workers 1": {"workers": 1, "cache_bytes": 0},
    "workers 2": {"workers": 2, "cache_bytes": 0},
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("archives", type=Path, nargs="+")
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--seconds", type=float, default=4.0)
    options = parser.parse_args()
    rows = [measure(path, options.batch, options.seconds) for path in options.archives]
    print(json.dumps(circumstances() | {"batch": options.batch, "results": rows}, indent=2))


def measure(path: Path, batch: int, seconds: float) -> dict[str, Any]:
    dataset = ImageDataset(path)
    row: dict[str, Any] = {"archive": path.name, "images": len(dataset), "shape": list(dataset.image_shape), "ways": {}}
    for name, way in WAYS.items():
        row["ways"][name] = images_per_second(batches(dataset, batch, seed=0, **way), batch, seconds)
    return row


def images_per_second(stream: Iterator[tuple[Tensor, Tensor]], batch: int, seconds: float) -> dict[str, float]:
    start = time.perf_counter()
    next(stream)
    first = time.perf_counter() - start
    for _ in range(20):  # what was prefetched while nobody took anything
        next(stream)
    count, start = 0, time.perf_counter()
    while time.perf_counter() - start < seconds:
        next(stream)
        count += batch
    return {"images_per_s": round(count / (time.perf_counter() - start)), "first_batch_s": round(first, 3)}


def circumstances() -> dict[str, Any]:
    return {
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "hardware": f"{os.cpu_count()} cores, {_processor()}",
        "load": os.getloadavg()[0],
        "threads": torch.get_num_threads(),
        "commit": _commit(),
        "python": platform.python_version(),
        "torch": torch.__version__,
        "numpy": numpy.__version__,
        "pillow": PIL.__version__,
    }


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.machine())


def _commit() -> str:
    command = ["git", "rev-parse", "--short", "HEAD"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=Path(__file__).parent)
    return done.stdout.strip() or "none"


if __name__ == "__main__":
    main()
