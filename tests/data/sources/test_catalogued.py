import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from allaprima.data import ImageDataset
from allaprima.data.convert import ConvertOptions, convert
from allaprima.data.sources import open_source
from allaprima.errors import DataError

Make = Callable[..., Any]


@pytest.fixture
def archive(make_archive: Make) -> Path:
    return make_archive(7, labels=[i % 3 for i in range(7)], class_names=["ant", "bee", "cow"])


@pytest.mark.parametrize("kind", ["folder of tars", "pattern", "http zip", "http tars", "table"])
def test_an_archive_of_it_is_the_archive_it_was(
    archive: Path, make_shards: Make, make_table: Make, request: pytest.FixtureRequest, tmp_path: Path, kind: str
) -> None:
    shards = make_shards(archive).pop(0).parent
    places: dict[str, Callable[[], str]] = {
        "folder of tars": lambda: str(shards),
        "pattern": lambda: f"{shards}/{{000000..000002}}.tar",
        "http zip": lambda: request.getfixturevalue("server").address + "/set.zip",
        "http tars": lambda: request.getfixturevalue("server").address + "/shards/{000000..000002}.tar",
        "table": lambda: str(make_table(archive)),
    }
    report = convert(open_source(Path(places[kind]())), tmp_path / "out.zip", ConvertOptions())
    assert (report.num_images, report.num_classes, report.skipped) == (7, 3, [])
    assert report.class_names == (["ant", "bee", "cow"] if kind in ("http zip", "table") else None)
    made, wanted = ImageDataset(tmp_path / "out.zip", use_labels=True), ImageDataset(archive, use_labels=True)
    assert (made.load_all()[0] == wanted.load_all()[0]).all()
    assert made.label_table().tolist() == wanted.label_table().tolist()
    without = open_source(places[kind](), labels="none") if kind != "http tars" else []
    assert all(item.label is None for item in without)


def test_other_labels_are_refused(archive: Path, make_shards: Make) -> None:
    with pytest.raises(DataError, match="brings its own labels: --labels may only be none"):
        open_source(make_shards(archive)[0].parent, labels="folders")


def test_vectors_come_along(make_archive: Make, make_shards: Make) -> None:
    shards = make_shards(make_archive(2, labels=[[1, 2.5], [3, 4]]))[0].parent
    assert [item.label for item in open_source(shards)] == [[1.0, 2.5], [3.0, 4.0]]


def test_a_brace_in_the_name_of_what_is_there_means_nothing(archive: Path, tmp_path: Path) -> None:
    (tmp_path / "{0..1}.zip").write_bytes(archive.read_bytes())
    assert open_source(tmp_path / "{0..1}.zip").kind == "ZIP archive"
    zipfile.ZipFile(archive).extractall(tmp_path / "{a}")
    assert open_source(tmp_path / "{a}").kind == "folder"


def test_labels_of_some_images_only_must_be_settled(make_archive: Make, make_shards: Make) -> None:
    shards = make_shards(make_archive(4, labels=[1, 0]))[0].parent
    with pytest.raises(DataError, match=r"no label for .*img00000002.png, .* \(--labels none does without\)"):
        open_source(shards)
    assert len(list(open_source(shards, labels="none"))) == 4
