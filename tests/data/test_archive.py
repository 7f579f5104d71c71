import json
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from allaprima.data import ImageDataset
from allaprima.data.archive import archive_writer
from allaprima.errors import DataError, OutputError


def write(path: Path, images: list[np.ndarray], labels: list[object] | None = None, **options: bool) -> None:
    with archive_writer(path, **options) as archive:
        for i, image in enumerate(images):
            archive.add(image, None if labels is None else labels[i])  # type: ignore[arg-type]
        archive.finish(["no", "yes"])


def test_it_is_the_format_of_the_ecosystem(tmp_path: Path, picture: Callable[..., np.ndarray]) -> None:
    path = tmp_path / "set.zip"
    write(path, [picture(i) for i in range(3)], [0, 1, 1])
    with zipfile.ZipFile(path) as archive:
        assert archive.namelist() == [*(f"00000/img{i:08d}.png" for i in range(3)), "dataset.json"]
        assert {info.compress_type for info in archive.infolist()} == {zipfile.ZIP_STORED}
        content = json.loads(archive.read("dataset.json"))
        pixels_in_the_open = len(archive.read("00000/img00000000.png"))
    assert content == {
        "labels": [[f"00000/img{i:08d}.png", label] for i, label in enumerate([0, 1, 1])],
        "class_names": ["no", "yes"],
    }
    assert pixels_in_the_open > 6 * 4 * 3
    assert ImageDataset(path, use_labels=True).label_table().argmax(1).tolist() == [0, 1, 1]


def test_the_same_images_make_the_same_bytes(tmp_path: Path, picture: Callable[..., np.ndarray]) -> None:
    for name in ("a.zip", "b.zip"):
        write(tmp_path / name, [picture()])
    assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes()


def test_no_labels_is_null(tmp_path: Path, picture: Callable[..., np.ndarray]) -> None:
    write(tmp_path / "a.zip", [picture()])
    assert json.loads(zipfile.ZipFile(tmp_path / "a.zip").read("dataset.json")) == {"labels": None}


def test_labels_for_some_are_refused(tmp_path: Path, picture: Callable[..., np.ndarray]) -> None:
    with pytest.raises(DataError, match="1 of 2 images have no label"):
        write(tmp_path / "a.zip", [picture(), picture()], [0, None])
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_overwritten_unasked(tmp_path: Path, picture: Callable[..., np.ndarray]) -> None:
    path = tmp_path / "a.zip"
    path.write_text("precious")
    with pytest.raises(OutputError, match="exists: choose another name, or --overwrite it"):
        write(path, [picture()])
    assert path.read_text() == "precious"
    write(path, [picture()], overwrite=True)
    assert len(ImageDataset(path)) == 1
    with pytest.raises(OutputError, match="is a folder"):
        write(tmp_path, [picture()])


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_disk_leaves_nothing(
    tmp_path: Path, picture: Callable[..., np.ndarray], monkeypatch: pytest.MonkeyPatch
) -> None:
    real_open = Path.open
    monkeypatch.setattr(
        Path,
        "open",
        lambda self, *a, **k: real_open(Path("/dev/full") if self.name.endswith(".tmp") else self, *a, **k),
    )
    path = tmp_path / "a.zip"
    with pytest.raises(OutputError, match=r"^cannot write .*a.zip: No space left on device$"):
        write(path, [picture(i, 64, 64) for i in range(8)])
    assert list(tmp_path.iterdir()) == []


def test_a_stop_half_way_leaves_nothing(tmp_path: Path, picture: Callable[..., np.ndarray]) -> None:
    with pytest.raises(KeyboardInterrupt), archive_writer(tmp_path / "a.zip") as archive:  # noqa: PT012
        archive.add(picture())
        raise KeyboardInterrupt
    assert list(tmp_path.iterdir()) == []
