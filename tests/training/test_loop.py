"""The loop: when it reports, snapshots, saves and ends, and what is left where it cannot write."""

import os
import shutil
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors import SafetensorError

import allaprima
from allaprima.errors import OutputError
from allaprima.training import Report, fit, is_finished, open_session
from allaprima.training.clock import images_in, memory_gb
from allaprima.training.run import Run
from allaprima.training.state import states
from tests.training.small import CPU, MIDDLE, lasting_files, numbers, small_run, tiny, train

# Reports


def test_the_progress_line() -> None:
    report = Report(
        tick=7,
        kimg=28.0,
        kimg_in_all=1000.0,
        images_per_second=12.345,
        seconds_left=78741.0,
        losses={"G": 0.98765, "D": 1.2, "r1": 0.0004},
        memory_gb=(1.25, 6.04),
    )
    assert report.line() == (
        "tick 7    kimg 28.0/1000  12.3 img/s  ETA 21h 52m  G 0.988  D 1.200  r1 0.000  mem 1.2+6.0 GB"
    )


def test_a_report_tells_where_the_training_is(data: Path, tmp_path: Path) -> None:
    session, reports = train(data, tmp_path / "run", tiny())
    assert [(report.tick, report.kimg, report.kimg_in_all) for report in reports] == [
        (1, 0.008, 0.032),
        (2, 0.016, 0.032),
        (3, 0.024, 0.032),
        (4, 0.032, 0.032),
    ]
    for report in reports:
        assert report.images_per_second > 0
        left = (report.kimg_in_all - report.kimg) * 1000
        assert report.seconds_left == pytest.approx(left / report.images_per_second)
        assert {"G", "D"} <= report.losses.keys() <= {"G", "D", "r1", "pl"}
        assert not report.stopped
    assert [report.losses["D"] for report in reports] == [
        row["Loss/D/loss"]["mean"] for row in numbers(tmp_path / "run")
    ]
    assert reports[-1].snapshot == session.directory.snapshots / "network-snapshot-000000.safetensors"
    assert [report.snapshot is None for report in reports] == [True, False, True, False]


def test_memory_is_told() -> None:
    assert 0 < memory_gb(CPU)[0] < 1000


# Ticks, snapshots, states


@pytest.mark.parametrize("images", [1, 57, 64, 69, 1001, 2007, 4009, 25_000_000])
def test_thousands_of_images_are_whole_images(images: int) -> None:
    assert images_in(images / 1000) == images
    run = small_run(kimg=images / 1000)
    run.images_seen = images - 1
    assert not is_finished(run)
    run.images_seen = images
    assert is_finished(run)


def test_a_step_is_not_cut_at_the_end(data: Path, tmp_path: Path) -> None:
    session, reports = train(data, tmp_path / "run", tiny(kimg=0.006))
    assert session.run.images_seen == 8
    assert reports[-1].seconds_left == 0


def test_a_training_ends_with_a_tick_a_snapshot_a_sheet_and_a_state(data: Path, tmp_path: Path) -> None:
    _, reports = train(data, tmp_path / "run", tiny(kimg=0.012, tick=1.0, snap=50))
    (report,) = reports
    assert report.snapshot is not None
    assert report.snapshot.is_file()
    assert (tmp_path / "run/fakes000000.png").is_file()
    assert [path.stem for path in states(tmp_path / "run/state")] == ["state-000000000012"]
    assert len(numbers(tmp_path / "run")) == 1


def test_snapshots_come_though_steps_are_longer_than_ticks(data: Path, tmp_path: Path) -> None:
    _, reports = train(data, tmp_path / "run", tiny(tick=0.003, snap=3))
    assert [(report.tick, report.snapshot is not None) for report in reports] == [
        (1, False),
        (2, False),
        (4, True),  # past 3
        (5, False),
        (6, True),
        (8, False),
        (9, True),
        (10, True),  # the end
    ]


def test_a_stop_saves_and_ends(data: Path, tmp_path: Path) -> None:
    session, reports = train(data, tmp_path / "run", tiny(), stop_at=3)
    assert [report.stopped for report in reports] == [False, True]
    assert session.run.step == 3
    assert [path.stem for path in states(tmp_path / "run/state")] == ["state-000000000012"]


def test_who_stops_before_the_first_snapshot_can_paint(data: Path, tmp_path: Path) -> None:
    path = tmp_path / "run"
    session, _ = train(data, path, tiny(snap=100), stop_at=1)
    painted = allaprima.load(path)
    for name, weight in session.run.G_ema.state_dict().items():
        assert torch.equal(painted.state_dict()[name], weight), name
    assert (path / "fakes000000.png").is_file()
    before = sorted(path.glob("snapshots/*"))
    train(data, path, tiny(snap=100), stop_at=2)
    assert sorted(path.glob("snapshots/*")) == before, "there was one already"


def test_a_stop_at_the_last_step_is_the_end(data: Path, tmp_path: Path) -> None:
    _, reports = train(data, tmp_path / "run", tiny(), stop_at=8)
    assert [report.stopped for report in reports] == [False] * 4
    assert reports[-1].snapshot


