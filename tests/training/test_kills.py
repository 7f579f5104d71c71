"""The fault bench, three kills of it; benchmarks/kills.py does more."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

BENCH = Path(__file__).parents[2] / "benchmarks/kills.py"


def kill(count: int) -> dict[str, object]:
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, str(BENCH), "--kills", str(count)],
        capture_output=True,
        text=True,
        env=environment,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    figures: dict[str, object] = json.loads(done.stdout)["figures"]
    return figures


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGKILL")
@pytest.mark.parametrize("count", [3, pytest.param(20, marks=pytest.mark.slow)])
def test_a_killed_training_ends_as_one_that_was_not(count: int) -> None:
    figures = kill(count)
    assert (figures["kills"], figures["equal"], figures["half_written_at_the_end"]) == (count, True, 0)
    assert figures["ticks_lost_at_most"] in (0, 1)
