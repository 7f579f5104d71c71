"""A few of the mutations of `benchmarks/fuzz_pickles.py`, and the benchmark itself."""

import json
import os
import time
from pathlib import Path
from typing import Any

import pytest

MUTATIONS = 400


def test_mutated_files_run_nothing_and_do_not_hang(fuzzer: Any, watch: Any) -> None:
    found = fuzzer.fuzz(fuzzer.samples(), 0, MUTATIONS, 1, watch)
    assert found["events"] == {}
    assert found["hung"] == []
    assert sum(found["outcomes"].values()) == MUTATIONS
    assert set(found["outcomes"]) == {"read", "broken", "refused"}  # it damages neither too little nor too much
    assert fuzzer.memory() < 8 * 2**30


def test_sound_files_are_read(fuzzer: Any) -> None:
    files = fuzzer.samples()
    assert {fuzzer.attempt(sample.data) for sample in files.values()} == {"read"}


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
    assert figures["mutations"] == figures["read"] + figures["broken"] + figures["refused"] == 30
    assert figures["safe"]
    with pytest.raises(SystemExit, match="of seed 0"):
        fuzzer.bench(30, 1, progress)
