"""`allaprima train` in two processes: one run directory, the same training, whatever ends a process."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from allaprima.checkpoint import read_tensors
from allaprima.cli.main import main
from tests.training.side_by_side import side_by_side
from tests.training.small import make_data

ROOT = Path(__file__).parents[2]
ENVIRONMENT = {**os.environ, "PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT}", "OMP_NUM_THREADS": "1"}
FIELDS = "cbase=64 cmax=8 z_dim=8 w_dim=8 map_depth=1 batch=8 precision=fp32 tick=0.016 snap=1 mbstd_group=2"
ALLAPRIMA = [sys.executable, "-m", "allaprima"]
TORCHRUN = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_data(tmp_path_factory.mktemp("data") / "set.zip", (8, 8, 3), count=40)


def arguments(data: Path, run: Path, kimg: float, *more: str) -> list[str]:
    settings = [word for field in FIELDS.split() for word in ("--set", field)]
    command = ["train", data, run, "--recipe", "laptop", "--kimg", kimg, "--device", "cpu", *settings, *more]
    return [str(word) for word in command]


def call(command: list[str], **options: Any) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(command, env=ENVIRONMENT, capture_output=True, text=True, check=False, timeout=300, **options)


def numbers(run: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (run / "stats.jsonl").read_text().splitlines()]


def call_here(arguments: list[str]) -> int:
    """The same in this process, where a process of its own would show nothing more; its exit status."""
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    return int(caught.value.code or 0)


@pytest.fixture(scope="module")
def alone(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    run = tmp_path_factory.mktemp("alone") / "run"
    assert call_here(arguments(data, run, 0.096)) == 0
    return run


def assert_same_training(run: Path, alone: Path) -> None:
    rows, wanted = numbers(run), numbers(alone)
    assert [row["Progress/kimg"]["mean"] for row in rows] == [row["Progress/kimg"]["mean"] for row in wanted]
    for row, other in zip(rows, wanted, strict=True):
        for name in ("Loss/G/loss", "Loss/D/loss", "Loss/signs/real", "Gradients/D", "Progress/augment"):
            assert row[name]["num"] == other[name]["num"], name
            assert row[name]["mean"] == pytest.approx(other[name]["mean"], rel=1e-3, abs=1e-5), name
    newest = [max((each / "state").glob("state-*")) for each in (run, alone)]
    ours, theirs = (read_tensors(path, kind="state", version=1) for path in newest)
    assert ours[1]["images_seen"] == theirs[1]["images_seen"]
    weights = [name for name in theirs[0] if name.startswith(("G_ema.", "D.")) and theirs[0][name].is_floating_point()]
    for name in weights:
        assert (ours[0][name] - theirs[0][name]).abs().max() < 1e-3, name


def test_two_processes_make_the_training_of_one(
    data: Path, alone: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """They stop half way, and one alone goes on: nothing remembers how many they were."""
    run = tmp_path / "run"
    first = call([*ALLAPRIMA, *arguments(data, run, 0.048, "--processes", "2")])
    assert first.returncode == 0, first.stderr
    assert "cpu in 2 processes" in first.stdout
    assert first.stdout.count("tick 1 ") == 1
    assert "4 images at once" in first.stdout
    status = call_here(arguments(data, run, 0.096))
    said = capsys.readouterr()
    assert status == 0, said.err
    assert "going on at 0.048 kimg" in said.out
    assert_same_training(run, alone)


def test_a_killed_process_is_started_again(data: Path, alone: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    with subprocess.Popen(
        [*TORCHRUN, "--max-restarts", "2", "-m", "allaprima", *arguments(data, run, 0.096)],
        env=ENVIRONMENT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as started:
        kill_a_child(started.pid, when=lambda: any((run / "state").glob("state-*")))
        said, _ = started.communicate(timeout=300)
    assert started.returncode == 0, said
    assert said.count("going on at") == 1
    assert_same_training(run, alone)


def kill_a_child(parent: int, when: Any) -> None:
    """Kill the youngest training that ``parent`` has started, as soon as ``when`` says so."""
    deadline = time.monotonic() + 200
    while not when():
        assert time.monotonic() < deadline
        time.sleep(0.02)
    children = subprocess.run(["pgrep", "-P", str(parent)], capture_output=True, text=True, check=True).stdout.split()
    os.kill(int(children[-1]), signal.SIGKILL)


def test_a_process_that_hangs_says_where(data: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    script = Path(__file__).with_name("train_and_hang.py")
    done = side_by_side("2", script, *arguments(data, run, 0.096, "--hang-after", "0.2"))
    assert done.returncode != 0
    assert "has not moved for 12 s: where it stands is in" in done.stderr
    stacks = {path.name: path.read_text() for path in (run / "stacks").iterdir()}
    assert "wait_for_ever" in stacks["rank-1.txt"]
    assert "all_reduce" in stacks["rank-0.txt"]


def test_a_wish_to_stop_reaches_all_at_the_same_step(data: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    with subprocess.Popen(
        [*ALLAPRIMA, *arguments(data, run, 1000, "--processes", "2")],
        env=ENVIRONMENT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as started:
        deadline = time.monotonic() + 200
        while not any((run / "state").glob("state-*")):
            assert time.monotonic() < deadline
            time.sleep(0.05)
        started.send_signal(signal.SIGTERM)
        said, _ = started.communicate(timeout=120)
    assert said.count("stopped, state saved") == 1, said
    assert "the same command goes on" in said


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        (["--set", "batch=9"], "a batch of 9 images cannot be shared evenly by 2 processes"),
        (["--set", "gamma=much"], "gamma"),
    ],
)
def test_bad_wishes_are_told_once(data: Path, tmp_path: Path, more: list[str], sentence: str) -> None:
    done = call([*ALLAPRIMA, *arguments(data, tmp_path / "run", 0.1, *more, "--processes", "2")])
    told = [line for line in done.stderr.splitlines() if line.startswith("allaprima:")]
    assert len(told) == 1
    assert sentence in told[0]
    assert not (tmp_path / "run").exists()
