"""allaprima encoder: it learns, goes on, and can be stopped."""

import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from allaprima.checkpoint import Networks, load, save
from allaprima.cli.main import COMMANDS, main
from allaprima.latents.projection import EncoderTraining, read_encoder
from tests.surgery.small import generator

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(COMMANDS, "encoder", "")

    def run(*arguments: object) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as caught:
            main(["encoder", "--device", "cpu", *map(str, arguments)])
        assert isinstance(caught.value.code, int)
        return caught.value.code, *capsys.readouterr()

    return run


@pytest.fixture
def model(tmp_path: Path) -> Path:
    save(Networks(G_ema=generator("skip", 8, 8)), tmp_path / "model.safetensors")
    return tmp_path / "model.safetensors"


def test_it_learns_and_goes_on(model: Path, run: Run) -> None:
    status, out, err = run(model, "e.safetensors", "--steps", 3)
    assert (status, err) == (0, "")
    assert out.splitlines()[0] == "starting at step 0"
    assert out.splitlines()[-1] == "done at step 3: e.safetensors"
    assert run(model, "e.safetensors", "--steps", 2)[1].splitlines()[0] == "going on at step 3"
    G = load(model)
    encoder, moments = read_encoder(Path("e.safetensors"), G)
    assert EncoderTraining(G, encoder, moments=moments).done == 5


def test_time_ends_it(model: Path, run: Run) -> None:
    assert "done at step 1:" in run(model, "e.safetensors", "--minutes", 1e-6)[1]


def test_ctrl_c_keeps_what_is_learned(model: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    lessons = EncoderTraining.__iter__

    def stopped(self: EncoderTraining) -> Any:
        for lesson in lessons(self):
            if lesson.done == 2:
                os.kill(os.getpid(), signal.SIGINT)
            yield lesson

    monkeypatch.setattr(EncoderTraining, "__iter__", stopped)
    status, out, _ = run(model, "e.safetensors", "--steps", 1000)
    assert status == 0
    assert out.splitlines()[-1] == "stopped at step 2: e.safetensors"
    assert Path("e.safetensors").is_file()


def test_what_cannot_be_done_is_said_in_a_sentence(model: Path, tmp_path: Path, run: Run) -> None:
    status, _, err = run(model, "encoder.pt")
    assert (status, err) == (2, "allaprima: encoder.pt is no name for an encoder: it must end in .safetensors\n")
    status, _, err = run(model, model)
    assert status == 2
    assert "holds a model, not a encoder" in err
    save(Networks(G_ema=generator("stylegan3", 8, 8)), tmp_path / "other.safetensors")
    assert run(model, "e.safetensors", "--steps", 1)[0] == 0
    status, _, err = run("other.safetensors", "e.safetensors", "--steps", 1)
    assert (status, "was made for" in err) == (2, True)
