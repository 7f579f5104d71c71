"""allaprima train, as it is typed."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
import torch

import allaprima
from allaprima.cli.main import main
from allaprima.cli.stopping import stop_signal
from allaprima.cli.train import train
from allaprima.data.archive import archive_writer
from allaprima.images import write_png
from tests.training.small import make_data

TINY = [
    "cbase=64",
    "gamma=none",
    "cmax=8",
    "z_dim=8",
    "w_dim=8",
    "map_depth=1",
    "batch=4",
    "precision=fp32",
    "tick=0.008",
]
SETTINGS = ["--recipe", "laptop", "--device", "cpu", *(word for field in TINY for word in ("--set", field))]


class Outcome(NamedTuple):
    status: object
    out: str
    err: str


Command = Callable[..., Outcome]


@pytest.fixture(autouse=True)
def _small_sheets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("allaprima.training.directory.SHEET_PIXELS", (1, 1))


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("data") / "set.zip"
    with archive_writer(path) as archive:
        for i in range(6):
            archive.add(np.random.RandomState(i).randint(0, 256, (8, 8), dtype=np.uint8))
        archive.finish()
    return path


@pytest.fixture
def command(capsys: pytest.CaptureFixture[str]) -> Command:
    """Runs `allaprima train` in this process."""

    def run(*arguments: object) -> Outcome:
        with pytest.raises(SystemExit) as end:
            main(["train", *map(str, arguments)])
        return Outcome(end.value.code, *capsys.readouterr())

    return run


@pytest.fixture(scope="module")
def finished(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The run directory of a training of 16 images; not to be changed."""
    path = tmp_path_factory.mktemp("runs") / "finished"
    with pytest.raises(SystemExit) as end:
        main(["train", str(data), str(path), *SETTINGS, "--kimg", "0.016"])
    assert end.value.code == 0
    return path


def config(path: Path) -> dict[str, object]:
    recipe: dict[str, object] = json.loads((path / "config.json").read_text())["recipe"]
    return recipe


# Training


def test_it_says_what_it_does_and_where_the_result_is(data: Path, tmp_path: Path, command: Command) -> None:
    outcome = command(data, tmp_path / "run", *SETTINGS, "--kimg", "0.016")
    lines = outcome.out.splitlines()
    assert (outcome.status, outcome.err) == (0, "")
    assert lines[0] == "starting at 0 kimg with 6 images on cpu"
    assert re.fullmatch(r"memory: about [\d.]+ GB at most: .* for the \w+ phase with \d+ images? at once", lines[1])
    assert [line.split()[:2] for line in lines[2:4]] == [["tick", "1"], ["tick", "2"]]
    assert re.fullmatch(
        r"tick 2    kimg 0\.016/0\.016  [\d.]+ img/s  ETA 0m 00s  G [\d.]+  D [\d.]+  p 0\.000  mem [\d.]+ GB  healthy",
        lines[3],
    )
    assert re.fullmatch(r"memory: [\d.]+ GB at most, of about [\d.]+ GB that were expected", lines[4])
    assert lines[5:] == [f"run directory: {tmp_path / 'run'}"]
    assert (tmp_path / "run/log.txt").read_text().splitlines() == lines[2:4]
    assert allaprima.load(tmp_path / "run").img_height == 8


def test_settings_are_those_of_the_recipe_and_then_those_given(finished: Path) -> None:
    recipe = config(finished)
    assert (recipe["cbase"], recipe["precision"], recipe["kimg"]) == (64, "fp32", 0.016)
    assert (recipe["ema_rampup"], recipe["glr"], recipe["pl_weight"]) == (0.05, 0.003, 0.0)  # of laptop
    assert recipe["gamma"] == pytest.approx(0.0002 * 64 / 4)


