"""Memory of this process, and of a GPU, in units of 2³⁰ bytes."""

import sys
from pathlib import Path

import torch

GIGABYTE = 2**30
STATUS = Path("/proc/self/status")


def memory_gb(device: torch.device) -> tuple[float, ...]:
    """Peak memory of this process (0 where the system does not tell) and, on a GPU, of that."""
    process = _status("VmHWM")  # the other one counts that of the process that began this one
    process = _peak() if process is None else process
    return (process, torch.cuda.max_memory_allocated(device) / GIGABYTE) if device.type == "cuda" else (process,)


def held_gb(device: torch.device) -> float:
    """What is held now on ``device``: by this process on the CPU (its peak, where no more is told), or on a GPU."""
    if device.type == "cuda":
        return torch.cuda.memory_allocated(device) / GIGABYTE
    process = _status("VmRSS")
    return _peak() if process is None else process


def _status(field: str) -> float | None:
    """A field of Linux's table."""
    try:
        lines = STATUS.read_text().splitlines()
    except OSError:
        return None
    return next((int(line.split()[1]) * 1024 / GIGABYTE for line in lines if line.startswith(f"{field}:")), None)


def _peak() -> float:
    try:
        import resource
    except ImportError:  # Windows
        return 0.0
    unit = 1 if sys.platform == "darwin" else 1024  # macOS counts bytes, others kibibytes
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / GIGABYTE
