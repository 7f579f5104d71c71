"""What metrics have said of snapshots, kept beside them."""

import json
import math
from pathlib import Path

import pytest

from allaprima.errors import RunError
from allaprima.metrics import Result
from allaprima.metrics.history import append_history, best_of, history_path, read_history, snapshots_of


def snapshot(run: Path, kimg: int) -> Path:
    path = run / "snapshots" / f"network-snapshot-{kimg:06d}.safetensors"
    path.parent.mkdir(exist_ok=True)
    path.touch()
    return path


def result(value: float, name: str = "swd64") -> Result:
    return Result(name=name, values={"swd": value, "other": 1.0}, intervals={"swd": (value - 1, value + 1)}, seed=3)


def test_what_was_added_is_read_in_the_order_of_the_training(tmp_path):
    for kimg, value in [(20, 5.0), (4, 9.0), (100, 4.0)]:
        append_history(tmp_path, snapshot(tmp_path, kimg), result(value), Path("data.zip"))
    found = read_history(tmp_path, "swd64")
    assert [(entry.kimg, entry.value) for entry in found] == [(4, 9.0), (20, 5.0), (100, 4.0)]
    assert found[0].interval == (8.0, 10.0)
    assert found[0].seed == 3
    assert read_history(tmp_path, "swd128") == []
    assert [path.name[-18:-12] for path in snapshots_of(tmp_path)] == ["000004", "000020", "000100"]


def test_the_last_word_on_a_snapshot_counts(tmp_path):
    for value in (5.0, 6.0):
        append_history(tmp_path, snapshot(tmp_path, 20), result(value), Path("data.zip"))
    assert [entry.value for entry in read_history(tmp_path, "swd64")] == [6.0]


def test_the_references_lines_are_read_and_ours_have_its_keys(tmp_path):
    history_path(tmp_path, "fid50k_full").write_text(
        '{"results": {"fid50k_full": 12.5}, "metric": "fid50k_full", "snapshot_pkl": "network-snapshot-000200.pkl"}\n'
        '{"results": {"fid50k_full": 11.5}, "metric": "fid50k_full", "snapshot_pkl": "netw'
    )
    assert [entry.value for entry in read_history(tmp_path, "fid50k_full")] == [12.5]
    append_history(tmp_path, snapshot(tmp_path, 8), result(5.0), Path("data.zip"))
    line = json.loads(history_path(tmp_path, "swd64").read_text())
    assert {"results", "metric", "total_time", "snapshot_pkl", "timestamp"} <= line.keys()
    assert line["results"] == {"swd64": 5.0}


def test_the_best_is_the_lowest_or_the_highest_as_the_metric_says(tmp_path):
    for kimg, value in [(1, 3.0), (2, 1.0), (3, 1.0), (4, 2.0), (5, math.nan)]:
        for name in ("swd64", "pr64_own"):
            append_history(tmp_path, snapshot(tmp_path, kimg), result(value, name), Path("data.zip"))
    best = {name: best_of(name, read_history(tmp_path, name)) for name in ("swd64", "pr64_own")}
    assert best["swd64"].kimg == 2
    assert best["pr64_own"].kimg == 1
    assert best_of("swd64", []) is None


def test_a_directory_without_snapshots_is_no_run(tmp_path):
    with pytest.raises(RunError, match="no run directory with snapshots"):
        snapshots_of(tmp_path)