@pytest.mark.parametrize(("kimg", "images"), [("0.004", 4), ("0.0041", 8), ("0.012", 12)])
def test_thousands_of_images_may_be_fractions(
    kimg: str, images: int, data: Path, tmp_path: Path, command: Command
) -> None:
    assert command(data, tmp_path / "run", *SETTINGS, "--kimg", kimg).status == 0
    assert [path.stem for path in (tmp_path / "run/state").iterdir()] == [f"state-{images:012d}"]


def test_a_finished_run_is_let_alone(data: Path, finished: Path, command: Command) -> None:
    before = {path: path.stat().st_mtime_ns for path in finished.rglob("*") if path.name != "stats.jsonl"}
    for arguments in ((), ("--kimg", "0.008"), (*SETTINGS, "--kimg", "0.016")):
        outcome = command(data, finished, "--device", "cpu", *arguments)
        wanted = 0.008 if "0.008" in arguments else 0.016
        assert outcome.status == 0
        assert outcome.out == (
            f"{finished} is finished: it has seen 0.016 of {wanted} kimg; a larger --kimg goes on with it\n"
        )
    after = {path: path.stat().st_mtime_ns for path in finished.rglob("*") if path.name != "stats.jsonl"}
    assert {path: at for path, at in before.items() if path.is_file()} == {
        path: at for path, at in after.items() if path.is_file()
    }


@pytest.mark.parametrize("arguments", [[], SETTINGS, ["--set", "tick=0.004"]], ids=["own", "repeated", "one change"])
def test_a_larger_kimg_goes_on(
    arguments: list[str], data: Path, finished: Path, tmp_path: Path, command: Command
) -> None:
    path = shutil.copytree(finished, tmp_path / "run")
    outcome = command(data, path, "--device", "cpu", *arguments, "--kimg", "0.024")
    assert outcome.status == 0, outcome.err
    assert outcome.out.splitlines()[0] == "going on at 0.016 kimg with 6 images on cpu"
    assert (path / "state/state-000000000024.safetensors").is_file()
    provenance = allaprima.load_networks(path).provenance
    assert provenance["recipe"]["kimg"] == 0.024
    assert provenance["images_seen"] == 24


def test_a_damaged_state_is_told_and_the_training_goes_on(
    data: Path, finished: Path, tmp_path: Path, command: Command
) -> None:
    path = shutil.copytree(finished, tmp_path / "run")
    command(data, path, "--device", "cpu", "--kimg", "0.024")
    newest = path / "state/state-000000000024.safetensors"
    newest.write_bytes(newest.read_bytes()[:1000])
    outcome = command(data, path, "--device", "cpu", "--kimg", "0.024")
    assert outcome.status == 0
    assert outcome.err.startswith(f"allaprima: {newest} ")
    assert outcome.out.startswith("going on at 0.016 kimg")


# --dry-run


def test_a_dry_run_shows_the_decided_recipe_and_makes_nothing(data: Path, tmp_path: Path, command: Command) -> None:
    outcome = command(data, tmp_path / "run", *SETTINGS, "--kimg", "5", "--dry-run")
    assert outcome.status == 0
    recipe, _, rest = outcome.out.partition("\n}\n")
    shown = json.loads(recipe + "}")
    assert (shown["kimg"], shown["cbase"], shown["batch_gpu"]) == (5.0, 64, 4)
    assert shown["gamma"] == pytest.approx(0.0032)
    assert re.fullmatch(
        r"6 images of 8×8 pixels, 1 channels, 0 labels\ngenerator [\d,]+ parameters, discriminator [\d,]+\n"
        r"memory: about [\d.]+ GB at most: [^\n]+\n",
        rest,
    )
    assert not (tmp_path / "run").exists()


def test_a_dry_run_of_a_run_shows_its_own_recipe(data: Path, finished: Path, command: Command) -> None:
    outcome = command(data, finished, "--device", "cpu", "--dry-run")
    assert json.loads(outcome.out.partition("\n}\n")[0] + "}") == config(finished)


