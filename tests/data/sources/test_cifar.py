import io
import pickle
import tarfile
from pathlib import Path

import numpy as np
import pytest

from allaprima.data.sources import open_source
from allaprima.errors import DataError
from allaprima.images.png import to_array

PIXELS = np.random.RandomState(0).randint(0, 256, (6, 3, 32, 32), dtype=np.uint8)
LABELS = [3, 1, 4, 1, 5, 9]
CLASSES = [f"class{i}" for i in range(10)]


def python_version() -> dict[str, bytes]:
    files = {"cifar-10-batches-py/batches.meta": pickle.dumps({b"label_names": [name.encode() for name in CLASSES]}, 2)}
    for part, rows in (("data_batch_1", slice(0, 2)), ("data_batch_2", slice(2, 5)), ("test_batch", slice(5, 6))):
        content = {b"data": PIXELS[rows].reshape(-1, 3072), b"labels": LABELS[rows], b"batch_label": b"x"}
        files[f"cifar-10-batches-py/{part}"] = pickle.dumps(content, 2)
    return files


def binary_version() -> dict[str, bytes]:
    rows = np.concatenate([np.array(LABELS, np.uint8)[:, None], PIXELS.reshape(6, -1)], 1)
    return {
        "cifar-10-batches-bin/batches.meta.txt": "\n".join(CLASSES).encode() + b"\n\n",
        "cifar-10-batches-bin/data_batch_1.bin": rows[:2].tobytes(),
        "cifar-10-batches-bin/data_batch_2.bin": rows[2:5].tobytes(),
        "cifar-10-batches-bin/test_batch.bin": rows[5:].tobytes(),
    }


def unpacked(files: dict[str, bytes], root: Path) -> Path:
    for name, data in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(data)
    return root / next(iter(files)).split("/")[0]


def packed(files: dict[str, bytes], path: Path) -> Path:
    with tarfile.open(path, "w:gz") as archive:
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return path


@pytest.mark.parametrize("version", [python_version, binary_version])
@pytest.mark.parametrize("form", ["folder", "tar.gz"])
def test_the_training_part_is_read(version: object, form: str, tmp_path: Path) -> None:
    files = version()  # type: ignore[operator]
    source = open_source(unpacked(files, tmp_path) if form == "folder" else packed(files, tmp_path / "cifar.tar.gz"))
    assert (source.kind, source.count, source.class_names) == ("CIFAR", 5, CLASSES)
    for i, item in enumerate(source):
        assert np.array_equal(to_array(item.read()).transpose(2, 0, 1), PIXELS[i])
        assert item.label == LABELS[i]


def test_one_batch_alone(tmp_path: Path) -> None:
    root = unpacked(binary_version(), tmp_path)
    assert [item.label for item in open_source(root / "test_batch.bin")] == [9]


def test_the_fine_labels_of_cifar_100(tmp_path: Path) -> None:
    rows = np.concatenate([np.array([[7, 42], [8, 43]], np.uint8), PIXELS[:2].reshape(2, -1)], 1)
    files = {"c/train.bin": rows.tobytes(), "c/fine_label_names.txt": b"a\nb\n"}
    assert [item.label for item in open_source(unpacked(files, tmp_path / "binary"))] == [42, 43]
    content = {"data": PIXELS[:2].reshape(2, -1), "fine_labels": [42, 43], "coarse_labels": [7, 8]}
    files = {"c/train": pickle.dumps(content, 2), "c/meta": pickle.dumps({"fine_label_names": ["a", "b"]}, 2)}
    source = open_source(unpacked(files, tmp_path / "python"))
    assert [item.label for item in source] == [42, 43]
    assert source.class_names == ["a", "b"]


def test_an_evil_pickle_does_nothing(tmp_path: Path) -> None:
    class Evil:
        def __reduce__(self) -> tuple[object, tuple[str]]:
            return eval, (f"__import__('pathlib').Path({str(tmp_path / 'owned')!r}).touch()",)

    files = {"c/data_batch_1": pickle.dumps({b"data": Evil(), b"labels": []}, 2)}
    with pytest.raises(DataError, match=r"data_batch_1 is not a pickle that can be read safely: it names .*eval"):
        open_source(unpacked(files, tmp_path))
    assert not (tmp_path / "owned").exists()


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "not a pickle that can be read safely"),
        (pickle.dumps([1, 2], 2), "holds a list, where a dictionary"),
        (pickle.dumps({b"labels": [1]}, 2), "needs 'data' and 'labels'"),
        (pickle.dumps({b"data": PIXELS[:1].reshape(1, -1), b"labels": [-1]}, 2), "needs 'data' and 'labels'"),
        (pickle.dumps({b"data": PIXELS[:1].reshape(1, -1), b"labels": [1, 2]}, 2), "not a batch of CIFAR"),
        (pickle.dumps({b"data": np.zeros((1, 3072)), b"labels": [1]}, 2), "not unsigned bytes"),
        (python_version()["cifar-10-batches-py/data_batch_1"][:-500], "not a pickle that can be read safely"),
    ],
)
def test_pickles_of_something_else(data: bytes, message: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=message):
        open_source(unpacked({"c/data_batch_1": data}, tmp_path))


def test_a_binary_batch_cut_short(tmp_path: Path) -> None:
    files = binary_version()
    files["cifar-10-batches-bin/data_batch_2.bin"] = files["cifar-10-batches-bin/data_batch_2.bin"][:-5]
    with pytest.raises(DataError, match="bytes are no number of whole rows"):
        open_source(unpacked(files, tmp_path))
