from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from allaprima.data import ImageDataset
from allaprima.data.convert import ConvertOptions, ConvertReport, Skipped, convert
from allaprima.data.sources import open_source
from allaprima.errors import DataError, OutputError
from allaprima.images.png import read_image, to_array

Make = Callable[..., Path]
NAMES = [f"{i}.png" for i in range(6)]


def converted(source: Path, out: Path, labels: str = "auto", **options: object) -> ConvertReport:
    return convert(open_source(source, labels=labels), out, ConvertOptions(**options))  # type: ignore[arg-type]


def test_images_that_agree_are_kept_as_they_are(make_folder: Make, tmp_path: Path) -> None:
    root = make_folder(NAMES)
    report = converted(root, tmp_path / "out.zip")
    assert (report.num_images, report.shape, report.num_classes, report.skipped) == (6, (3, 6, 4), 0, [])
    images = ImageDataset(report.path).load_all()[0]
    for name, image in zip(NAMES, images, strict=True):
        assert np.array_equal(image.permute(1, 2, 0).numpy(), to_array(read_image(root / name)))


def test_an_archive_of_an_archive_is_the_same(make_archive: Make, tmp_path: Path) -> None:
    path = make_archive(4, labels=[1, 0, 1, 1], class_names=["a", "b"])
    converted(path, tmp_path / "first.zip")
    converted(tmp_path / "first.zip", tmp_path / "second.zip")
    assert (tmp_path / "first.zip").read_bytes() == (tmp_path / "second.zip").read_bytes()
    assert ImageDataset(path, use_labels=True).class_names == ["a", "b"]


def test_broken_files_are_skipped_and_listed(make_folder: Make, tmp_path: Path) -> None:
    root = make_folder(NAMES)
    (root / "2.png").write_bytes((root / "2.png").read_bytes()[:60])
    (root / "4.png").write_text("no image")
    report = converted(root, tmp_path / "out.zip")
    assert report.num_images == 4
    assert [skipped.name for skipped in report.skipped] == ["2.png", "4.png"]
    assert report.skipped[1] == Skipped("4.png", "4.png is not an image that can be read")


def test_nothing_but_broken_files(make_folder: Make, tmp_path: Path) -> None:
    root = make_folder(["a.png"])
    (root / "a.png").write_text("no image")
    with pytest.raises(DataError, match=r"not one image .* could be used \(a.png: "):
        converted(root, tmp_path / "out.zip")
    assert not (tmp_path / "out.zip").exists()


def test_sizes_that_differ_are_refused_with_the_commonest(make_folder: Make, tmp_path: Path) -> None:
    root = make_folder(NAMES, {"3.png": (9, 4, 3), "4.png": (9, 4, 3), "5.png": (7, 7, 3)})
    with pytest.raises(DataError) as caught:
        converted(root, tmp_path / "out.zip")
    assert str(caught.value) == (
        f"the images of {root} do not agree in size (height×width: 3 are 6×4, 2 are 9×4, 1 are 7×7): "
        "give --size N, or --height and --width, to settle it"
    )
    assert not (tmp_path / "out.zip").exists()
    assert converted(root, tmp_path / "out.zip", height=8, width=5).shape == (3, 8, 5)


@pytest.mark.parametrize(("other", "flag"), [(1, 3), (4, 4), (2, 4)])
def test_modes_that_differ_are_refused_with_the_flag(make_folder: Make, tmp_path: Path, other: int, flag: int) -> None:
    root = make_folder(NAMES, {"3.png": (6, 4, other)})
    with pytest.raises(
        DataError, match=rf"do not agree in mode \(5 are RGB, 1 are .*\): give --channels {flag} to settle"
    ):
        converted(root, tmp_path / "out.zip")
    assert converted(root, tmp_path / "out.zip", channels=flag).shape == (flag, 6, 4)


def test_a_difference_far_back_is_still_told(
    make_folder: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("allaprima.data.convert.SURVEYED", 2)
    with pytest.raises(DataError, match="5 are 6×4, 1 are 7×7"):
        converted(make_folder(NAMES, {"5.png": (7, 7, 3)}), tmp_path / "out.zip")


def test_tiles_need_no_agreement(make_folder: Make, tmp_path: Path) -> None:
    root = make_folder(["a.png", "b.png", "c.png"], {"a.png": (8, 8, 3), "b.png": (4, 9, 3), "c.png": (3, 3, 3)})
    report = converted(root, tmp_path / "out.zip", height=4, width=4, fit="tile")
    assert report.num_images == 4 + 2
    assert report.skipped == [Skipped("c.png", "3×3 is smaller than a tile of 4×4")]


def test_at_most_so_many_evenly_spread(make_folder: Make, tmp_path: Path) -> None:
    root = make_folder(NAMES)
    report = converted(root, tmp_path / "out.zip", max_images=3)
    images = ImageDataset(report.path).load_all()[0]
    for i, image in zip((1, 3, 5), images, strict=True):
        assert np.array_equal(image.permute(1, 2, 0).numpy(), to_array(read_image(root / f"{i}.png")))
    assert converted(root, tmp_path / "more.zip", max_images=99).num_images == 6


def test_labels_from_folders_reach_the_archive(make_folder: Make, tmp_path: Path) -> None:
    report = converted(make_folder(["cat/1.png", "cat/2.png", "ape/3.png"]), tmp_path / "out.zip", labels="folders")
    assert report.num_classes == 2
    dataset = ImageDataset(report.path, use_labels=True)
    assert dataset.class_names == ["ape", "cat"]
    assert dataset.label_table().argmax(1).tolist() == [0, 1, 1]


def test_progress_is_told(make_folder: Make, tmp_path: Path) -> None:
    told: list[tuple[int, int | None]] = []
    source = open_source(make_folder(NAMES))
    convert(source, tmp_path / "out.zip", ConvertOptions(max_images=2), lambda *now: told.append(now))
    assert told == [(1, 2), (2, 2)]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"height": 0, "width": 3}, "height is 0"),
        ({"height": 5}, "--height and --width go together"),
        ({"channels": 5}, "channels is 5"),
        ({"fit": "tile"}, "--fit tile needs the size"),
        ({"max_images": 0}, "max_images is 0"),
    ],
)
def test_options_that_cannot_work(options: dict[str, object], message: str) -> None:
    with pytest.raises(DataError, match=message):
        ConvertOptions(**options)  # type: ignore[arg-type]


def test_existing_archives_are_kept(make_folder: Make, tmp_path: Path) -> None:
    root = make_folder(NAMES)
    converted(root, tmp_path / "out.zip")
    with pytest.raises(OutputError, match="exists"):
        converted(root, tmp_path / "out.zip")
    assert converted(tmp_path / "out.zip", tmp_path / "out.zip", overwrite=True, height=3, width=3).shape == (3, 3, 3)
