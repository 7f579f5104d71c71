from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from allaprima.data.doctor import Report, inspect
from allaprima.data.sources import open_source
from allaprima.errors import DataError
from allaprima.images import write_png

Make = Callable[..., Path]


def report_of(path: Path, labels: str = "auto") -> Report:
    return inspect(open_source(path, labels=labels))


def test_a_good_archive_is_ready(make_archive: Make) -> None:
    report = report_of(make_archive(6, labels=[0, 0, 1, 0, 1, 1], class_names=["no", "yes"]))
    assert report.is_ready
    assert (report.num_images, report.sizes, report.modes) == (6, {(6, 4): 6}, {"RGB": 6})
    assert report.labels == {"no": 3, "yes": 3}
    assert (report.exact, report.near, report.broken) == ([], [], [])
    assert report.advice.fields == {"cond": "true"}


def test_a_mixed_folder_is_told_apart(make_folder: Make) -> None:
    root = make_folder(["a.png", "b.png", "c.png", "d.png"], {"c.png": (8, 8, 4), "d.png": (6, 4, 1)})
    (root / "e.png").write_text("broken")
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.new("P", (6, 4)).save(root / "f.png", exif=exif)
    report = report_of(root)
    assert not report.is_ready
    assert report.sizes == {(6, 4): 4, (8, 8): 1}, "f.png is upright"
    assert report.modes == {"RGB": 3, "RGBA": 1, "L": 1}
    assert report.file_modes == {"RGB": 2, "RGBA": 1, "L": 1, "P": 1}
    assert report.rotated == 1
    assert report.alpha == {"none": 4, "soft": 1}
    assert report.colourless == 1
    assert [broken.name for broken in report.broken] == ["e.png"]
    assert report.labels == {}


def test_duplicates_are_grouped(tmp_path: Path) -> None:
    base = np.asarray(Image.effect_mandelbrot((64, 64), (-2, -1.5, 1, 1.5), 40))
    for name, pixels in {
        "a.png": base,
        "b.png": base,
        "c.png": np.clip(base.astype(int) + 2, 0, 255).astype(np.uint8),
        "d.png": base[::-1] // 2,
        "e.png": np.random.RandomState(0).randint(0, 256, (64, 64), dtype=np.uint8),
    }.items():
        write_png(tmp_path / name, pixels)
    report = report_of(tmp_path)
    assert report.exact == [["a.png", "b.png"]]
    assert report.near == [["a.png", "c.png"]]


@pytest.mark.parametrize(("alpha", "use"), [([255, 255], "unused"), ([0, 255], "cut out"), ([9, 255], "soft")])
def test_uses_of_alpha(tmp_path: Path, alpha: list[int], use: str) -> None:
    pixels = np.full((1, 2, 4), 90, np.uint8)
    pixels[0, :, 3] = alpha
    write_png(tmp_path / "a.png", pixels)
    assert report_of(tmp_path).alpha == {use: 1}


def test_label_vectors_are_counted(make_archive: Make) -> None:
    assert report_of(make_archive(2, labels=[[0.5], [1.5]])).labels == {"vector": 2}


def test_incomplete_labels_are_not_ready(make_archive: Make) -> None:
    report = report_of(make_archive(3, labels=[0, 1]))
    assert report.unlabelled == 1
    assert not report.is_ready


def test_nothing_can_be_read(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_text("broken")
    with pytest.raises(DataError, match=r"not one image of .* can be read \(1 are broken\)"):
        report_of(tmp_path)


def test_progress_is_told(make_archive: Make) -> None:
    told: list[tuple[int, int | None]] = []
    inspect(open_source(make_archive(2)), lambda *now: told.append(now))
    assert told == [(1, 2), (2, 2)]
