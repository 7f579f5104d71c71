import io
import json
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from allaprima.data.sources import open_source
from allaprima.errors import DataError
from allaprima.images import encode_png
from allaprima.images.png import read_image, to_array

Make = Callable[..., Path]
NAMES = ["a/1.png", "a/2.png", "b/3.png", "b/c/4.png"]


def test_a_folder_is_searched_through(make_folder: Make) -> None:
    root = make_folder([*NAMES, ".hidden/5.png"])
    (root / "readme.txt").write_text("hello")
    source = open_source(root)
    assert (source.kind, source.count, source.class_names) == ("folder", 4, None)
    items = list(source)
    assert [item.name for item in items] == NAMES
    assert all(item.label is None for item in items)
    assert np.array_equal(to_array(items[3].read()), to_array(read_image(root / "b/c/4.png")))
    assert items[0].content is not None
    assert items[0].content() == (root / "a/1.png").read_bytes()
    assert [item.name for item in source] == NAMES, "a source may be gone through again"


def test_a_zip_is_a_folder(make_folder: Make, tmp_path: Path) -> None:
    root = make_folder(NAMES)
    with zipfile.ZipFile(tmp_path / "packed.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for name in NAMES:
            archive.write(root / name, name)
    source = open_source(tmp_path / "packed.zip", labels="folders")
    assert source.kind == "ZIP archive"
    assert [(item.name, item.label) for item in source] == list(zip(NAMES, [0, 0, 1, 1], strict=True))


@pytest.mark.parametrize("mode", ["w", "w:gz"])
def test_a_tar_is_a_folder_in_its_own_order(make_folder: Make, tmp_path: Path, mode: str) -> None:
    root = make_folder(NAMES)
    with tarfile.open(tmp_path / "packed.tar", mode) as archive:  # type: ignore[call-overload]
        for name in reversed(NAMES):
            archive.add(root / name, name)
    source = open_source(tmp_path / "packed.tar")
    assert (source.kind, source.count) == ("tar archive", 4)
    for item, name in zip(source, reversed(NAMES), strict=True):
        assert np.array_equal(to_array(item.read()), to_array(read_image(root / name)))


def test_labels_of_a_webdataset_shard(picture: Callable[..., np.ndarray], tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "shard.tar", "w") as archive:
        for i, label in enumerate([3, 1]):
            for suffix, data in (("cls", str(label).encode()), ("png", encode_png(picture(i)))):
                info = tarfile.TarInfo(f"{i:06d}.{suffix}")
                info.size = len(data)
                archive.addfile(info, io.BytesIO(data))
    assert [item.label for item in open_source(tmp_path / "shard.tar")] == [3, 1]
    assert [item.label for item in open_source(tmp_path / "shard.tar", labels="none")] == [None, None]


def test_dataset_json_labels_a_folder(make_folder: Make) -> None:
    root = make_folder(NAMES)
    content = {"labels": [[name, i] for i, name in enumerate(NAMES)], "class_names": ["p", "q", "r", "s"]}
    (root / "dataset.json").write_text(json.dumps(content))
    source = open_source(root)
    assert [item.label for item in source] == [0, 1, 2, 3]
    assert source.class_names == ["p", "q", "r", "s"]
    content["labels"].append(["gone.png", 4])
    (root / "dataset.json").write_text(json.dumps(content))
    with pytest.raises(DataError, match=r"labels gone.png, which is not there"):
        open_source(root)


def test_a_broken_file_breaks_only_when_read(make_folder: Make) -> None:
    root = make_folder(["a.png", "b.png"])
    (root / "a.png").write_bytes(b"")
    first, second = open_source(root)
    with pytest.raises(DataError, match=r"^a.png is not an image"):
        first.read()
    second.read()
