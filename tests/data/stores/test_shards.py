import io
import json
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from allaprima.data import ImageDataset
from allaprima.data.store import open_store
from allaprima.data.stores import shards as shards_module
from allaprima.data.stores.shards import ShardStore
from allaprima.data.stores.tar_index import tar_index
from allaprima.errors import DataError
from allaprima.images import encode_png

Make = Callable[..., Any]


@pytest.fixture
def write_tar(tmp_path: Path, picture: Make) -> Callable[..., Path]:
    """Writes a tar of pictures (by their names) and texts (by their contents)."""

    def write(name: str, *members: str, **texts: str) -> Path:
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        contents = {m: encode_png(picture(sum(map(ord, m)))) for m in members}
        contents |= {key.replace("_", ".", 1): text.encode() for key, text in texts.items()}
        with tarfile.open(path, "w") as archive:
            for member, content in contents.items():
                info = tarfile.TarInfo(member)
                info.size = len(content)
                archive.addfile(info, io.BytesIO(content))
        return path

    return write


def test_images_of_all_shards_are_sorted_together(write_tar: Make) -> None:
    write_tar("set/b.tar", "a.png", "d.png", "notes.txt")
    path = write_tar("set/a.tar", "c/x.png", "./b.png", ".hidden.png")
    assert ImageDataset(path.parent).names == ["a.png", "b.png", "c/x.png", "d.png"]


def test_every_name_finds_its_own_bytes(tmp_path: Path) -> None:
    contents = {f"{(7 * i) % 30:02d}.png": bytes([i]) * (40 * i) for i in range(30)}
    names = list(contents)
    (tmp_path / "set").mkdir()
    for number in range(3):
        with tarfile.open(tmp_path / f"set/{number}.tar", "w") as archive:
            for name in names[number::3]:
                info = tarfile.TarInfo(name)
                info.size = len(contents[name])
                archive.addfile(info, io.BytesIO(contents[name]))
    store = open_store(tmp_path / "set")
    assert {name: store.read(name) for name in store.names()} == contents
    assert list(store.names()) == sorted(contents)


def test_another_name_is_another_identity(write_tar: Make) -> None:
    stores = [open_store(write_tar(f"{x}/0.tar", x)) for x in ("a.png", "b.png")]
    assert isinstance(stores[0], ShardStore)
    assert isinstance(stores[1], ShardStore)
    assert stores[0].identity() != stores[1].identity()


def test_where_shards_share_names_their_own_comes_first(write_tar: Make, picture: Make) -> None:
    write_tar("set/1.tar", "0.png", "1.png")
    path = write_tar("set/0.tar", "0.png", "2.png")
    dataset = ImageDataset(path.parent)
    assert dataset.names == ["0/0.png", "0/2.png", "1/0.png", "1/1.png"]
    assert np.array_equal(dataset[1][0].permute(1, 2, 0).numpy(), picture(sum(map(ord, "2.png"))))


def test_shards_of_one_name_in_two_places_are_told_apart(write_tar: Make, tmp_path: Path) -> None:
    write_tar("one/0.tar", "a.png")
    write_tar("two/0.tar", "a.png")
    with pytest.raises(DataError, match="two shards 0 whose images have the same names: rename"):
        ImageDataset(str(tmp_path / "{one,two}/0.tar"))


@pytest.mark.parametrize(
    ("texts", "table", "names"),
    [
        ({"a_cls": "2", "b_cls": "0"}, [[0, 0, 1], [1, 0, 0]], None),
        ({"a_cls": "dog\n", "b_cls": "cat"}, [[0, 1], [1, 0]], ["cat", "dog"]),
        ({"a_json": '{"label": "dog", "x": 1}', "b_json": '{"cls": "cat"}'}, [[0, 1], [1, 0]], ["cat", "dog"]),
        ({"a_json": "[1, 2.5]", "b_json": '{"class": [3, 4]}'}, [[1, 2.5], [3, 4]], None),
        ({"a_cls": "1", "a_json": '{"label": 7}', "b_cls": "0"}, [[0, 1], [1, 0]], None),
    ],
)
def test_labels_beside_the_images(write_tar: Make, texts: dict[str, str], table: Any, names: Any) -> None:
    dataset = ImageDataset(write_tar("x.tar", "a.png", "b.png", **texts), use_labels=True)
    assert dataset.label_table().tolist() == table
    assert dataset.class_names == names


def test_a_key_ends_at_the_first_dot(write_tar: Make) -> None:
    path = write_tar("x.tar", "v1.0/a.rgb.png", **{"v1_0/a.cls": "3"})
    assert ImageDataset(path, use_labels=True).label_table().tolist() == [[0, 0, 0, 1]]


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        ({}, "has no labels"),
        ({"a_cls": "1"}, "no label for b.png, but either all images have one or none"),
        ({"a_cls": "1", "b_cls": "[1]"}, r"lists of as many numbers, but there are 1, \[1\]"),
        ({"a_cls": "-1", "b_cls": "1"}, "labels must all be class numbers"),
        ({"a_json": '{"width": 5}', "b_json": "{"}, "has no labels"),
    ],
)
def test_labels_that_cannot_be_used_hurt_only_who_wants_them(write_tar: Make, texts: Any, message: str) -> None:
    path = write_tar("x.tar", "a.png", "b.png", **texts)
    assert ImageDataset(path).label_dim == 0
    with pytest.raises(DataError, match=message):
        ImageDataset(path, use_labels=True)


