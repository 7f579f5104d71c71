from collections.abc import Callable
from pathlib import Path

import pytest

from allaprima.data.sources import open_source
from allaprima.errors import DataError

Make = Callable[..., Path]


def test_one_image_is_a_source(make_folder: Make) -> None:
    root = make_folder(["a.png", "b.png"])
    source = open_source(root / "b.png")
    assert (source.kind, [item.name for item in source]) == ("image", ["b.png"])


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("gone", None, "does not exist"),
        ("notes.txt", b"hello", "is no folder, archive, idx file"),
        ("empty.zip", b"", "is no folder, archive, idx file"),
        ("cut.tar.gz", b"\x1f\x8b\x08\x00", "is no folder, archive, idx file"),
    ],
)
def test_what_is_no_source(tmp_path: Path, name: str, content: bytes | None, message: str) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(DataError, match=message):
        open_source(tmp_path / name)


def test_an_empty_folder(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="holds no image"):
        open_source(tmp_path)


def test_every_must_be_positive(make_folder: Make) -> None:
    with pytest.raises(DataError, match="every is 0"):
        open_source(make_folder(["a.png"]), every=0)
