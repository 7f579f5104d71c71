"""How long until the program says something, and until it has painted an image?

python benchmarks/start_up.py emoji-64
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

from measuring import ROOT, show


def start_up(model: str, *, rounds: int) -> dict[str, Any]:
    """Median seconds of whole processes, in turn; `import torch` alone is the floor of every one that computes."""
    with tempfile.TemporaryDirectory() as directory:
        program = [sys.executable, "-m", "allaprima"]
        commands = {
            "help": [*program, "--help"],
            "import_torch": [sys.executable, "-c", "import torch"],
            "first_image": [*program, "generate", model, "--seeds", "0", "--out", str(Path(directory) / "out")],
        }
        found: dict[str, list[float]] = {name: [] for name in commands}
        for name in [name for _ in range(rounds + 1) for name in commands]:  # the first round fills the file cache
            found[name].append(seconds_of(commands[name]))
    return {"model": model, **{f"{name}_seconds": round(median(times[1:]), 3) for name, times in found.items()}}


def seconds_of(command: list[str]) -> float:
    """Wall time of a whole process."""
    paths = os.pathsep.join([str(ROOT / "src"), *filter(None, [os.environ.get("PYTHONPATH")])])
    begun = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env={**os.environ, "PYTHONPATH": paths})
    return time.perf_counter() - begun


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model")
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    show(start_up(arguments.model, rounds=arguments.rounds))


if __name__ == "__main__":
    main()
