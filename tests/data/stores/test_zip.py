import zipfile
from pathlib import Path
from typing import Any

import pytest

from allaprima.data.store import ZipStore
from allaprima.data.stores.ranges import LocalFile, MappedFile
from allaprima.errors import DataError


class Far(LocalFile):
    """A local file that is read as if it were far away."""

    is_elsewhere = True


KINDS: list[Any] = [LocalFile, MappedFile, Far]
CONTENTS = {"a.txt": b"hello", "b/ü.bin": bytes(range(256)) * 9, "empty": b""}


def write(path: Path, kind: int, extra: bytes = b"") -> Path:
    with zipfile.ZipFile(path, "w", kind) as archive:
        archive.mkdir("b")
        for name, content in CONTENTS.items():
            info = zipfile.ZipInfo(name)
            info.compress_type, info.extra = kind, extra
            archive.writestr(info, content)
    return path


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("compression", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_LZMA])
@pytest.mark.parametrize("extra", [b"", b"\x99\x99\x03\x00abc"])
def test_what_was_put_in_comes_out(tmp_path: Path, kind: Any, compression: int, extra: bytes) -> None:
    path = write(tmp_path / "x.zip", compression, extra)
    store = ZipStore(path, kind(path))
    assert {name: store.read(name) for name in store.names()} == CONTENTS
    assert store.names() == sorted(CONTENTS)


@pytest.mark.parametrize("kind", KINDS)
def test_an_extra_field_that_only_the_header_has(tmp_path: Path, kind: Any) -> None:
    """As ``zipalign`` and Java write them: the directory does not tell how long the header is."""
    path = write(tmp_path / "x.zip", zipfile.ZIP_STORED, b"\x99\x99\x03\x00abc")
    data = path.read_bytes()
    with zipfile.ZipFile(path) as archive:
        start = archive.start_dir
    directory = data[start:].replace(b"\x99\x99\x03\x00abc", b"")
    directory = directory.replace(b"\x07\x00\x00\x00\x00\x00\x00\x00", bytes(8))  # lengths of the extra fields
    end = directory[:-10] + (len(directory) - 22).to_bytes(4, "little") + directory[-6:]
    path.write_bytes(data[:start] + end)
    with zipfile.ZipFile(path) as archive:
        assert all(info.extra == b"" for info in archive.infolist())
    store = ZipStore(path, kind(path))
    assert {name: store.read(name) for name in store.names()} == CONTENTS


@pytest.mark.parametrize("kind", KINDS)
def test_damage_is_one_sentence(tmp_path: Path, kind: Any) -> None:
    path = write(tmp_path / "x.zip", zipfile.ZIP_STORED)
    data = path.read_bytes()
    other = "is damaged: its directory calls a file a.txt, which calls itself otherwise"
    none = "cannot be read: its header is not that of the directory"
    for old, new, message in [
        (b"hello", b"hullo", "cannot be read: Bad CRC-32"),
        (b"PK\x03\x04", b"PK\x03\x05", none),
        (b"a.txthello", b"b.txthello", other),
    ]:
        path.write_bytes(data.replace(old, new))
        with pytest.raises(DataError, match=rf"^(a.txt in )?\S*x.zip {message}"):
            ZipStore(path, kind(path)).read("a.txt")


def test_an_encrypted_member_is_one_sentence(tmp_path: Path) -> None:
    path = write(tmp_path / "x.zip", zipfile.ZIP_STORED)
    data = bytearray(path.read_bytes())
    start = data.index(b"PK\x01\x02", data.index(b"a.txt", data.index(b"PK\x01\x02")) - 60)
    data[start + 8] |= 1
    path.write_bytes(data)
    with pytest.raises(DataError, match=r"a.txt in \S*x.zip cannot be read: .*(encrypted|differ)"):
        ZipStore(path).read("a.txt")
