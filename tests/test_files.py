"""A file appears complete or not at all."""

import errno
import os
import platform
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from allaprima import files
from allaprima.errors import AllaPrimaError, OutputError
from allaprima.files import atomic_file, atomic_path, make_directory, remove_leftovers, write_bytes, write_text


@pytest.fixture
def umask() -> Iterator[None]:
    old = os.umask(0o027)
    yield
    os.umask(old)


def full_disk(*_: object) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def name_of_temporary(pid: int, machine: str | None = None) -> str:
    return f".file.{re.sub('[^A-Za-z0-9]', '_', machine or platform.node())}-{pid}.tmp"


def a_dead_process() -> int:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    return ended.pid


@pytest.mark.skipif(os.name == "nt", reason="Windows cannot be asked whether a process lives")
def test_what_a_killed_process_left_is_removed_and_nothing_else(tmp_path: Path) -> None:
    dead = a_dead_process()
    theirs = [name_of_temporary(os.getppid()), name_of_temporary(dead, "another"), ".file.7.tmp", ".file.tmp"]
    kept = [*theirs, name_of_temporary(dead).replace(".file.", ".file.zip."), "file"]
    for name in [*kept, name_of_temporary(dead)]:
        (tmp_path / name).write_text(name)
    remove_leftovers(tmp_path / "file")
    assert {path.name for path in tmp_path.iterdir()} == set(kept)


def test_no_leftovers_where_there_is_no_directory(tmp_path: Path) -> None:
    remove_leftovers(tmp_path / "missing" / "file[1]")


def test_the_file_appears_only_when_it_is_complete(tmp_path: Path) -> None:
    path = tmp_path / "file"
    with atomic_path(path) as temporary:
        temporary.write_bytes(b"whole")
        assert not path.exists()
    assert path.read_bytes() == b"whole"
    assert list(tmp_path.iterdir()) == [path]


def test_the_temporary_file_is_hidden_beside_it_and_names_its_process(tmp_path: Path) -> None:
    with atomic_path(tmp_path / "file") as temporary:
        assert temporary == tmp_path / name_of_temporary(os.getpid())
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


def test_a_full_disk_that_a_library_tells_in_other_words_is_one_sentence(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"old")
    with pytest.raises(OutputError, match=r": No space left on device$"), atomic_path(path) as temporary:  # noqa: PT012
        temporary.touch()
        try:
            full_disk()
        finally:
            raise RuntimeError("unexpected pos 44096 vs 43984")
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_an_error_that_is_not_of_the_disk_stays_what_it_is(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match=r"^mine$"), atomic_path(tmp_path / "file"):  # noqa: PT012
        try:
            (tmp_path / "missing").read_bytes()
        except OSError:
            raise RuntimeError("mine")  # noqa: B904


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
    assert synced == [(name_of_temporary(os.getpid()), False), (tmp_path.name, True)]


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
