"""The watchdog bites those who do not feed it, and no others."""

import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = """
import sys, time
from pathlib import Path
from allaprima.training.watchdog import Watchdog

def dawdle(seconds, dog):
    for _ in range(int(seconds / 0.05)):
        if dog is not None:
            dog.feed()
        time.sleep(0.05)

with Watchdog(0.5, Path(sys.argv[1]), "process 3") as dog:
    dawdle(1.5, dog if sys.argv[2] == "fed" else None)
"""


def end_of(path: Path, how: str) -> "subprocess.CompletedProcess[str]":
    environment = {"PYTHONPATH": str(Path(__file__).parents[2] / "src")}
    command = [sys.executable, "-c", SCRIPT, str(path), how]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=60)


def test_one_that_is_fed_is_quiet(tmp_path: Path) -> None:
    done = end_of(tmp_path / "stacks" / "rank-3.txt", "fed")
    assert (done.returncode, done.stderr) == (0, "")
    assert not (tmp_path / "stacks").exists()


@pytest.mark.parametrize("is_writable", [True, False])
def test_one_that_is_not_fed_says_where_and_ends_the_process(tmp_path: Path, is_writable: bool) -> None:
    path = tmp_path / "stacks" / "rank-3.txt"
    if not is_writable:
        path.parent.write_text("a file where the folder should be")
    done = end_of(path, "hungry")
    assert done.returncode == 75
    assert "process 3 has not moved for 0.5 s" in done.stderr
    assert "in dawdle" in (path.read_text() if is_writable else done.stderr)