def test_without_a_recipe_it_is_auto(data: Path, tmp_path: Path, command: Command) -> None:
    outcome = command(data, tmp_path / "run", "--device", "cpu", "--dry-run")
    shown = json.loads(outcome.out.partition("\n}\n")[0] + "}")
    assert (shown["batch"], shown["cbase"], shown["kimg"], shown["map_depth"]) == (32, 16384, 25000.0, 2)


# Bad input: one sentence, status 2


def test_bad_input_is_one_sentence_and_nothing_is_written(data: Path, tmp_path: Path, command: Command) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "text.zip").write_text("no archive")
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes/letter.txt").write_text("dear")
    (tmp_path / "file").write_text("")
    run = tmp_path / "run"
    cases = [
        ((tmp_path / "nothing.zip", run), r"nothing\.zip"),
        ((tmp_path / "empty", run), r"empty holds no image"),
        ((tmp_path / "text.zip", run), r"text\.zip"),
        ((data, tmp_path / "notes"), r"notes is not empty and holds no run"),
        ((data, tmp_path / "file"), r"file is a file, but a run is kept in a directory"),
        ((data, tmp_path / "file/run"), r"cannot make the directory .*file/run"),
        ((data, run, "--recipe", "masterpiece"), r"there is no recipe 'masterpiece'; there are auto, stylegan2, "),
        ((data, run, "--set", "colour=red"), r"a recipe has no field 'colour'; its fields are "),
        ((data, run, "--set", "batch"), r"--set takes FIELD=VALUE, got 'batch'"),
        ((data, run, "--set", "batch=x"), r"batch is 'x': it must be a whole number"),
        ((data, run, "--set", "batch=0"), r"batch is 0: it must be between 1 and "),
        ((data, run, "--set", "batch_gpu=5"), r"batch_gpu is 5: it must divide the batch of 32"),
        ((data, run, "--set", "cond=true"), r"has no labels"),
        ((data, run, "--kimg", "-1"), r"kimg is -1\.0: it must be between 0 and "),
        ((data, run, "--kimg", "nan"), r"kimg is nan: it must be between 0 and "),
        ((data, run, "--device", "abacus"), r"--device 'abacus' cannot be used on this machine"),
    ]
    for arguments, wanted in cases:
        outcome = command(*arguments, *([] if "--device" in arguments else ["--device", "cpu"]))
        assert (outcome.status, outcome.out) == (2, ""), arguments
        assert re.fullmatch(rf"allaprima: .*{wanted}.*\n", outcome.err), (arguments, outcome.err)
        assert not run.exists(), arguments


@pytest.mark.parametrize("arguments", [[], ["data.zip"], ["a", "b", "--kimg", "many"], ["a", "b", "--sparkle"]])
def test_a_wrong_command_line_has_status_2(arguments: list[str], command: Command) -> None:
    outcome = command(*arguments)
    assert outcome.status == 2
    assert re.fullmatch(r"allaprima: .+ \(allaprima train --help shows how\)\n", outcome.err)


def test_images_of_mixed_sizes_are_told_by_name(tmp_path: Path, command: Command) -> None:
    for name, side in (("a.png", 8), ("b.png", 9)):
        (tmp_path / "images").mkdir(exist_ok=True)
        write_png(tmp_path / "images" / name, np.zeros((side, side), np.uint8))
    outcome = command(tmp_path / "images", tmp_path / "run", *SETTINGS, "--kimg", "0.004")
    assert outcome.status == 2
    assert re.fullmatch(r"allaprima: b\.png in .* is 9×9 L, but a\.png is 8×8 L: .*\n", outcome.err)

    write_png(tmp_path / "images/b.png", np.zeros((8, 8), np.uint8))  # mended, the same command works
    assert command(tmp_path / "images", tmp_path / "run", *SETTINGS, "--kimg", "0.004").status == 0


def test_a_changed_field_is_told(data: Path, finished: Path, command: Command) -> None:
    outcome = command(data, finished, "--device", "cpu", "--set", "gamma=7")
    assert outcome.status == 2
    assert outcome.err.startswith(f"allaprima: {finished} was started with gamma=0.0032, this command says 7.0: ")
    assert outcome.err.count("\n") == 1


