"""What every benchmark says besides its figures: when, on what, with which code."""

import json
import os
import platform
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

import torch

from allaprima.version import __version__

ROOT = Path(__file__).parents[1]


def circumstances() -> dict[str, Any]:
    """Date, machine, versions and commit."""
    command = ["git", "describe", "--always", "--dirty"]
    git = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    return {
        "date": time.strftime("%Y-%m-%d %H:%M:%S"),
        "commit": git.stdout.strip() or None,
        "allaprima": __version__,
        "torch": torch.__version__,
        "python": platform.python_version(),
        "processor": processor(),
        "threads": torch.get_num_threads(),
        "load_before": round(os.getloadavg()[0], 2),
        "gpu": torch.cuda.get_device_name() if torch.cuda.is_available() else None,
    }


def processor() -> str:
    """Name of the processor, with the instructions that matter here."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    facts = {line.split(":")[0].strip(): line.split(":", 1)[1].strip() for line in lines if ":" in line}
    flags = [flag for flag in ("avx2", "avx512f", "amx_bf16") if flag in facts.get("flags", "").split()]
    return f"{os.cpu_count()} × {facts.get('model name', '?')} ({' '.join(flags)})"


def seconds(work: Callable[[], Any], *, device: torch.device, repeats: int = 10, warm_up: int = 2) -> float:
    """Median wall time of ``work``."""
    for _ in range(warm_up):
        work()
    times = []
    for _ in range(repeats):
        wait(device)
        begun = time.perf_counter()
        work()
        wait(device)
        times.append(time.perf_counter() - begun)
    return median(times)


def wait(device: torch.device) -> None:
    """Wait until a GPU has done what it was told."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def show(figures: Any) -> None:
    """Print circumstances and figures as JSON."""
    print(json.dumps({"circumstances": circumstances(), "figures": figures}, indent=2))
