import json
import os
import pickle
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from allaprima.data import ImageDataset
from allaprima.data.dataset import describe_shape, name_of
from allaprima.errors import DataError
from allaprima.images import encode_png

Make = Callable[..., Path]


def test_an_archive_gives_its_images_in_order(make_archive: Make, picture: Callable[..., np.ndarray]) -> None:
    dataset = ImageDataset(make_archive(5, channels=4))
    assert (dataset.name, dataset.image_shape, len(dataset)) == ("set", (4, 6, 4), 5)
    assert (dataset.num_channels, dataset.height, dataset.width) == (4, 6, 4)
    for i in range(5):
        image, label = dataset[i]
        assert np.array_equal(image.permute(1, 2, 0).numpy(), picture(i, channels=4))
        assert label.shape == (0,)
    images, labels = dataset.load_all()
    assert torch.equal(images, torch.stack([dataset[i][0] for i in range(5)]))
    assert labels.shape == (5, 0)


def test_mirrored_items_come_after_the_others(make_archive: Make) -> None:
    dataset = ImageDataset(make_archive(3, labels=[0, 1, 2]), use_labels=True, mirror=True)
    assert len(dataset) == 6
    for i in range(3):
        assert torch.equal(dataset[i + 3][0], dataset[i][0].flip(2))
        assert torch.equal(dataset[i + 3][1], dataset[i][1])
    assert len(dataset.load_all()[0]) == len(dataset.label_table()) == 3
    with pytest.raises(IndexError):
        dataset[6]


def test_a_folder_and_its_archive_are_the_same(make_archive: Make, tmp_path: Path) -> None:
    archive = make_archive(4, labels=[1, 0, 2, 1])
    zipfile.ZipFile(archive).extractall(tmp_path / "folder")
    packed, unpacked = (ImageDataset(path, use_labels=True) for path in (archive, tmp_path / "folder"))
    assert packed.names == unpacked.names
    assert torch.equal(packed.load_all()[0], unpacked.load_all()[0])
    assert torch.equal(packed.label_table(), unpacked.label_table())
    assert packed.fingerprint() == unpacked.fingerprint()


def test_fingerprints_tell_content_and_labels(make_archive: Make) -> None:
    prints = {
        ImageDataset(make_archive(4, labels=labels, channels=channels, name=f"{i}.zip"), use_labels=True).fingerprint()
        for i, (labels, channels) in enumerate([([0, 1, 0, 1], 3), ([0, 1, 1, 1], 3), ([0, 1, 0, 1], 1)])
    }
    assert len(prints) == 3


def test_class_numbers_become_one_hot(make_archive: Make) -> None:
    path = make_archive(3, labels=[2, 0, 4], class_names=["a", "b", "c", "d", "e"])
    dataset = ImageDataset(path, use_labels=True)
    assert dataset.label_dim == 5
    assert dataset.label_table().argmax(1).tolist() == [2, 0, 4]
    assert dataset.label_table().sum(1).tolist() == [1, 1, 1]
    assert dataset.class_names == ["a", "b", "c", "d", "e"]


def test_label_vectors_stay_as_they_are(make_archive: Make) -> None:
    dataset = ImageDataset(make_archive(2, labels=[[0.5, -1], [2, 3]]), use_labels=True)
    assert dataset[0][1].tolist() == [0.5, -1]
    assert dataset.label_table().dtype == torch.float32


def test_labels_are_there_but_not_used(make_archive: Make) -> None:
    dataset = ImageDataset(make_archive(2, labels=[0, 1]))
    assert dataset.has_labels
    assert dataset.label_dim == 0
    assert not ImageDataset(make_archive(2)).has_labels


def test_a_subset_is_that_of_the_reference_tools(make_archive: Make) -> None:
    dataset = ImageDataset(make_archive(20, labels=range(20)), use_labels=True, max_images=7, seed=3)
    order = np.arange(20)
    np.random.RandomState(3).shuffle(order)
    assert dataset.label_table().argmax(1).tolist() == sorted(order[:7].tolist())
    assert dataset.label_dim == 20
    with pytest.raises(DataError, match="max_images is 0"):
        ImageDataset(dataset.path, max_images=0)


