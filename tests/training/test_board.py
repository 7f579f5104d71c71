"""TensorBoard's events: there if the package is, never in the way if it is not."""

import sys
import time
from pathlib import Path

import pytest

from allaprima.errors import OutputError
from allaprima.training.board import Board
from tests.training.small import numbers, tiny, train

ROW = {"Loss/G/loss": {"num": 4, "mean": 0.5, "std": 0.1}}


def scalars(path: Path) -> dict[str, list[tuple[int, float]]]:
    """Step and value of all events in a directory, by name."""
    accumulator = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    events = accumulator.EventAccumulator(str(path)).Reload()
    return {name: [(event.step, event.value) for event in events.Scalars(name)] for name in events.Tags()["scalars"]}


def test_means_are_written_at_thousands_of_images(tmp_path: Path) -> None:
    board = Board(tmp_path, images_seen=0)
    board.write(ROW, images_seen=1000)
    board.write({"Loss/G/loss": {"mean": 0.25}}, images_seen=2999)
    assert scalars(tmp_path) == {"Loss/G/loss": [(1, 0.5), (2, 0.25)]}, "at once, not when it is closed"
    board.close()


def test_what_comes_after_a_resume_hides_what_was_there(tmp_path: Path) -> None:
    for seen, mean in ((0, 1.0), (2000, 2.0)):
        board = Board(tmp_path, images_seen=seen)
        for kimg in range(seen // 1000 + 1, 5):
            board.write({"x": {"mean": mean}}, images_seen=kimg * 1000)
        board.close()
        time.sleep(1.1)  # TensorBoard reads files by name: by second, process, and a count as text, 10 before 9
    assert scalars(tmp_path)["x"] == [(1, 1.0), (2, 1.0), (3, 2.0), (4, 2.0)]


def test_a_training_writes_the_means_of_its_ticks(whole: Path) -> None:
    events = scalars(whole)
    for name in ("Loss/G/loss", "Loss/D/loss", "Progress/kimg"):
        assert [value for _, value in events[name]] == pytest.approx([row[name]["mean"] for row in numbers(whole)])


def test_without_tensorboard_nothing_is_missing(
    data: Path, whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", None)
    train(data, tmp_path / "run", tiny())
    assert not list((tmp_path / "run").glob("events*"))
    assert numbers(tmp_path / "run") == numbers(whole)


def test_a_full_disk_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("tensorboard")
    board = Board(tmp_path, images_seen=0)

    def full(*arguments: object, **options: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(board._writer, "add_scalar", full)
    with pytest.raises(OutputError, match=r"cannot write TensorBoard events into .*: No space left on device"):
        board.write(ROW, images_seen=1000)
    board.close()


def test_a_place_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    pytest.importorskip("tensorboard")
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="cannot write TensorBoard events"):
        Board(tmp_path / "file", images_seen=0)
