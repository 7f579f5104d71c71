"""Does a training grow with its processes, and what do they spend on one another?

    python benchmarks/many_processes.py --rounds 5

Takes steps of the same training, with the same global batch, in one process with all threads and in one process for
each core, in turn, each started afresh by torchrun. Reports images a second, their ratio, and the share of the time in
which gradients were added up (waiting for a slower process counts). Prints JSON.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from typing import Any

from measuring import show

SIZE, BATCH = 64, 16
FIELDS: dict[str, Any] = {"cbase": 2048, "cmax": 128, "z_dim": 128, "w_dim": 128, "map_depth": 2, "mbstd_group": 4}


def measure(steps: int) -> None:
    """In each process: take steps; the first prints what they took."""
    import torch

    from allaprima.processes import Processes, joined
    from allaprima.training import Recipe
    from allaprima.training.run import start
    from allaprima.training.step import train_step

    spent = 0.0
    add_up = Processes.add_up

    def timed(self: Processes, numbers: Any) -> None:
        nonlocal spent
        begun = time.perf_counter()
        add_up(self, numbers)
        spent += time.perf_counter() - begun

    Processes.add_up = timed  # type: ignore[method-assign]
    recipe = Recipe(**FIELDS, batch=BATCH, batch_gpu=BATCH, gamma=1.0, ema_kimg=10.0, precision="fp32", aug="noaug")
    with joined() as processes:
        size = {"height": SIZE, "width": SIZE, "channels": 4}
        run = start(recipe, label_table=torch.zeros(1, 0), device=torch.device("cpu"), processes=processes, **size)
        pixels = torch.randint(0, 256, (len(run.share), 4, SIZE, SIZE), dtype=torch.uint8)
        labels = torch.zeros(len(pixels), 0)
        train_step(run, pixels, labels)
        spent, begun = 0.0, time.perf_counter()
        for _ in range(steps):
            train_step(run, pixels, labels)
        seconds = time.perf_counter() - begun
        if processes.is_first:
            numbers = sum(p.numel() for network in (run.G, run.D) for p in network.parameters())
            print(
                json.dumps({"images_per_s": steps * BATCH / seconds, "adding_up": spent / seconds, "weights": numbers})
            )


def started(count: int, threads: int, steps: int) -> dict[str, float]:
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", str(count)]
    command += [__file__, "--steps", str(steps), "--measure"]
    environment = {**os.environ, "OMP_NUM_THREADS": str(threads)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--steps", type=int, default=16)
    parser.add_argument("--measure", action="store_true", help=argparse.SUPPRESS)
    wished = parser.parse_args()
    if wished.measure:
        measure(wished.steps)
        return
    cores = len(os.sched_getaffinity(0))

    rounds = [(started(1, cores, wished.steps), started(cores, 1, wished.steps)) for _ in range(wished.rounds)]
    speeds = [statistics.median(pair[i]["images_per_s"] for pair in rounds) for i in (0, 1)]
    found = {
        "one_process_images_per_s": round(speeds[0], 2),
        "processes": cores,
        "many_processes_images_per_s": round(speeds[1], 2),
        "ratio": round(statistics.median(b["images_per_s"] / a["images_per_s"] for a, b in rounds), 3),
        "ratios": [round(b["images_per_s"] / a["images_per_s"], 3) for a, b in rounds],
        "share_of_adding_up": round(statistics.median(b["adding_up"] for _, b in rounds), 4),
        "weights": rounds[0][0]["weights"],
        "batch": BATCH,
        "size": SIZE,
    }
    show(found)


if __name__ == "__main__":
    main()
