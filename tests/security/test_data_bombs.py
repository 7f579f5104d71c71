"""Data sets of strangers: members that unpack to very much, and animations that are none."""

import io
import struct
import tarfile
import zipfile
from pathlib import Path

import pytest

from allaprima.data.sources.tar import TarStore
from allaprima.data.sources.video import is_animation
from allaprima.data.store import open_store
from allaprima.data.stores import zip as zip_module
from allaprima.errors import DataError

SENTENCE = r"^a\.png in .* cannot be read: it has 2,000,000 bytes, and at most 1,000,000 are read$"


@pytest.fixture(autouse=True)
def small_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    assert zip_module.MOST_BYTES == 2**30
    monkeypatch.setattr(zip_module, "MOST_BYTES", 1_000_000)


@pytest.mark.parametrize("method", [zipfile.ZIP_DEFLATED, zipfile.ZIP_STORED])
def test_a_member_of_a_zip_that_would_fill_the_memory(method: int, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w", method) as archive:
        archive.writestr("a.png", bytes(2_000_000))
        archive.writestr("b.png", bytes(1_000_000))
    store = open_store(tmp_path / "a.zip")
    assert len(store.read("b.png")) == 1_000_000
    with pytest.raises(DataError, match=SENTENCE):
        store.read("a.png")


def test_a_member_of_a_packed_tar_that_would(tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "a.tar.gz", "w:gz") as tape:
        member = tarfile.TarInfo("a.png")
        member.size = 2_000_000
        tape.addfile(member, io.BytesIO(bytes(2_000_000)))
    with pytest.raises(DataError, match=SENTENCE):
        TarStore(tmp_path / "a.tar.gz").read("a.png")


def test_postscript_is_no_animation(tmp_path: Path) -> None:
    (tmp_path / "a.gif").write_bytes(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n%%EndComments\nshowpage\n")
    assert not is_animation(tmp_path / "a.gif")


@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
def test_an_animation_of_too_many_pixels_is_one_broken_item(tmp_path: Path) -> None:
    from allaprima.data.sources.video import video_source

    screen = struct.pack("<HHBBB", 12000, 12000, 0x80, 0, 0)
    frame = b"\x2c" + struct.pack("<HHHHB", 0, 0, 12000, 12000, 0) + b"\x02\x02\x4c\x01\x00"
    (tmp_path / "a.gif").write_bytes(b"GIF89a" + screen + bytes(6) + frame + frame + b"\x3b")
    (item,) = video_source(tmp_path / "a.gif", 1).items()
    with pytest.raises(DataError, match="89,478,485"):
        item.read()
