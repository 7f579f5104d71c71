"""Processes that share work: order, failures, and what is there for one alone."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from allaprima.errors import ConfigError
from allaprima.processes import ALONE, joined

ROOT = Path(__file__).parents[1]


def said_by_two(script: str, out: Path) -> list[Any]:
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src"), "OMP_NUM_THREADS": "1"}
    words = [*torchrun, Path(__file__).with_name(script), out]
    done = subprocess.run(words, env=environment, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stderr
    return [json.loads((out / f"{rank}.json").read_text()) for rank in range(2)]


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """What each of two processes got."""
    return said_by_two("processes_under_torchrun.py", tmp_path_factory.mktemp("processes"))


def test_parts_are_done_by_turns_and_come_in_their_order(said: list[dict[str, Any]]) -> None:
    assert said[0]["shared"] == [[0, 0], [1, 1], [2, 0], [3, 1], [4, 0]]
    assert said[0]["one part"] == [0]
    assert said[1]["shared"] == said[1]["one part"] == []


def test_the_first_gets_all_or_gives_to_all(said: list[dict[str, Any]]) -> None:
    assert [one["gathered"] for one in said] == [[0, 1], []]
    assert [one["of_first"] for one in said] == [0, 0]
    assert [one["its own"] for one in said] == [one["first_before_others"] for one in said] == [0, 1]


def test_what_goes_wrong_in_one_is_raised_in_all(said: list[dict[str, Any]]) -> None:
    assert {one["of the second"] for one in said} == {"ConfigError: only in the second"}
    assert {one["of the first"] for one in said} == {"RuntimeError: OddError: odd 1 2"}


def test_a_process_that_is_gone_is_one_sentence(said: list[dict[str, Any]]) -> None:
    assert said[0]["alone"] == "another process has ended, or hangs, before the work was done"


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="threads have no names to be read here")
def test_no_thread_is_left_that_could_fall_over_the_end_of_the_interpreter(tmp_path: Path) -> None:
    for names in said_by_two("processes_that_end.py", tmp_path):
        assert not [name for name in names if "gloo" in name]


def test_one_alone_does_all_of_it() -> None:
    with joined({}) as processes:
        assert processes is ALONE
    assert list(ALONE.shared(3, lambda part: part)) == [0, 1, 2]
    assert (ALONE.gathered(lambda: 5), ALONE.of_first(lambda: 6), ALONE.first_before_others(lambda: 7)) == ([5], 6, 7)
    with pytest.raises(KeyError):
        ALONE.each(lambda: {}["not there"])


def test_half_of_torchruns_environment_is_no_company() -> None:
    with pytest.raises(ConfigError, match="torchrun sets all"), joined({"WORLD_SIZE": "2", "RANK": "0"}):
        pass
