"""Every kind of fault, a few of each: all survived, nothing lost. ``benchmarks/faults.py`` tries hundreds."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import allaprima

ROOT = Path(__file__).parents[2]
FILES = 5  # that are damaged in as many ways
KINDS = {
    "kill-training": 3,
    "kill-checkpoint": 3,
    "kill-dataset": 6,
    "kill-generate": 4,
    "disk-full": 8,
    "read-only": 4,
    "truncation": 4,
    "bit-flips": 4,
    "worker-dies": 2,
    "clock-jumps": 2,
    "out-of-memory": 2,
}

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the bench forks, mounts and reads /proc")


def tried(kind: str, count: int) -> dict[str, Any]:
    """What the bench says of one kind."""
    done = subprocess.run(
        [sys.executable, ROOT / "benchmarks" / "faults.py", "--kind", kind, "--count", str(count), "--seed", "1"],
        env={**os.environ, "PYTHONPATH": str(Path(allaprima.__file__).parents[1]), "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.stdout, done.stderr
    figures: dict[str, Any] = json.loads(done.stdout)
    return figures


@pytest.mark.parametrize("kind", KINDS)
def test_it_is_survived_and_nothing_is_lost(kind: str) -> None:
    figures = tried(kind, KINDS[kind])
    if "skipped" in figures:
        pytest.skip(figures["skipped"])
    assert figures["failures"] == []
    assert figures["tried"] == KINDS[kind] * (FILES if kind in ("truncation", "bit-flips") else 1)
    assert (figures["survived"], figures["data_lost"]) == (figures["tried"], 0)
