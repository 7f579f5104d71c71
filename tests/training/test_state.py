"""The state file: written whole or not at all, two of them kept, all of the run in it."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from allaprima.checkpoint import read_tensors, save
from allaprima.errors import ModelFileError, OutputError
from allaprima.training.run import Run
from allaprima.training.state import restore, restore_newest, same, save_state, states
from allaprima.training.step import train_step
from tests.training.small import batch_for, small_run


@pytest.fixture
def trained() -> Run:
    run = small_run()
    for _ in range(2):
        run.statistics.add(train_step(run, *batch_for(run)))
    return run


def test_a_saved_state_comes_back_whole(trained: Run, tmp_path: Path) -> None:
    path = save_state(trained, tmp_path)
    other = small_run()
    assert not same(trained, other)
    restore(other, path)
    assert same(trained, other)
    assert trained.statistics.summary() == other.statistics.summary()
    for run in (trained, other):
        train_step(run, *batch_for(run))
    assert same(trained, other)


def test_a_state_before_the_first_step_comes_back_too(tmp_path: Path) -> None:
    run, other = small_run(), small_run(seed=1)
    restore(other, save_state(run, tmp_path))
    assert same(run, other)


def test_saving_changes_nothing(trained: Run, tmp_path: Path) -> None:
    other = small_run()
    for _ in range(2):
        train_step(other, *batch_for(other))
    save_state(trained, tmp_path)
    assert same(trained, other)


def test_the_two_newest_states_are_kept(trained: Run, tmp_path: Path) -> None:
    for images in (8, 999_999_999_999, 90, 1000):
        trained.images_seen = images
        save_state(trained, tmp_path)
    assert [path.name for path in states(tmp_path)] == [
        "state-000000001000.safetensors",
        "state-999999999999.safetensors",
    ]


def test_there_is_nothing_to_restore_in_an_empty_folder(tmp_path: Path) -> None:
    run = small_run()
    assert restore_newest(run, tmp_path) == []
    assert same(run, small_run())


def first(tensors: object) -> torch.Tensor:
    return next(iter(tensors))  # type: ignore[call-overload, no-any-return]


PARTS: dict[str, Callable[[Run], torch.Tensor]] = {
    "G": lambda run: first(run.G.parameters()).data,
    "D": lambda run: first(run.D.parameters()).data,
    "G_ema": lambda run: first(run.G_ema.parameters()).data,
    "w_avg": lambda run: run.G.mapping.w_avg,
    "first moments of G": lambda run: first(run.G_optimizer.state.values())["exp_avg"],  # type: ignore[call-overload]
    "second moments of D": lambda run: first(run.D_optimizer.state.values())["exp_avg_sq"],  # type: ignore[call-overload]
    "steps of D": lambda run: first(run.D_optimizer.state.values())["step"],  # type: ignore[call-overload]
    "path length": lambda run: run.pl_mean,
}


@pytest.mark.parametrize("part", PARTS)
def test_every_part_is_in_the_state_and_in_the_comparison(part: str, trained: Run, tmp_path: Path) -> None:
    other = small_run()
    restore(other, save_state(trained, tmp_path))
    PARTS[part](trained).view(-1)[0].add_(1)
    assert not same(trained, other)
    restore(other, save_state(trained, tmp_path))
    assert same(trained, other)


def test_the_counters_are_compared(trained: Run) -> None:
    assert same(trained, trained)
    other = small_run()
    other.step += 1
    assert not same(small_run(), other)


def test_a_state_of_other_networks_is_refused(trained: Run, tmp_path: Path) -> None:
    path = save_state(trained, tmp_path)
    with pytest.raises(ModelFileError, match="does not fit the run's recipe") as error:
        restore(small_run(cmax=4), path)
    assert "\n" not in str(error.value)


def test_a_model_file_is_no_state(trained: Run, tmp_path: Path) -> None:
    save(trained.G, tmp_path / "model.safetensors")
    with pytest.raises(ModelFileError, match="holds a model, not a state"):
        restore(trained, tmp_path / "model.safetensors")


@pytest.mark.parametrize("statistics", [None, [1], {"Loss": 3}, {"Loss": [1, 2]}])
def test_a_state_with_foreign_statistics_is_refused(
    statistics: object, trained: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trained.statistics, "state", lambda: statistics, raising=False)
    path = save_state(trained, tmp_path)
    with pytest.raises(ModelFileError):
        restore(small_run(), path)


def test_the_header_says_where_the_training_is(trained: Run, tmp_path: Path) -> None:
    tensors, header = read_tensors(save_state(trained, tmp_path), kind="state", version=1)
    assert (header["step"], header["images_seen"]) == (2, 8)
    roles = {name.partition(".")[0] for name in tensors}
    assert roles == {"G", "D", "G_ema", "G_optimizer", "D_optimizer", "pl_mean", "signs"}


def test_a_failed_save_keeps_the_state_before(trained: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = save_state(trained, tmp_path).read_bytes()

    def full(*arguments: object, **options: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("allaprima.files.sync", full)
    trained.images_seen += 4
    with pytest.raises(OutputError, match=r"cannot write .*state-000000000012.*: No space left on device"):
        save_state(trained, tmp_path)
    (kept,) = tmp_path.iterdir()
    assert kept.read_bytes() == before