def test_pickling_drops_the_open_file(make_archive: Make) -> None:
    dataset = ImageDataset(make_archive(2))
    dataset[0]
    copy = pickle.loads(pickle.dumps(dataset))
    assert copy._store._archive is None
    assert torch.equal(copy[1][0], dataset[1][0])


@pytest.mark.skipif(not hasattr(os, "fork"), reason="only where there is fork")
def test_forked_processes_do_not_disturb_one_another(make_archive: Make) -> None:
    dataset = ImageDataset(make_archive(20))
    wanted = dataset.load_all()[0]
    children = []
    for _ in range(3):
        if (child := os.fork()) == 0:
            same = all(torch.equal(dataset.load_all()[0], wanted) for _ in range(20))
            os._exit(0 if same else 1)
        children.append(child)
    assert all(torch.equal(dataset.load_all()[0], wanted) for _ in range(20))
    assert [os.waitpid(child, 0)[1] for child in children] == [0, 0, 0]


def test_hidden_files_and_other_files_are_no_images(make_folder: Make) -> None:
    root = make_folder(["b.png", "a/c.png", ".hidden.png"])
    (root / "notes.txt").write_text("hello")
    assert ImageDataset(root).names == ["a/c.png", "b.png"]


def test_bad_paths(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "text.zip").write_text("this is no archive")
    for name, message in [
        ("gone", "does not exist"),
        ("empty", "holds no image"),
        ("text.zip", "neither a folder nor a complete ZIP"),
    ]:
        with pytest.raises(DataError, match=message):
            ImageDataset(tmp_path / name)


def test_a_truncated_archive_is_refused(make_archive: Make) -> None:
    path = make_archive()
    path.write_bytes(path.read_bytes()[:-30])
    with pytest.raises(DataError, match="neither a folder nor a complete ZIP"):
        ImageDataset(path)


def test_a_flipped_byte_names_the_image(make_archive: Make) -> None:
    path = make_archive(2)
    with zipfile.ZipFile(path) as archive:
        offset = archive.getinfo("00000/img00000001.png").header_offset + 80
    data = bytearray(path.read_bytes())
    data[offset] ^= 255
    path.write_bytes(data)
    with pytest.raises(DataError, match=r"img00000001.png in .*set.zip cannot be read: .*CRC"):
        ImageDataset(path)[1]


@pytest.mark.parametrize(("shape", "said"), [((5, 4, 3), "5×4 RGB"), ((6, 4, 1), "6×4 L")])
def test_a_mismatch_names_the_image(make_folder: Make, shape: tuple[int, int, int], said: str) -> None:
    dataset = ImageDataset(make_folder(["a.png", "b.png"], {"b.png": shape}))
    with pytest.raises(DataError, match=f"^b.png in .* is {said}, but a.png is 6×4 RGB: .*'allaprima dataset'$"):
        dataset.load_all()


def test_labels_wanted_but_missing(make_archive: Make) -> None:
    with pytest.raises(DataError, match="has no labels"):
        ImageDataset(make_archive(2), use_labels=True)
    with pytest.raises(DataError, match=r"has no label for 00000/img00000002.png"):
        ImageDataset(make_archive(3, labels=[0, 1]), use_labels=True)


def test_labels_of_missing_images(make_archive: Make, tmp_path: Path) -> None:
    path = tmp_path / "wrong.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.png", encode_png(np.zeros((2, 2, 3), np.uint8)))
        archive.writestr("dataset.json", json.dumps({"labels": [["a.png", 0], ["gone.png", 1]]}))
    with pytest.raises(DataError, match=r"labels gone.png, which is not there"):
        ImageDataset(path, use_labels=True)


def test_shapes_in_words() -> None:
    assert describe_shape((4, 128, 64)) == "128×64 RGBA"


def test_labels_that_would_fill_the_memory_are_one_sentence(make_archive: Make) -> None:
    dataset = ImageDataset(make_archive(3, labels=[0, 1, 2**31 - 1]), use_labels=True)
    with pytest.raises(DataError, match=r"would take 26 GB \(3 images, vectors of 2147483648\): train without them"):
        dataset.label_table()


def test_names_of_datasets() -> None:
    for source, name in [("https://a/b/c.zip?x=1", "c"), ("s3://a/set/{0..9}.tar", "set"), ("hf://who/what", "what")]:
        assert name_of(source) == name