def test_a_training_that_leaves_the_finite_numbers_ends_with_status_2(
    data: Path, tmp_path: Path, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    import allaprima.training.step as steps

    original, calls = steps.drift_penalty, []

    def penalty(logits: torch.Tensor) -> torch.Tensor:
        calls.extend([1] * (logits.device.type != "meta"))  # there the memory is estimated
        return original(logits) * (1 if len(calls) < 4 else float("nan"))

    with monkeypatch.context() as patch:
        patch.setattr(steps, "drift_penalty", penalty)
        outcome = command(data, tmp_path / "run", *SETTINGS, "--kimg", "0.016", "--set", "snap=1")
    assert outcome.status == 2
    assert re.fullmatch(
        r"allaprima: the gradient of D\.\S+ is not finite at step 3 \(12 images seen\); the last good snapshot is"
        r" \S+/run/snapshots/network-snapshot-000000\.safetensors\n",
        outcome.err,
    )
    outcome = command(data, tmp_path / "run", "--device", "cpu", "--kimg", "0.016")
    assert outcome.out.startswith("going on at 0.008 kimg")
    assert outcome.status == 0


# Signals


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_first_signal_is_a_wish_and_the_second_ctrl_c_an_order(number: signal.Signals) -> None:
    def order() -> None:
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(5)  # never to its end

    before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
    with stop_signal() as stop:
        assert not stop.wished
        os.kill(os.getpid(), number)
        assert stop.wished
        with pytest.raises(KeyboardInterrupt):
            order()
    assert before == (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM))


def test_images_that_are_held_out_are_told_of(tmp_path: Path, command: Command) -> None:
    many = make_data(tmp_path / "many.zip", count=40)
    outcome = command(many, tmp_path / "run", *SETTINGS, "--kimg", "0.008")
    assert outcome.out.startswith("starting at 0 kimg with 38 images (2 more are held out) on cpu\n")