def test_states_are_saved_as_time_goes_by(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    saved: list[str] = []

    def look(run: Run) -> None:
        saved.extend(path.stem for path in states(tmp_path / "run/state")[-1:])

    monkeypatch.setattr("allaprima.training.clock.SAVE_SECONDS", -1)
    train(data, tmp_path / "run", tiny(snap=50, kimg=0.016), on_step=look)
    assert saved == ["state-000000000004", "state-000000000008", "state-000000000012"]


def test_without_that_no_state_is_saved_before_the_snapshot(data: Path, tmp_path: Path) -> None:
    def look(run: Run) -> None:
        assert not states(tmp_path / "run/state")

    train(data, tmp_path / "run", tiny(snap=50, kimg=0.016), on_step=look)


def test_a_finished_run_is_let_alone(data: Path, whole: Path) -> None:
    def content() -> dict[Path, tuple[bytes, int]]:
        files = [path for path in whole.rglob("*") if path.is_file() and path.name != "stats.jsonl"]
        return {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in files}

    before, rows = content(), numbers(whole)
    for recipe in (tiny(), tiny(kimg=0.01), None):
        session = open_session(data, whole, recipe, device=CPU)
        assert is_finished(session.run)
        assert list(fit(session)) == []
    assert content() == before
    assert numbers(whole) == rows


def test_every_step_is_told(data: Path, tmp_path: Path) -> None:
    seen: list[int] = []
    train(data, tmp_path / "run", tiny(kimg=0.012), on_step=lambda run: seen.append(run.images_seen))
    assert seen == [4, 8, 12]


def test_an_iterator_that_is_let_go_leaves_nothing_open(data: Path, tmp_path: Path) -> None:
    session = open_session(data, tmp_path / "run", tiny(), device=CPU)
    with closing(fit(session)) as reports:  # type: ignore[type-var]
        next(reports)
    assert session.run.step == 2


def test_an_augmentation_at_its_cap_is_warned_of_once(data: Path, tmp_path: Path) -> None:
    recipe = tiny(aug="ada", ada_interval=1, ada_kimg=0.001, p_max=0.25, target=-1.0)
    _, reports = train(data, tmp_path / "run", recipe)
    warnings = [report.warning for report in reports if report.warning]
    assert len(warnings) == 1
    assert warnings[0].startswith("the augmentation is as strong as it may become (p_max=0.25)")
    assert not any(report.warning for report in train(data, tmp_path / "other", tiny())[1])


# Where it cannot write


def full(*arguments: object, **options: object) -> None:
    raise OSError(28, "No space left on device")


def full_for_tensors(*arguments: object, **options: object) -> None:
    raise SafetensorError("Error while serializing: I/O error: No space left on device (os error 28)")


open_path = Path.open


def read_only(path: Path, mode: str = "r", *arguments: Any, **options: Any) -> Any:
    if mode.strip("bt") != "r":
        raise OSError(30, "Read-only file system")
    return open_path(path, mode, *arguments, **options)


def full_for_pictures(path: Path, *arguments: Any, **options: Any) -> Any:
    if ".png" in path.name:
        full()
    return open_path(path, *arguments, **options)


FAULTS: dict[str, tuple[str, Callable[..., Any]]] = {
    "weights on a full disk": ("allaprima.checkpoint.tensors.save_file", full_for_tensors),
    "syncing on a full disk": ("allaprima.files.sync", full),
    "pictures on a full disk": ("pathlib.Path.open", full_for_pictures),
    "a read-only disk": ("pathlib.Path.open", read_only),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_disk_that_fails_is_told_and_the_run_can_go_on(
    fault: str, data: Path, whole: Path, stopped: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = shutil.copytree(stopped, tmp_path / "run")
    session = open_session(data, path, None, device=CPU)
    with monkeypatch.context() as patch:
        patch.setattr(*FAULTS[fault])
        with pytest.raises(OutputError) as error:
            list(fit(session))
    assert str(error.value).startswith(f"cannot write {path}")
    assert "\n" not in str(error.value)
    hidden = {file.name for file in path.rglob(".*") if file.is_file()}
    assert hidden <= {".lock"}, "something half-written is left"
    assert open_session(data, path, None, device=CPU).run.step == MIDDLE
    train(data, path, None)
    assert numbers(path) == numbers(whole)
    assert lasting_files(path) == lasting_files(whole)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_a_disk_that_is_really_full(data: Path, whole: Path, stopped: Path, tmp_path: Path) -> None:
    path = shutil.copytree(stopped, tmp_path / "run")
    session = open_session(data, path, None, device=CPU)
    rows = (path / "stats.jsonl").rename(path / "kept")
    (path / "stats.jsonl").symlink_to("/dev/full")
    with pytest.raises(OutputError, match=r"cannot write .*stats\.jsonl: No space left on device"):
        list(fit(session))
    rows.replace(path / "stats.jsonl")
    train(data, path, None)
    assert lasting_files(path) == lasting_files(whole)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="nothing is read-only for root")
def test_a_directory_that_is_really_read_only(data: Path, tmp_path: Path) -> None:
    tmp_path.chmod(0o555)
    try:
        with pytest.raises(OutputError, match=r"cannot make the directory .*Permission denied"):
            open_session(data, tmp_path / "run", tiny(), device=CPU)
    finally:
        tmp_path.chmod(0o755)
