"""The fault bench itself: it sees damage where there is some, kills what it means to, and the docs have its table."""

import json
import random
import sys
import time
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from allaprima.errors import AllaPrimaError

ROOT = Path(__file__).parents[2]
FIGURES = ROOT / "docs" / "benchmarks" / "faults.json"

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the bench forks, mounts and reads /proc")


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Imports a module of the bench."""
    monkeypatch.syspath_prepend(ROOT / "benchmarks")
    return import_module


@pytest.fixture
def inputs(tmp_path: Path) -> Path:
    (tmp_path / "inputs").mkdir()
    return tmp_path / "inputs"


def test_it_counts_what_was_not_survived_and_what_was_lost(bench: Any) -> None:
    tally = bench("faults_kills").Tally("any")
    tally.add()
    tally.add("it stopped")
    tally.add("it is gone", lost=2)
    assert (tally.tried, tally.survived, tally.data_lost) == (3, 1, 2)
    assert tally.failures == ["it stopped", "it is gone"]


def test_a_damaged_archive_is_no_finished_one(bench: Any, inputs: Path, tmp_path: Path) -> None:
    job = bench("faults_jobs").DatasetJob(tmp_path, inputs)
    job.finished()
    whole = job.out.read_bytes()
    job.out.write_bytes(whole[:-9])
    with pytest.raises(AllaPrimaError, match=r"out\.zip"):
        job.finished()


def test_a_shard_that_is_not_what_its_record_says_is_seen(bench: Any, inputs: Path, tmp_path: Path) -> None:
    job = bench("faults_jobs").GenerationJob(tmp_path, inputs)
    job.place.mkdir()
    (job.place / "shard-00000.zip").write_bytes(b"half")
    assert job.finished() == {}
    (job.place / "shard-00000.json").write_text(json.dumps({"sha256": "0" * 64}))
    with pytest.raises(AllaPrimaError, match="is not what its record says"):
        job.finished()


def test_a_training_that_forgets_is_seen(bench: Any, inputs: Path, tmp_path: Path) -> None:
    job = bench("faults_jobs").TrainingJob(tmp_path, inputs)
    job.newest = 16
    with pytest.raises(AllaPrimaError, match="16 images had been seen, and now the newest state knows of 0"):
        job.finished()


def test_what_is_silently_read_is_a_failure(bench: Any) -> None:
    refused = bench("faults_bytes").refused

    def raising(error: Exception) -> Any:
        def read() -> None:
            raise error

        return read

    assert refused(lambda: None, "a.zip") == "it was silently read"
    assert "does not name it" in refused(raising(AllaPrimaError("b.zip is damaged")), "a.zip")
    assert "ended in ValueError" in refused(raising(ValueError("x")), "a.zip")
    assert refused(raising(AllaPrimaError("a.zip is damaged")), "a.zip") is None


def test_one_bit_is_flipped(bench: Any) -> None:
    content, chance = bytes(5000), random.Random(0)
    for _ in range(50):
        damaged = bench("faults_bytes").flipped(content, chance)
        assert len(damaged) == 5000
        assert sum(damaged).bit_count() == 1


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")  # the copy of this process does next to nothing
def test_a_process_is_killed_at_the_change_that_is_meant(bench: Any, tmp_path: Path) -> None:
    process = bench("faults_process")
    place = tmp_path / "place"
    place.mkdir()

    def work() -> None:
        process.kill_at_change(place, 3, 0.0)()
        for number in range(5):
            (tmp_path / f"elsewhere{number}").touch()
            (place / f"file{number}").write_text("x")

    with process.running(["--version"], tmp_path, work) as started:
        started.wait()
        assert started.kill()
    assert sorted(path.name for path in place.iterdir()) == ["file0", "file1"]


def test_clocks_jump_when_they_should(bench: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("time", "monotonic", "perf_counter"):
        monkeypatch.setattr(time, name, getattr(time, name))
    before = time.monotonic()
    bench("faults_machine").jumping(-3600.0, 0.05)()
    assert before <= time.monotonic() < before + 0.05
    while time.monotonic() >= before:
        time.sleep(0.01)
    assert time.monotonic() < before - 3590


def test_the_table_of_the_docs_is_that_of_the_figures(bench: Any) -> None:
    figures = json.loads(FIGURES.read_text())["figures"]
    assert bench("faults_table").table(figures) in (ROOT / "docs" / "faults.md").read_text()
    for one in figures:
        assert one["tried"] >= one["survived"] > 0
        assert one["tried"] - one["survived"] <= len(one["failures"]), "what was not survived is named"
        assert one["data_lost"] == 0


def test_a_kind_that_cannot_be_tried_says_why(bench: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    disks = bench("faults_disks")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(disks.NotHereError, match="there is no mount"), disks.disk(tmp_path / "disk"):
        pass
    row = bench("faults_table").table([{"kind": "disk-full", "tried": 0, "skipped": "mounting is not allowed"}])
    assert row.endswith("| The disk fills up | – | – | – | – | mounting is not allowed |")
