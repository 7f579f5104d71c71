"""Running out of memory: the phase is done again in smaller parts, as if they had been smaller from the start."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch

from allaprima.errors import RunError
from allaprima.training import fit, open_session
from allaprima.training import step as steps
from allaprima.training.memory import is_out_of_memory
from allaprima.training.run import Run
from allaprima.training.state import same
from allaprima.training.step import train_step
from tests.training.small import CPU, batch_for, small_run, tiny

CUDA_ERROR = torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")


def cpu_error() -> RuntimeError:
    with pytest.raises(RuntimeError) as error:
        torch.empty(2**58)
    return error.value


def short_of_memory(run: Run, at_most: int, error: RuntimeError, network: str = "D") -> None:
    """Let a network fail on more than so many images, after the part before has gone through."""

    def check(_: Any, inputs: tuple[torch.Tensor, ...]) -> None:
        if len(inputs[0]) > at_most:
            raise error

    module = run.D if network == "D" else run.G.synthesis
    module.register_forward_pre_hook(check)


@pytest.mark.parametrize(("fits", "error"), [(1, CUDA_ERROR), (2, cpu_error())], ids=["cuda", "cpu"])
def test_a_step_that_ran_out_of_memory_is_one_of_smaller_parts(fits: int, error: RuntimeError) -> None:
    run, small = small_run(batch=4), small_run(batch=4, batch_gpu=fits)
    short_of_memory(run, fits, error)
    for _ in range(2):
        train_step(run, *batch_for(run))
        train_step(small, *batch_for(small))
    assert (run.batch_gpu, run.batch, run.images_seen) == (fits, 4, 8)
    assert same(run, small)


@pytest.mark.parametrize("phase", ["generator_step", "path_length_step", "discriminator_step", "penalty_step"])
def test_a_failed_phase_leaves_nothing(phase: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """It fails at its very end, when all of its parts have gone through and the optimizer is about to move."""
    run, other = small_run(batch=4), small_run(batch=4)
    whole = getattr(steps, phase)

    def fails_once(run: Run, *arguments: Any) -> None:
        if run.halvings:
            whole(run, *arguments)
            return
        optimizer = run.D_optimizer if phase[0] in "dp" and phase != "path_length_step" else run.G_optimizer
        with monkeypatch.context() as patch:
            patch.setattr(optimizer, "step", no_memory)
            whole(run, *arguments)

    def no_memory() -> None:
        raise CUDA_ERROR

    def halves_first(run: Run, *arguments: Any) -> None:
        run.halvings = 1
        whole(run, *arguments)

    monkeypatch.setattr(steps, phase, fails_once)
    measured = train_step(run, *batch_for(run))
    monkeypatch.setattr(steps, phase, halves_first)
    wanted = train_step(other, *batch_for(other))
    assert run.batch_gpu == other.batch_gpu == 2
    assert same(run, other)
    assert measured.keys() == wanted.keys()
    assert all(torch.equal(value, wanted[name]) for name, value in measured.items())


def test_parts_divide_what_they_are_parts_of() -> None:
    run = small_run(batch=12, batch_gpu=6)
    sizes = []
    for run.halvings in range(4):
        sizes.append(run.batch_gpu)
    assert sizes == [6, 3, 1, 1]


@pytest.mark.parametrize(("checkpointing", "first"), [(False, "checkpointing=true, "), (True, "a smaller network")])
def test_where_not_one_image_fits_the_remedies_are_named(checkpointing: bool, first: str) -> None:
    run = small_run(checkpointing=checkpointing)
    short_of_memory(run, 0, CUDA_ERROR)
    with pytest.raises(RunError) as error:
        train_step(run, *batch_for(run))
    text = str(error.value)
    assert text.startswith(f"there is not memory enough for step 0, even for one image at a time: {first}")
    assert "cbase" in text


def test_other_errors_are_not_swallowed() -> None:
    run = small_run()
    short_of_memory(run, 0, RuntimeError("shapes do not fit"))
    with pytest.raises(RuntimeError, match="shapes do not fit"):
        train_step(run, *batch_for(run))
    assert not is_out_of_memory(RuntimeError("you tried to allocate"))


def test_the_loop_says_so_once_and_a_resume_keeps_it(data: Path, tmp_path: Path) -> None:
    path = tmp_path / "run"
    session = open_session(data, path, tiny(), device=CPU)
    short_of_memory(session.run, 2, CUDA_ERROR)
    reports = list(fit(session, should_stop=lambda: session.run.step >= 3))
    sentence = "not enough memory: 2 of the 4 images of an iteration go at once from here on"
    assert [report.note for report in reports if report.note] == [sentence]
    assert (path / "log.txt").read_text().count(sentence) == 1
    again = open_session(data, path, tiny(), device=CPU)
    assert (again.run.halvings, again.run.batch_gpu, again.run.step) == (1, 2, 3)
    assert json.loads((path / "config.json").read_text())["recipe"]["batch_gpu"] == 4
    reports = list(fit(again))
    assert not [report.note for report in reports if report.note]


def test_a_run_goes_on_with_checkpointing_turned_on(stopped: Path, data: Path, tmp_path: Path) -> None:

    path = shutil.copytree(stopped, tmp_path / "run")
    session = open_session(data, path, tiny(checkpointing=True), device=CPU)
    assert session.run.G.synthesis.recomputes
    assert session.run.D.recomputes


# The estimate
