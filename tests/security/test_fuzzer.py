"""A few of the mutations of `benchmarks/fuzz_pickles.py`, and the benchmark itself."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from tests.security.conftest import BENCHMARKS

MUTATIONS = 400


def test_mutated_files_run_nothing_and_do_not_hang() -> None:
    """In a Python of its own: here, the checks of shapes compile code when networks are built."""
    command = [sys.executable, str(BENCHMARKS / "fuzz_pickles.py"), "--mutations", str(MUTATIONS), "--seed", "1"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads(done.stdout)["figures"]
    assert (found["executions"], found["hung"], found["events"]) == (0, [], {})
    assert all(found[outcome] > 0 for outcome in ("read", "built", "broken", "refused"))  # damages neither too little …
    assert sum(found[outcome] for outcome in ("read", "built", "broken", "refused")) == MUTATIONS  # … nor too much


def test_sound_files_are_read(fuzzer: Any) -> None:
    files = fuzzer.samples()
    models = {name for name, sample in files.items() if fuzzer.attempt(sample.data) == "built"}
    others = {name for name, sample in files.items() if fuzzer.attempt(sample.data) == "read"}
    assert models | others == set(files)
    assert "names.pth" in models
    assert all(name in models for name in files if name.startswith(("style", "progan")))


def test_a_mutation_depends_on_its_number_alone(fuzzer: Any) -> None:
    files = fuzzer.samples(Path("nowhere"))
    mutations = [fuzzer.mutate(files, fuzzer.random.Random(f"0/{i}")) for i in (1, 1, 2)]
    assert mutations[0] == mutations[1] != mutations[2]


def test_the_watch_sees_what_it_should(watch: Any, tmp_path: Path) -> None:
    before = watch.seen.copy()
    with watch.on():
        exec("pass")
        (tmp_path / "written").write_text("x")
        os.system("true")
    assert {"exec", "compile", "open", "os.system"} <= set(watch.seen - before)
    before = watch.seen.copy()
    with watch.on():
        (tmp_path / "written").read_bytes()
    assert watch.seen == before


def test_a_hang_is_seen(fuzzer: Any) -> None:
    with pytest.raises(fuzzer.Hang), fuzzer.alarm(0.01):
        time.sleep(5)


def test_the_benchmark_goes_on_where_it_was(
    fuzzer: Any, watch: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fuzzer, "Watch", lambda: watch)
    monkeypatch.setattr(fuzzer, "EVERY", 10)
    files = fuzzer.samples(Path("nowhere"))
    monkeypatch.setattr(fuzzer, "samples", lambda: files)
    progress = tmp_path / "fuzz.json"
    fuzzer.bench(20, 0, progress)
    assert json.loads(progress.read_text())["next"] == 20
    figures = fuzzer.bench(30, 0, progress)
    outcomes = (figures.get(outcome, 0) for outcome in ("read", "built", "broken", "refused"))
    assert figures["mutations"] == sum(outcomes) == 30
    with pytest.raises(SystemExit, match="of seed 0"):
        fuzzer.bench(30, 1, progress)
