"""What is being written is nobody else's business, whatever the umask; what is finished follows the umask."""

import os
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from allaprima.files import atomic_file, atomic_path, write_bytes
from allaprima.generation.packing import packed
from allaprima.images import write_png

pytestmark = pytest.mark.skipif(os.name == "nt", reason="Windows has no modes")


@contextmanager
def umask(value: int) -> Iterator[None]:
    before = os.umask(value)
    try:
        yield
    finally:
        os.umask(before)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.parametrize("wanted", [0o000, 0o022, 0o077])
def test_a_file_is_private_until_it_is_complete(wanted: int, tmp_path: Path) -> None:
    with umask(wanted), atomic_file(tmp_path / "a") as file:
        file.write(b"secret")
        file.flush()
        (temporary,) = tmp_path.iterdir()
        assert mode(temporary) == 0o600
    assert mode(tmp_path / "a") == 0o666 & ~wanted
    assert (tmp_path / "a").read_bytes() == b"secret"


@pytest.mark.parametrize("wanted", [0o022, 0o027])
def test_all_that_we_write_follows_the_umask(wanted: int, tmp_path: Path) -> None:
    with umask(wanted):
        write_png(tmp_path / "a.png", np.zeros((2, 2), np.uint8))
        write_bytes(tmp_path / "a.json", b"{}")
        for format_ in ("zip", "tar"):
            with packed(tmp_path / f"a.{format_}", format_) as add:
                add("a", b"a")
        with atomic_path(tmp_path / "a.safetensors") as temporary:
            save_file({"a": torch.zeros(2)}, temporary)
    assert {mode(path) for path in tmp_path.iterdir()} == {0o666 & ~wanted}
    assert len(list(tmp_path.iterdir())) == 5


def test_a_link_that_lies_in_wait_is_not_written_through(tmp_path: Path) -> None:
    with atomic_path(tmp_path / "a") as temporary:
        name = temporary.name
    (tmp_path / "victim").write_text("before")
    (tmp_path / name).symlink_to(tmp_path / "victim")
    write_bytes(tmp_path / "a", b"after")
    assert (tmp_path / "victim").read_text() == "before"
    assert (tmp_path / "a").read_bytes() == b"after"
    assert not (tmp_path / "a").is_symlink()


def test_what_a_killed_process_of_the_same_number_left_does_no_harm(tmp_path: Path) -> None:
    with atomic_path(tmp_path / "a") as temporary:
        name = temporary.name
    (tmp_path / name).write_bytes(b"half")
    write_bytes(tmp_path / "a", b"whole")
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


def test_folders_for_work_are_private() -> None:
    """The standard library's promise, on which hub and cache stand."""
    with umask(0), tempfile.TemporaryDirectory() as folder:
        assert mode(Path(folder)) == 0o700
