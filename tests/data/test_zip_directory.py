"""No bit that flips in an archive changes what is read from it."""

import io
import zipfile
import zlib
from pathlib import Path

import numpy as np
import pytest

from allaprima.data import zip_directory
from allaprima.data.archive import archive_writer
from allaprima.data.zip_directory import check_directory


@pytest.fixture(scope="module")
def content(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """An archive of small images without labels, so that nothing else knows how many they are."""
    path = tmp_path_factory.mktemp("archive") / "a.zip"
    with archive_writer(path) as archive:
        for i in range(3):
            archive.add(np.random.default_rng(i).integers(0, 256, (4, 4), dtype=np.uint8))
        archive.finish()
    return path.read_bytes()


def files_in(content: bytes) -> dict[str, bytes] | None:
    """What the archive holds; None if damage is told."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            check_directory(archive)
            return {name: archive.read(name) for name in archive.namelist()}
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, OSError, EOFError, ValueError, zlib.error):
        return None


def test_no_bit_that_flips_changes_what_is_read(content: bytes) -> None:
    whole = files_in(content)
    assert whole is not None
    assert len(whole) == 4
    told = 0
    for bit in range(len(content) * 8):
        damaged = bytearray(content)
        damaged[bit // 8] ^= 1 << bit % 8
        found = files_in(bytes(damaged))
        assert found is None or found == whole, f"bit {bit % 8} of byte {bit // 8}"
        told += found is None
    assert told > len(content) * 8 // 2


def test_a_directory_that_hides_files_is_told(content: bytes) -> None:
    first = content.index(b"PK\1\2")
    damaged = bytearray(content)
    damaged[first + 32] = content.index(b"PK\1\2", first + 1) - first  # its comment is as long as the next entry
    with (
        zipfile.ZipFile(io.BytesIO(bytes(damaged))) as archive,
        pytest.raises(zipfile.BadZipFile, match="its directory has 3 files, and its end tells of 4"),
    ):
        check_directory(archive)


def test_files_beside_their_pictures_need_no_second_look(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        for name in ("a/1.png", "a/1.cls", "a/1.json", "b/1.json", "dataset.json", "dir/"):
            archive.writestr(name, b"x")
    looked = []
    real = zip_directory._own_name

    def own_name(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> bytes | None:
        looked.append(info.filename)
        return real(archive, info)

    monkeypatch.setattr(zip_directory, "_own_name", own_name)
    with zipfile.ZipFile(tmp_path / "a.zip") as archive:
        check_directory(archive)
    assert looked == ["b/1.json", "dataset.json"]


@pytest.mark.parametrize("name", ["Größe.txt", "notes.txt"])
def test_names_of_all_alphabets_are_compared(tmp_path: Path, name: str) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr(name, b"x")
    content = (tmp_path / "a.zip").read_bytes()
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        check_directory(archive)
    damaged = content[::-1].replace(b"txt", b"dxt", 1)[::-1]  # in the directory, which is the last
    with zipfile.ZipFile(io.BytesIO(damaged)) as archive, pytest.raises(zipfile.BadZipFile, match="calls itself other"):
        check_directory(archive)


def test_an_archive_of_very_many_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "many.zip"
    monkeypatch.setattr(zipfile, "ZIP_FILECOUNT_LIMIT", 2)  # more than these need the larger record
    with zipfile.ZipFile(path, "w") as archive:
        for i in range(5):
            archive.writestr(f"{i}.png", b"")
        archive.comment = b"of many"
    content = bytearray(path.read_bytes())
    end = content.rindex(b"PK\5\6")
    content[end + 8 : end + 12] = b"\xff" * 4  # as when two bytes are too few for their number
    with zipfile.ZipFile(io.BytesIO(bytes(content))) as archive:
        check_directory(archive)
        archive.filelist.pop()
        with pytest.raises(zipfile.BadZipFile, match="has 4 files, and its end tells of 5"):
            check_directory(archive)
