"""Archives: the same files give the same bytes, and nothing half is ever there."""

import tarfile
import time
import zipfile
from pathlib import Path

import pytest

from allaprima.errors import OutputError
from allaprima.generation.packing import packed

FILES = {"seed1.png": b"image", "seed1.json": b"{}", "empty": b""}


def pack(path: Path, format_: str) -> bytes:
    with packed(path, format_) as add:  # type: ignore[arg-type]
        for name, data in FILES.items():
            add(name, data)
    return path.read_bytes()


def test_a_zip_holds_the_files_without_compression(tmp_path: Path) -> None:
    pack(tmp_path / "a.zip", "zip")
    with zipfile.ZipFile(tmp_path / "a.zip") as archive:
        assert {name: archive.read(name) for name in archive.namelist()} == FILES
        assert {entry.compress_type for entry in archive.infolist()} == {zipfile.ZIP_STORED}


def test_a_tar_holds_the_files_in_their_order(tmp_path: Path) -> None:
    pack(tmp_path / "a.tar", "tar")
    with tarfile.open(tmp_path / "a.tar") as archive:
        assert archive.getnames() == list(FILES)
        assert [archive.extractfile(name).read() for name in FILES] == list(FILES.values())  # type: ignore[union-attr]


@pytest.mark.parametrize("format_", ["zip", "tar"])
def test_the_bytes_are_those_of_any_day(tmp_path: Path, format_: str, monkeypatch: pytest.MonkeyPatch) -> None:
    first = pack(tmp_path / "a", format_)
    monkeypatch.setattr(time, "time", lambda: 2e9)
    assert pack(tmp_path / "b", format_) == first


@pytest.mark.parametrize("format_", ["zip", "tar"])
def test_what_goes_wrong_leaves_what_was_there(tmp_path: Path, format_: str) -> None:
    before = pack(tmp_path / "a", format_)

    def fail() -> None:
        with packed(tmp_path / "a", format_) as add:  # type: ignore[arg-type]
            add("more", b"data")
            raise OSError(28, "No space left on device")

    with pytest.raises(OutputError, match="No space left"):
        fail()
    assert (tmp_path / "a").read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["a"]