def test_an_order_to_stop_has_status_130(
    data: Path, tmp_path: Path, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*arguments: object) -> Iterator[object]:
        raise KeyboardInterrupt

    monkeypatch.setattr("allaprima.training.loop.train_step", interrupted)
    outcome = command(data, tmp_path / "run", *SETTINGS)
    assert (outcome.status, outcome.err.strip()) == (130, "allaprima: stopped")
    assert [file.name for file in (tmp_path / "run").rglob(".*")] == [".lock"]


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such signals")
def test_signals_save_first_and_the_same_command_goes_on(data: Path, tmp_path: Path, command: Command) -> None:
    path = tmp_path / "run"
    arguments = [data, path, *SETTINGS, "--set", "snap=1000"]
    seen = 0
    for number in (signal.SIGTERM, signal.SIGINT):
        process = subprocess.Popen(
            [sys.executable, "-m", "allaprima", "train", *map(str, arguments)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            assert process.stdout
            begun = process.stdout.readline()
            expected, first = process.stdout.readline(), process.stdout.readline()
            process.send_signal(number)
            rest, errors = process.communicate(timeout=60)
        finally:
            process.kill()
        assert (process.returncode, errors) == (0, "")
        assert begun == f"{'going on' if seen else 'starting'} at {seen / 1000:g} kimg with 6 images on cpu\n"
        assert expected.startswith("memory: about ")
        assert first.startswith("tick ")
        saved, used, told = rest.splitlines()[-3:]
        assert saved == "stopped, state saved"
        assert re.fullmatch(r"memory: [\d.]+ GB at most, of about [\d.]+ GB that were expected", used)
        assert told == f"run directory: {path} (the same command goes on)"
        newest = max((path / "state").iterdir())
        now = int(newest.stem.removeprefix("state-"))
        assert now >= seen + 4
        seen = now
    outcome = command(*arguments, "--kimg", (seen + 4) / 1000)
    assert outcome.out.startswith(f"going on at {seen / 1000:g} kimg")
    assert outcome.status == 0


# Help


def test_help_shows_an_example_first_and_few_options(command: Command) -> None:
    outcome = command("--help")
    assert outcome.status == 0
    assert outcome.out.index("allaprima train flowers.zip") < outcome.out.index("Options:")
    options = {option.name for option in train.params}
    assert options == {
        "data",
        "run",
        "recipe_name",
        "overrides",
        "kimg",
        "device_name",
        "dry_run",
        "init_from",
        "on_divergence",
        "metrics",
        "patience",
        "weights",
        "process_count",
        "hang_minutes",
        "list_recipes",
    }


# Fine-tuning, health


def test_it_begins_with_a_model_and_says_what_did_not_fit(finished: Path, tmp_path: Path, command: Command) -> None:
    with archive_writer(tmp_path / "large.zip") as archive:
        for i in range(6):
            archive.add(np.random.RandomState(i).randint(0, 256, (16, 16), dtype=np.uint8))
        archive.finish()
    run = tmp_path / "run"
    outcome = command(tmp_path / "large.zip", run, *SETTINGS, "--kimg", "0.004", "--init-from", finished)
    assert outcome.status == 0
    notes = outcome.err.splitlines()
    assert [note.split(":")[1].strip() for note in notes] == ["G", "D", "G_ema"]
    assert all(" are the model's; new are " in note and "b16" in note for note in notes)
    settled = config(run)
    assert (settled["ada_kimg"], settled["ema_rampup"]) == (100.0, None)
    assert allaprima.load_networks(run).provenance["parent"] == str(finished)
    again = command(tmp_path / "large.zip", run, "--device", "cpu", "--kimg", "0.008", "--init-from", finished)
    assert (again.status, again.err) == (0, "")
    assert again.out.startswith("going on at 0.004 kimg")


def test_a_model_that_is_not_there_is_one_sentence(data: Path, tmp_path: Path, command: Command) -> None:
    outcome = command(data, tmp_path / "run", *SETTINGS, "--init-from", "nowhere.safetensors")
    assert outcome.status == 2
    assert outcome.err.startswith("allaprima: there is no model 'nowhere.safetensors'")
    assert outcome.err.count("\n") == 1
    assert not (tmp_path / "run").exists()


def test_a_change_of_health_is_told_once_with_its_remedy(
    data: Path, tmp_path: Path, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    from allaprima.training.health import Verdict

    told = iter([Verdict("healthy", "well", "go on"), *[Verdict("collapsing", "alike", "--set gamma=4")] * 9])
    monkeypatch.setattr("allaprima.training.keeper.examine", lambda *history, **options: next(told))
    outcome = command(data, tmp_path / "run", *SETTINGS, "--kimg", "0.024")
    lines = outcome.out.splitlines()
    assert [line.split()[-1] for line in lines if line.startswith("tick")] == ["healthy", "collapsing", "collapsing"]
    assert lines.count("the training is collapsing: alike; --set gamma=4") == 1


def test_a_training_that_diverges_can_go_back_by_itself(
    data: Path, tmp_path: Path, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    import allaprima.training.step as steps

    original, calls = steps.drift_penalty, []

    def penalty(logits: torch.Tensor) -> torch.Tensor:
        calls.extend([1] * (logits.device.type != "meta"))  # there the memory is estimated
        return original(logits) * (float("nan") if len(calls) == 3 and logits.device.type != "meta" else 1)

    monkeypatch.setattr(steps, "drift_penalty", penalty)
    outcome = command(data, tmp_path / "run", *SETTINGS, "--kimg", "0.016", "--on-divergence", "rollback")
    assert outcome.status == 0
    assert "the training diverged: back to 0 kimg, with half the learning rates" in outcome.out
    assert outcome.out.splitlines()[-3].startswith("tick 2    kimg 0.016/0.016")


def test_the_recipes_are_listed(command: Command) -> None:
    outcome = command("--list-recipes")
    assert outcome.status == 0
    assert {"auto", "laptop", "stylegan3-t"} <= set(outcome.out.split())
