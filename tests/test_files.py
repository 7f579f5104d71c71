"""A file appears complete or not at all."""

import errno
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from allaprima import files
from allaprima.errors import AllaPrimaError, OutputError
from allaprima.files import atomic_file, atomic_path, make_directory, write_bytes, write_text


@pytest.fixture
def umask() -> Iterator[None]:
    old = os.umask(0o027)
    yield
    os.umask(old)


def full_disk(*_: object) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_the_file_appears_only_when_it_is_complete(tmp_path: Path) -> None:
    path = tmp_path / "file"
    with atomic_path(path) as temporary:
        temporary.write_bytes(b"whole")
        assert not path.exists()
    assert path.read_bytes() == b"whole"
    assert list(tmp_path.iterdir()) == [path]


def test_the_temporary_file_is_hidden_beside_it_and_names_its_process(tmp_path: Path) -> None:
    with atomic_path(tmp_path / "file") as temporary:
        assert temporary == tmp_path / f".file.{os.getpid()}.tmp"
        temporary.touch()


@pytest.mark.parametrize("failure", [ValueError, OSError, MemoryError, KeyboardInterrupt, SystemExit])
def test_a_failure_leaves_the_old_file_and_nothing_else(tmp_path: Path, failure: type[BaseException]) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"old")
    wanted = OutputError if failure is OSError else failure
    with pytest.raises(wanted), atomic_path(path) as temporary:  # noqa: PT012
        temporary.write_bytes(b"half")
        raise failure
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_failure_before_anything_is_written_is_fine_too(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="mine"), atomic_path(tmp_path / "file"):
        raise ValueError("mine")
    assert list(tmp_path.iterdir()) == []


def test_our_own_sentence_is_not_wrapped_again(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=r"^mine$"), atomic_path(tmp_path / "file"):
        raise OutputError("mine")


@pytest.mark.parametrize("step", ["sync", "replace"])
def test_a_disk_that_fills_up_late_leaves_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"old")
    monkeypatch.setattr(files if step == "sync" else Path, step, full_disk)
    with pytest.raises(OutputError, match=f"^cannot write {path}: No space left on device$"):
        write_bytes(path, b"new")
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(
    ("place", "reason"),
    [
        ("missing/file", "No such file or directory"),
        ("file/file", "Not a directory"),
        ("n" * 300, "File name too long"),
    ],
)
def test_a_place_that_cannot_be_written_to_is_one_sentence(tmp_path: Path, place: str, reason: str) -> None:
    (tmp_path / "file").write_bytes(b"old")
    with pytest.raises(OutputError, match=f"^cannot write {tmp_path / place}: {reason}$"):
        write_bytes(tmp_path / place, b"new")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_a_directory_is_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "file").mkdir()
    with pytest.raises(OutputError, match=r"^cannot write .*file: Is a directory$"):
        write_bytes(tmp_path / "file", b"new")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


@pytest.mark.skipif(os.name == "nt", reason="Windows has no umask")
def test_permissions_are_those_of_the_umask(tmp_path: Path, umask: None) -> None:
    write_bytes(tmp_path / "file", b"new")
    assert (tmp_path / "file").stat().st_mode & 0o777 == 0o640


def test_file_and_directory_are_synced_before_it_is_said_to_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced = []
    monkeypatch.setattr(files, "sync", lambda path: synced.append((path.name, (tmp_path / "file").exists())))
    write_bytes(tmp_path / "file", b"new")
    assert synced == [(f".file.{os.getpid()}.tmp", False), (tmp_path.name, True)]


def test_text_is_utf_8(tmp_path: Path) -> None:
    write_text(tmp_path / "file", "ψ\n")
    assert (tmp_path / "file").read_bytes() == b"\xcf\x88\n"


def test_making_a_directory_makes_its_parents_and_may_be_repeated(tmp_path: Path) -> None:
    for _ in range(2):
        make_directory(tmp_path / "a" / "b")
    assert (tmp_path / "a" / "b").is_dir()


def test_a_directory_that_cannot_be_made_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"old")
    with pytest.raises(OutputError, match=f"^cannot make the directory {tmp_path / 'file'}: File exists$"):
        make_directory(tmp_path / "file")
    with pytest.raises(OutputError, match=f"^cannot make the directory {tmp_path / 'file' / 'a'}: Not a directory$"):
        make_directory(tmp_path / "file" / "a")


def test_an_output_error_is_ours_and_an_os_error() -> None:
    assert issubclass(OutputError, AllaPrimaError)
    assert issubclass(OutputError, OSError)


def test_an_open_file_becomes_the_file_when_it_is_left(tmp_path: Path) -> None:
    path = tmp_path / "file"
    with atomic_file(path) as file:
        file.write(b"whole")
        assert not path.exists()
    assert path.read_bytes() == b"whole"
    with pytest.raises(ValueError, match="mine"), atomic_file(path) as file:  # noqa: PT012
        file.write(b"half")
        raise ValueError("mine")
    assert path.read_bytes() == b"whole"
