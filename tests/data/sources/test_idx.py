import gzip
import struct
from pathlib import Path

import numpy as np
import pytest

from allaprima.data.sources import open_source
from allaprima.data.sources.idx import read_idx
from allaprima.errors import DataError
from allaprima.images.png import to_array

PIXELS = np.random.RandomState(0).randint(0, 256, (4, 5, 3), dtype=np.uint8)


def idx(values: np.ndarray) -> bytes:
    return struct.pack(f">BBBB{values.ndim}I", 0, 0, 8, values.ndim, *values.shape) + values.tobytes()


@pytest.fixture(params=[False, True], ids=["plain", "gzipped"])
def mnist(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    for part, count in (("t10k", 2), ("train", 4)):
        for kind, values in (("images-idx3", PIXELS[:count]), ("labels-idx1", np.arange(count, dtype=np.uint8))):
            data, name = idx(values), f"{part}-{kind}-ubyte"
            (tmp_path / (f"{name}.gz" if request.param else name)).write_bytes(
                gzip.compress(data) if request.param else data
            )
    return tmp_path


def test_a_folder_is_its_training_part(mnist: Path) -> None:
    source = open_source(mnist)
    assert source.count == 4
    for i, item in enumerate(source):
        assert np.array_equal(to_array(item.read())[..., 0], PIXELS[i])
        assert item.label == i


def test_one_file_finds_its_labels(mnist: Path) -> None:
    (path,) = mnist.glob("t10k-images*")
    assert [item.label for item in open_source(path)] == [0, 1]
    assert [item.label for item in open_source(path, labels="none")] == [None, None]
    with pytest.raises(DataError, match="brings its own labels"):
        open_source(path, labels="folders")


def test_colours_come_last(tmp_path: Path) -> None:
    colours = np.random.RandomState(1).randint(0, 256, (2, 4, 5, 3), dtype=np.uint8)
    (tmp_path / "colour-idx4").write_bytes(idx(colours))
    assert np.array_equal(to_array(list(open_source(tmp_path / "colour-idx4"))[1].read()), colours[1])


def test_files_cut_short(tmp_path: Path) -> None:
    path = tmp_path / "train-images-idx3-ubyte"
    path.write_bytes(idx(PIXELS)[:-1])
    with pytest.raises(DataError, match=r"cut short: its head promises \[4, 5, 3\], but 59 bytes"):
        open_source(path)
    path.write_bytes(gzip.compress(idx(PIXELS))[:-12])
    with pytest.raises(DataError, match="cannot be read"):
        open_source(path)
    path.write_bytes(b"\0\0\x0d\x03")
    with pytest.raises(DataError, match="not an idx file of unsigned bytes"):
        read_idx(path)


def test_numbers_that_differ(tmp_path: Path) -> None:
    (tmp_path / "train-images-idx3-ubyte").write_bytes(idx(PIXELS))
    (tmp_path / "train-labels-idx1-ubyte").write_bytes(idx(np.zeros(3, np.uint8)))
    with pytest.raises(DataError, match="holds 4 images, but train-labels-idx1-ubyte 3 labels"):
        open_source(tmp_path)
