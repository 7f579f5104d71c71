"""A training that stops and goes on is, bit for bit, the training that never stopped."""

import shutil
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from allaprima.data import batches
from allaprima.errors import RunError
from allaprima.training import Session, fit, open_session
from allaprima.training.state import same, states
from tests.training.small import CPU, MIDDLE, lasting_files, numbers, tiny, train, train_and_die

VARIANTS: dict[str, dict[str, Any]] = {
    "everything": {},  # path length, R1, style mixing and random noise are on
    "labels": {"cond": True},
    "mirrored": {"mirror": True},
    "in parts": {"batch_gpu": 2},
    "bf16": {"precision": "bf16"},
    "ramp, orig, no clamp": {
        "ema_rampup": 0.05,
        "g_architecture": "orig",
        "d_architecture": "orig",
        "conv_clamp": None,
    },
    "nothing": {"pl_weight": 0.0, "gamma": 0.0, "style_mixing": 0.0, "noise": False},
}


def assert_same_run(a: Path, b: Path) -> None:
    """Equal numbers of each tick, equal pictures, snapshots and newest state, byte for byte."""
    assert numbers(a) == numbers(b)
    mine, its = lasting_files(a), lasting_files(b)
    assert [name for name in mine | its if mine.get(name) != its.get(name)] == []


def opened(data: Path, path: Path) -> Session:
    return open_session(data, path, None, device=CPU)


@pytest.mark.parametrize("name", VARIANTS)
def test_half_and_half_is_the_whole(name: str, data: Path, tmp_path: Path) -> None:
    recipe = tiny(**VARIANTS[name])
    whole, _ = train(data, tmp_path / "whole", recipe)
    first, reports = train(data, tmp_path / "halves", recipe, stop_at=MIDDLE)
    assert first.run.step == MIDDLE
    assert reports[-1].stopped
    second, _ = train(data, tmp_path / "halves", recipe)
    assert same(whole.run, second.run)
    assert_same_run(tmp_path / "whole", tmp_path / "halves")


def test_a_stop_after_every_step_changes_nothing(data: Path, whole: Path, tmp_path: Path) -> None:
    for step in range(1, 9):
        train(data, tmp_path / "parts", tiny(), stop_at=step)
    assert_same_run(whole, tmp_path / "parts")


@pytest.mark.parametrize("at_step", [1, 4, 7])
def test_death_loses_only_the_steps_since_the_last_state(at_step: int, data: Path, whole: Path, tmp_path: Path) -> None:
    train_and_die(data, tmp_path / "killed", tiny(), at_step=at_step)
    last_saved = 4 if at_step > 4 else 0  # of two ticks; the one of step 4 ends after the death
    assert open_session(data, tmp_path / "killed", tiny(), device=CPU).run.step == last_saved
    train(data, tmp_path / "killed", tiny())
    assert_same_run(whole, tmp_path / "killed")


def test_ticks_after_the_state_are_written_again_and_not_twice(data: Path, tmp_path: Path) -> None:
    def ticks() -> list[int]:
        return [row["Progress/tick"]["mean"] for row in numbers(tmp_path / "run")]

    train_and_die(data, tmp_path / "run", tiny(), at_step=7)
    assert ticks() == [1, 2, 3]
    with (tmp_path / "run/stats.jsonl").open("a") as file:
        file.write('{"Progress/kimg": {"num": 1, "me')  # as a killed process may leave it
    opened(data, tmp_path / "run")
    assert ticks() == [1, 2]
    train(data, tmp_path / "run", None)
    assert ticks() == [1, 2, 3, 4]


def test_a_longer_training_goes_on_from_a_shorter_one(data: Path, whole: Path, tmp_path: Path) -> None:
    train(data, tmp_path / "longer", tiny(kimg=0.016))
    session, reports = train(data, tmp_path / "longer", tiny())
    assert [report.tick for report in reports] == [3, 4]
    assert numbers(whole) == numbers(tmp_path / "longer")
    assert same(opened(data, whole).run, session.run)


DAMAGE = {
    "cut short": lambda content: content[: len(content) // 2],
    "empty": lambda content: b"",
    "zeros": lambda content: bytes(len(content)),
    "foreign": lambda content: b"<html>not a state</html>",
}


@pytest.mark.parametrize("kind", DAMAGE)
def test_a_damaged_state_is_told_and_the_one_before_goes_on(
    kind: str, data: Path, whole: Path, stopped: Path, tmp_path: Path
) -> None:
    path = shutil.copytree(stopped, tmp_path / "damaged")
    newest = states(path / "state")[-1]
    newest.write_bytes(DAMAGE[kind](newest.read_bytes()))
    session = opened(data, path)
    assert session.run.step == 4
    (note,) = session.notes
    assert str(newest) in note
    assert "\n" not in note
    list(fit(session))
    assert_same_run(whole, path)


def test_without_any_readable_state_it_says_so(data: Path, stopped: Path, tmp_path: Path) -> None:
    path = shutil.copytree(stopped, tmp_path / "run")
    for state in states(path / "state"):
        state.write_bytes(b"")
    with pytest.raises(RunError, match=r"no state of the run can be read: .*state-000000000020"):
        opened(data, path)


def test_worker_processes_change_nothing(
    data: Path, whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("allaprima.training.loop.batches", partial(batches, cache_bytes=0))
    train(data, tmp_path / "halves", tiny(workers=2), stop_at=MIDDLE)
    train(data, tmp_path / "halves", tiny(workers=0))
    assert numbers(whole) == numbers(tmp_path / "halves")
    assert same(opened(data, whole).run, opened(data, tmp_path / "halves").run)


def test_global_random_states_are_neither_used_nor_changed(data: Path, whole: Path, tmp_path: Path) -> None:
    for seed in (1, 2):
        np.random.seed(seed)
        torch.manual_seed(seed)
        before = np.random.get_state()[1].tolist(), torch.get_rng_state().tolist()
        train(data, tmp_path / f"{seed}", tiny())
        assert before == (np.random.get_state()[1].tolist(), torch.get_rng_state().tolist())
        assert_same_run(whole, tmp_path / f"{seed}")


def test_the_seed_matters(data: Path, tmp_path: Path) -> None:
    (first, _), (second, _) = (train(data, tmp_path / f"{seed}", tiny(seed=seed, kimg=0.004)) for seed in (1, 2))
    assert not same(first.run, second.run)