def test_a_shard_is_gone_through_once(write_tar: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = write_tar("set/0.tar", "a.png"), write_tar("set/1.tar", "b.png")
    ImageDataset(first.parent)
    opened: list[str] = []
    real = tarfile.open
    monkeypatch.setattr(tarfile, "open", lambda *a, **k: opened.append(str(a)) or real(*a, **k))
    assert len(ImageDataset(first.parent)) == 2
    assert opened == []
    write_tar("set/1.tar", "b.png", "c.png")  # one is replaced: that one is gone through again
    opened.clear()
    assert ImageDataset(first.parent).names == ["a.png", "b.png", "c.png"]
    assert len(opened) == 1
    assert second.exists()


def test_without_a_cache_it_works_too(write_tar: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("no folder")
    monkeypatch.setenv("ALLAPRIMA_HOME", str(tmp_path / "file"))
    assert ImageDataset(write_tar("x.tar", "a.png")).names == ["a.png"]


def test_a_damaged_index_is_made_again(write_tar: Make, tmp_path: Path) -> None:
    path = write_tar("x.tar", "a.png", "b.png")
    wanted = ImageDataset(path).load_all()[0]
    for file in (tmp_path / "home/indices").rglob("*.np[yz]"):
        file.write_bytes(file.read_bytes()[:20])
    assert (ImageDataset(path).load_all()[0] == wanted).all()


@pytest.mark.parametrize("cut", [300, 700, 1024, 2300, 3072])
def test_a_truncated_shard_is_refused(write_tar: Make, cut: int) -> None:
    path = write_tar("x.tar", "a.png", "b.png", "c.png")
    path.write_bytes(path.read_bytes()[:cut])
    with pytest.raises(DataError, match=r"^[^\n]*x.tar is (not a complete tar archive|neither a folder)[^\n]*$"):
        ImageDataset(path)


def test_a_shard_that_gets_shorter_later_is_one_sentence(write_tar: Make) -> None:
    path = write_tar("x.tar", *(f"{i}.png" for i in range(5)))
    dataset = ImageDataset(path)
    path.write_bytes(path.read_bytes()[:1200])
    with pytest.raises(
        DataError, match=r"^4.png in \S*x.tar cannot be read: \S*x.tar ends too early: \d+ bytes[^\n]*$"
    ):
        dataset[4]


def test_a_missing_shard_is_named(write_tar: Make) -> None:
    path = write_tar("set/0.tar", "a.png")
    with pytest.raises(DataError, match=r"set/1.tar cannot be read: No such file"):
        ImageDataset(str(path.parent / "{0..1}.tar"))


def test_a_compressed_shard_says_what_to_do(write_tar: Make, tmp_path: Path) -> None:
    import gzip

    path = tmp_path / "x.tar.gz"
    path.write_bytes(gzip.compress(write_tar("x.tar", "a.png").read_bytes()))
    with pytest.raises(DataError, match="is compressed, so its images cannot be read in any order: gunzip it"):
        ImageDataset(path)


def test_a_damaged_member_names_the_image(write_tar: Make) -> None:
    path = write_tar("x.tar", "a.png", "b.png")
    index = ImageDataset(path)._store._index  # type: ignore[attr-defined]
    data = bytearray(path.read_bytes())
    start = int(index.offsets[1]) + 45
    data[start : start + 20] = bytes(20)
    path.write_bytes(data)
    with pytest.raises(DataError, match=r"^b.png in \S*x.tar cannot be read as an image"):
        ImageDataset(path)[1]


def test_few_files_are_open_at_once(write_tar: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shards_module, "MOST_OPEN", 2)
    for i in range(5):
        path = write_tar(f"set/{i}.tar", f"{i}.png")
    dataset = ImageDataset(path.parent)
    dataset.load_all()
    dataset.load_all()
    assert sum(shard._file is not None for shard in dataset._store._shards) == 2  # type: ignore[attr-defined]


def test_fingerprints_do_not_depend_on_the_shards(write_tar: Make) -> None:
    one = write_tar("one/0.tar", "a.png", "b.png")
    write_tar("two/x.tar", "a.png")
    two = write_tar("two/y.tar", "b.png")
    other = write_tar("three/x.tar", "a.png", "c.png")
    prints = [ImageDataset(path.parent).fingerprint() for path in (one, two, other)]
    assert prints[0] == prints[1] != prints[2]


def test_the_same_names_and_sizes_but_other_pixels_are_noticed(write_tar: Make, tmp_path: Path) -> None:
    first = write_tar("one/0.tar", "a.png", "b.png")
    content = bytearray(first.read_bytes())
    before = ImageDataset(first).fingerprint()
    content[tar_index(ImageDataset(first)._store._shards[0]).offsets[1] + 30] ^= 1  # type: ignore[attr-defined]
    first.write_bytes(content)
    assert ImageDataset(first).fingerprint() != before


def test_a_list_without_shards(tmp_path: Path) -> None:
    (tmp_path / "list.txt").write_text("# nothing\n")
    with pytest.raises(DataError, match="lists no shard"):
        ImageDataset(tmp_path / "list.txt")


def test_dataset_json_in_a_shard_that_does_not_fit(write_tar: Make) -> None:
    path = write_tar("x.tar", "a.png", dataset_json=json.dumps({"labels": [["gone.png", 1]]}))
    with pytest.raises(DataError, match=r"labels gone.png, which is not there"):
        ImageDataset(path, use_labels=True)
