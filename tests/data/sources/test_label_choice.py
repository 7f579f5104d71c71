from collections.abc import Callable
from pathlib import Path

import pytest

from allaprima.data.sources import open_source
from allaprima.data.sources.label_choice import folder_labels
from allaprima.errors import DataError

Make = Callable[..., Path]
NAMES = ["x/1.png", "x/2.png", "y/3.png"]


def labels_of(root: Path, choice: str | Path) -> tuple[list[object], list[str] | None]:
    source = open_source(root, labels=str(choice))
    return [item.label for item in source], source.class_names


def test_the_folder_that_all_share_is_no_class() -> None:
    labels = folder_labels(["train/x/1.png", "train/y/z/2.png", "train/x/3.png"], Path("root"))
    assert labels.of == {"train/x/1.png": 0, "train/y/z/2.png": 1, "train/x/3.png": 0}
    assert labels.class_names == ["x", "y"]


@pytest.mark.parametrize("names", [["1.png", "2.png"], ["x/1.png", "x/2.png"]])
def test_one_folder_has_no_classes(names: list[str]) -> None:
    with pytest.raises(DataError, match="has no sub-folders"):
        folder_labels(names, Path("root"))


def test_an_image_beside_the_folders_has_no_class() -> None:
    with pytest.raises(DataError, match=r"2.png in root lies in no sub-folder"):
        folder_labels(["x/1.png", "2.png"], Path("root"))


@pytest.mark.parametrize(
    ("text", "labels", "names"),
    [
        ("x/1.png,2\nx/2.png,0\ny/3.png,1\n", [2, 0, 1], None),
        ("filename,class\nx/1.png,dog\nx/2.png,ape\ny/3.png,dog\n", [1, 0, 1], ["ape", "dog"]),
        ("image;label\n1;dog\n2;ape\n3;dog\n", [1, 0, 1], ["ape", "dog"]),
        ("\ufeffpath\tage\tsize\n1.png\t0.5\t1\n2.png\t2\t3\n3.png\t4\t5\n", [[0.5, 1], [2, 3], [4, 5]], None),
        ('x\\1.png,"a, b"\n./x/2.png,c\n3.png,c\n', [0, 1, 1], ["a, b", "c"]),
    ],
)
def test_csv(make_folder: Make, tmp_path: Path, text: str, labels: list[object], names: list[str] | None) -> None:
    (tmp_path / "labels.csv").write_text(text, encoding="utf-8")
    assert labels_of(make_folder(NAMES), tmp_path / "labels.csv") == (labels, names)


@pytest.mark.parametrize(
    ("text", "labels", "names"),
    [
        (
            '{"labels": [["x/1.png", 1], ["x/2.png", 0], ["y/3.png", 0]], "class_names": ["a", "b"]}',
            [1, 0, 0],
            ["a", "b"],
        ),
        ('{"1": "b", "2": "a", "3": "a"}', [1, 0, 0], ["a", "b"]),
        ('[["1.png", [1, 2]], ["2.png", [3, 4]], ["3.png", [5, 6]]]', [[1, 2], [3, 4], [5, 6]], None),
    ],
)
def test_json(make_folder: Make, tmp_path: Path, text: str, labels: list[object], names: list[str] | None) -> None:
    (tmp_path / "labels.json").write_text(text)
    assert labels_of(make_folder(NAMES), tmp_path / "labels.json") == (labels, names)


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("l.csv", "1,0\n2,0\n3,0\n4,0\n", "labels '4', but there is no such image"),
        ("l.csv", "1,0\n2,0\n", r"has no label for y/3.png \(1 of 3 images have none\)"),
        ("l.csv", "1,0\n2\n3,0\n", "has the row '2'"),
        ("l.csv", "name,label\n", "holds no labels"),
        ("l.csv", "1,-1\n2,0\n3,0\n", "is -1, but must be an integer from 0"),
        ("l.csv", "1,0.5\n2,0\n3,0\n", "is 0.5, but must be an integer from 0"),
        ("l.json", "{", "is not valid JSON"),
        ("l.json", "[1, 2]", "must hold"),
        ("l.json", '{"1": true, "2": 0, "3": 0}', "is True"),
    ],
)
def test_files_that_do_not_fit(make_folder: Make, tmp_path: Path, name: str, text: str, message: str) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(DataError, match=message):
        labels_of(make_folder(NAMES), tmp_path / name)


def test_files_that_cannot_be_read(make_folder: Make, tmp_path: Path) -> None:
    root = make_folder(NAMES)
    with pytest.raises(DataError, match=r"the label file .*gone.csv cannot be read: No such file"):
        labels_of(root, tmp_path / "gone.csv")
    (tmp_path / "l.csv").write_bytes(b"\xff\xfe\xfa")
    with pytest.raises(DataError, match="is not UTF-8 text"):
        labels_of(root, tmp_path / "l.csv")


def test_a_name_that_two_images_share_is_unclear(make_folder: Make, tmp_path: Path) -> None:
    (tmp_path / "l.csv").write_text("1.png,0\n")
    with pytest.raises(DataError, match="or more than one"):
        labels_of(make_folder(["x/1.png", "y/1.png"]), tmp_path / "l.csv")
