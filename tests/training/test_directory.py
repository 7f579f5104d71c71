"""What a run directory holds, and that it is written whole or not at all."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

import allaprima
from allaprima.data import ImageDataset
from allaprima.data.archive import archive_writer
from allaprima.errors import OutputError, RunError
from allaprima.training import open_session
from allaprima.training.directory import RunDirectory, paint_sheet, sheet_size
from allaprima.training.run import Run
from tests.training.small import CPU, make_data, numbers, small_run, tiny, train


@pytest.mark.parametrize(
    ("size", "wanted"),
    [((64, 64), (9, 16)), ((24, 24), (9, 16)), ((256, 256), (3, 5)), ((1024, 1024), (3, 4)), ((128, 64), (5, 16))],
)
def test_a_sheet_fills_about_a_screen(
    size: tuple[int, int], wanted: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("allaprima.training.directory.SHEET_PIXELS", (720, 1280))
    assert sheet_size(*size) == wanted


def test_a_sheet_is_always_of_the_same_latents() -> None:
    def noisy() -> Run:
        run = small_run(labels=3)
        for name, p in run.G_ema.named_parameters():
            if name.endswith("noise_strength"):
                p.data.fill_(1.0)
        return run

    run = noisy()
    torch.manual_seed(1)
    first = paint_sheet(run, 20)
    torch.manual_seed(2)
    run.step = 7
    assert torch.equal(first, paint_sheet(run, 20))
    assert torch.equal(first, paint_sheet(noisy(), 20))
    assert first.dtype == torch.uint8


def test_a_sheet_shows_the_average() -> None:
    run = small_run()
    before = paint_sheet(run, 4)
    for p in run.G.parameters():
        p.data.zero_()
    assert torch.equal(before, paint_sheet(run, 4))
    for p in run.G_ema.parameters():
        p.data.zero_()
    assert not torch.equal(before, paint_sheet(run, 4))


def test_the_first_sheets_show_the_data_and_the_beginning(whole: Path, data: Path) -> None:
    with Image.open(whole / "reals.png") as sheet:
        assert sheet.getpixel((0, 0)) == ImageDataset(data)[0][0][0, 0, 0].item()
    assert (whole / "fakes_init.png").read_bytes() != (whole / "fakes000000.png").read_bytes()


def test_statistics_are_in_the_references_format(whole: Path) -> None:
    lines = [json.loads(line) for line in (whole / "stats.jsonl").read_text().splitlines()]
    names = {
        "Loss/scores/fake",
        "Loss/signs/fake",
        "Loss/G/loss",
        "Loss/scores/real",
        "Loss/signs/real",
        "Loss/D/loss",
        "Progress/tick",
        "Progress/kimg",
        "Timing/total_sec",
        "Timing/sec_per_tick",
        "Timing/sec_per_kimg",
        "Resources/cpu_mem_gb",
        "Gradients/G",
        "Gradients/D",
        "Health/diversity",
    }
    lazy = {"Loss/pl_penalty", "Loss/G/reg", "Loss/r1_penalty", "Loss/D/reg"}
    for line in lines:
        assert names <= line.keys() <= names | lazy | {"timestamp"}
        assert all(row.keys() == {"num", "mean", "std"} for name, row in line.items() if name != "timestamp")
        assert line["Loss/D/loss"]["num"] == 8
    assert [line["Progress/kimg"]["mean"] for line in lines] == [0.008, 0.016, 0.024, 0.032]


def test_a_snapshot_is_a_model_file_that_knows_its_origin(data: Path, whole: Path) -> None:
    networks = allaprima.load_networks(whole)
    run = open_session(data, whole, None, device=CPU).run
    for role in ("G", "D", "G_ema"):
        mine, its = getattr(networks, role).state_dict(), getattr(run, role).state_dict()
        assert all(torch.equal(its[name], tensor) for name, tensor in mine.items())
    config = json.loads((whole / "config.json").read_text())
    assert networks.provenance == {"data": config["data"], "recipe": config["recipe"], "images_seen": 32}


def test_a_snapshot_knows_the_names_of_the_classes(tmp_path: Path) -> None:
    with archive_writer(tmp_path / "set.zip") as archive:
        for label in (0, 1):
            archive.add(np.full((8, 8), label, np.uint8), label)
        archive.finish(["cat", "dog"])
    train(tmp_path / "set.zip", tmp_path / "run", tiny(cond=True, kimg=0.004))
    assert allaprima.load_networks(tmp_path / "run").class_names == ["cat", "dog"]


def test_appended_lines_end_in_a_newline(tmp_path: Path) -> None:
    directory = RunDirectory(tmp_path)
    directory.append("log.txt", "ß one")
    directory.append("log.txt", "two")
    assert (tmp_path / "log.txt").read_bytes() == "ß one\ntwo\n".encode()


def test_ticks_are_forgotten_by_their_images(tmp_path: Path) -> None:
    directory = RunDirectory(tmp_path)
    directory.forget_after(0)
    assert not (tmp_path / "stats.jsonl").exists()
    for kimg in (0.1, 0.2, 0.1 + 0.2, 0.4):
        directory.append_statistics({"Progress/kimg": {"num": 1, "mean": kimg, "std": 0.0}})
    directory.append("stats.jsonl", "[1, 2]")
    directory.append("stats.jsonl", "{}")
    directory.forget_after(0.3)
    assert [row["Progress/kimg"]["mean"] for row in numbers(tmp_path)] == [0.1, 0.2, 0.1 + 0.2]


@pytest.mark.parametrize("name", ["stats.jsonl", "log.txt"])
def test_a_full_disk_is_told(name: str, tmp_path: Path) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("this system has no /dev/full")
    (tmp_path / name).symlink_to("/dev/full")
    with pytest.raises(OutputError, match=f"cannot write {tmp_path / name}: No space left on device"):
        RunDirectory(tmp_path).append(name, "line")


def test_odd_sheets_are_painted_in_parts() -> None:
    assert paint_sheet(small_run(), 17).shape == (17, 1, 8, 8)


def test_fewer_images_than_places_are_shown_once(tmp_path: Path) -> None:
    data = make_data(tmp_path / "set.zip", count=3)
    train(data, tmp_path / "run", tiny(kimg=0.004))
    with Image.open(tmp_path / "run/reals.png") as sheet:
        assert sheet.size == (4 * 8, 8)


def test_two_processes_cannot_train_in_one_directory(tmp_path: Path) -> None:
    hold = (
        "import sys, time; from pathlib import Path; from allaprima.training.directory import RunDirectory\n"
        f"d = RunDirectory(Path({str(tmp_path / 'run')!r})); d.prepare(); print('held', flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", hold], stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        with pytest.raises(RunError, match=r"^another process is training in .*run: wait for it, or stop it first$"):
            RunDirectory(tmp_path / "run").prepare()
        other.kill()
    RunDirectory(tmp_path / "run").prepare()  # a dead process holds nothing
