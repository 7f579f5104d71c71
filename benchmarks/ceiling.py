"""What can this machine do at most? A large product of float32 matrices, and a copy of a large block of memory.

    python benchmarks/ceiling.py

Prints JSON: GFLOP/s (two operations to a multiply-add) and GB/s (read and written), median and best. Other benchmarks
measure the same within their own run, and say which fraction of it they reach.
"""

import time
from collections.abc import Callable
from statistics import median
from typing import Any

import torch
from measuring import show, wait

SIDE = 3072  # of the matrices
BLOCK = 2**26  # numbers that are copied: 256 MB, more than any cache


def matrix_gflops(device: torch.device | None = None, *, seconds: float = 1.0) -> dict[str, float]:
    """Float32 GFLOP/s of a square matrix product, repeated for about so many seconds."""
    device = device or torch.device("cpu")
    a, b, out = (torch.randn(SIDE, SIDE, device=device) for _ in range(3))
    times = repeated(lambda: torch.mm(a, b, out=out), device, seconds)
    return speeds(2 * SIDE**3 / 1e9, times)


def copy_gigabytes(device: torch.device | None = None, *, seconds: float = 0.5) -> dict[str, float]:
    """GB/s of a copy, counting what is read and what is written."""
    device = device or torch.device("cpu")
    source, target = (torch.zeros(BLOCK, device=device) for _ in range(2))
    return speeds(2 * source.nbytes / 1e9, repeated(lambda: target.copy_(source), device, seconds))


def repeated(work: Callable[[], Any], device: torch.device, seconds: float) -> list[float]:
    """Wall times of ``work``, for about so many seconds, after one time to warm up."""
    work()
    wait(device)
    times: list[float] = []
    while not times or sum(times) < seconds:
        begun = time.perf_counter()
        work()
        wait(device)
        times.append(time.perf_counter() - begun)
    return times


def speeds(amount: float, times: list[float]) -> dict[str, float]:
    """Median and best of ``amount`` over each of the times."""
    return {"median": round(amount / median(times), 2), "best": round(amount / min(times), 2)}


if __name__ == "__main__":
    show({"matrix_gflops": matrix_gflops(), "copy_gb_per_second": copy_gigabytes()})
