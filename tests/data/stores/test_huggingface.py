import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from allaprima.data import ImageDataset
from allaprima.data.stores.huggingface import HuggingFaceStore
from allaprima.errors import DataError
from allaprima.images import encode_png

Make = Callable[..., Any]
datasets = pytest.importorskip("datasets")


@pytest.fixture
def save(tmp_path: Path) -> Make:
    """Saves a table."""

    def write(columns: dict[str, Any], **features: Any) -> Path:
        datasets.disable_progress_bars()
        table = datasets.Dataset.from_dict(columns, features=datasets.Features(features))
        table.save_to_disk(str(tmp_path / "table"))
        return tmp_path / "table"

    return write


def png(picture: Make, seed: int = 0) -> dict[str, Any]:
    return {"bytes": encode_png(picture(seed)), "path": None}


def test_whole_numbers_are_labels_if_they_are_called_so(save: Make, picture: Make) -> None:
    rows = {"id": [7, 8], "label": [1, 0], "x": [png(picture), png(picture, 1)]}
    dataset = ImageDataset(
        save(rows, id=datasets.Value("int64"), label=datasets.Value("int8"), x=datasets.Image()), use_labels=True
    )
    assert dataset.label_table().tolist() == [[0, 1], [1, 0]]
    assert dataset.class_names is None
    assert dataset.names == ["00000000.png", "00000001.png"]


def test_images_that_are_files_beside_the_table(picture: Make, tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(encode_png(picture(3)))
    features = datasets.Features(x=datasets.Image())
    table = datasets.Dataset.from_dict({"x": [{"bytes": None, "path": str(tmp_path / "a.png")}]}, features=features)
    store = HuggingFaceStore(Path("here"), table, datasets)
    assert store.read("00000000.png") == encode_png(picture(3))
    (tmp_path / "a.png").unlink()
    with pytest.raises(DataError, match=r"row 0 of here cannot be read: .*No such file"):
        store.read("00000000.png")


def test_a_table_of_the_hub_names_no_file_of_yours(picture: Make, tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(encode_png(picture(3)))
    features = datasets.Features(x=datasets.Image())
    table = datasets.Dataset.from_dict({"x": [{"bytes": None, "path": str(tmp_path / "a.png")}]}, features=features)
    with pytest.raises(DataError, match="row 0 of hf://there holds no image"):
        HuggingFaceStore("hf://there", table, datasets).read("00000000.png")


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (None, "row 1 of .* holds no image"),
        ({"bytes": b"no picture", "path": None}, "00000001.png in .* is not an image"),
    ],
)
def test_a_row_without_a_picture_is_named(save: Make, picture: Make, row: Any, message: str) -> None:
    dataset = ImageDataset(save({"x": [png(picture), row]}, x=datasets.Image()))
    with pytest.raises(DataError, match=message):
        dataset[1]


def test_rows_without_a_class(save: Make, picture: Make) -> None:
    kinds = datasets.ClassLabel(names=["a", "b"])
    path = save({"x": [png(picture)] * 2, "kind": [1, -1]}, x=datasets.Image(), kind=kinds)
    assert ImageDataset(path).has_labels
    with pytest.raises(DataError, match=r"the column kind of .* has rows without a class number from 0"):
        ImageDataset(path, use_labels=True)


def test_a_table_without_images(save: Make) -> None:
    with pytest.raises(DataError, match="has no column of images, only a, b"):
        ImageDataset(save({"a": [1], "b": [2]}, a=datasets.Value("int64"), b=datasets.Value("int64")))


def test_a_split_that_is_not_there(make_archive: Make, make_table: Make) -> None:
    path = make_table(make_archive(2), "validation")
    with pytest.raises(DataError, match=r"has no split 'train', only validation: say which, as hf://\S+@NAME"):
        ImageDataset(path)
    assert len(ImageDataset(f"hf://{path}@validation")) == 2


def test_a_name_that_the_hub_does_not_have(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(datasets, "load_dataset", lambda *a, **k: (_ for _ in ()).throw(OSError("no such thing\nmore")))
    with pytest.raises(DataError, match=r"^hf://who/what cannot be opened as a data set: no such thing$"):
        ImageDataset("hf://who/what")
    with pytest.raises(DataError, match="is not of the form hf://NAME"):
        ImageDataset("hf://")


def test_name_configuration_and_split_are_handed_on(monkeypatch: pytest.MonkeyPatch, save: Make, picture: Make) -> None:
    asked: list[Any] = []
    table = datasets.load_from_disk(str(save({"x": [png(picture)]}, x=datasets.Image())))
    monkeypatch.setattr(datasets, "load_dataset", lambda *a, **k: asked.append((a, k)) or table)
    for address in ("hf://who/what", "hf://who/what:big@test"):
        assert len(ImageDataset(address)) == 1
    assert asked == [(("who/what", None), {"split": "train"}), (("who/what", "big"), {"split": "test"})]


def test_without_the_library_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "datasets", None)
    with pytest.raises(DataError, match=r"pip install 'allaprima\[scale\]'"):
        ImageDataset("hf://who/what")
