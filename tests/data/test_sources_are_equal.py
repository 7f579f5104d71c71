"""Wherever images lie, a training sees the same batches, bit for bit, also from the middle on and by workers."""

import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from allaprima.data import ImageDataset, batches
from allaprima.data.store import open_store

Make = Callable[..., Any]
KINDS = ["folder", "zip", "mapped zip", "tar", "mapped tar", "folder of tars", "braces", "list", "labels in .json"]
KINDS += ["dataset.json within", "http zip", "http tars", "http list", "memory tars", "table", "split", "parquet"]

WITHOUT_NAMES = ["braces", "list", "labels in .json", "http list"]  # shards hold numbers, no words


@pytest.fixture
def archive(make_archive: Make) -> Path:
    return make_archive(11, labels=[i % 3 for i in range(11)], class_names=["ant", "bee", "cow"])


@pytest.fixture
def place(archive: Path, make_shards: Make, make_table: Make, request: pytest.FixtureRequest, tmp_path: Path) -> Make:
    """Puts the archive's images somewhere else, and says how that is written."""

    def put(kind: str) -> str:
        import shutil
        import tarfile
        import zipfile

        if kind in ("zip", "mapped zip"):
            return {"zip": "", "mapped zip": "mmap:"}[kind] + str(archive)
        if kind in ("folder", "dataset.json within"):
            zipfile.ZipFile(archive).extractall(tmp_path / "plain")
            if kind == "folder":
                return str(tmp_path / "plain")
            with tarfile.open(tmp_path / "one.tar", "w") as tar:
                tar.add(tmp_path / "plain", ".")
            return str(tmp_path / "one.tar")
        if kind == "table":
            return str(make_table(archive))
        if kind == "split":
            return f"hf://{make_table(archive, 'test')}@test"
        if kind == "parquet":
            import datasets

            table = datasets.load_from_disk(str(make_table(archive)))
            (tmp_path / "parquet").mkdir()
            table.to_parquet(str(tmp_path / "parquet/0.parquet"))
            return str(tmp_path / "parquet")
        if kind == "http zip":
            return request.getfixturevalue("server").address + "/set.zip"
        shards = make_shards(archive, 11 if kind in ("tar", "mapped tar") else 4, ".json" if "json" in kind else ".cls")
        if kind in ("tar", "mapped tar"):
            return {"tar": "", "mapped tar": "mmap:"}[kind] + str(shards[0])
        if kind == "list":
            (tmp_path / "list.txt").write_text("# mine\nshards/000000.tar\n\n" + "".join(f"{s}\n" for s in shards[1:]))
            return str(tmp_path / "list.txt")
        if kind == "http list":
            (tmp_path / "list.txt").write_text("shards/{000000..000002}.tar\n")
            return request.getfixturevalue("server").address + "/list.txt"
        if kind == "memory tars":
            fsspec = pytest.importorskip("fsspec")
            for shard in shards:
                fsspec.filesystem("memory").pipe(f"/set/{shard.name}", shard.read_bytes())
            shutil.rmtree(tmp_path / "shards")
            return "memory://set/{000000..000002}.tar"
        if kind == "http tars":
            return request.getfixturevalue("server").address + "/shards/{000000..000002}.tar"
        return str(tmp_path / ("shards/{000000..000002}.tar" if kind == "braces" else "shards"))

    return put


def taken(dataset: ImageDataset, count: int, **options: Any) -> list[tuple[torch.Tensor, torch.Tensor]]:
    return list(itertools.islice(batches(dataset, 4, seed=5, **options), count))


@pytest.mark.parametrize("kind", KINDS)
def test_the_batches_are_those_of_the_archive(archive: Path, place: Make, kind: str) -> None:
    options = {"use_labels": True, "mirror": True, "holdout": 1, "seed": 3}
    wanted = taken(ImageDataset(archive, **options), 6)
    dataset = ImageDataset(place(kind), **options)
    assert dataset.class_names == (None if "tar" in kind or kind in WITHOUT_NAMES else ["ant", "bee", "cow"])
    assert (len(dataset), dataset.image_shape, dataset.label_dim) == (22, (3, 6, 4), 3)
    workers = 0 if kind in ("http zip", "http list") else 2  # one kind that starts processes afresh takes long enough
    ways = [taken(dataset, 6), taken(dataset, 6, cache_bytes=0)]
    ways.append(taken(dataset, 2) + taken(dataset, 4, start=8, cache_bytes=0, workers=workers))
    for way in ways:
        for (images, labels), (wanted_images, wanted_labels) in zip(way, wanted, strict=True):
            assert torch.equal(images, wanted_images)
            assert torch.equal(labels, wanted_labels)


@pytest.mark.parametrize("kind", KINDS)
def test_fingerprints_are_of_the_images(archive: Path, place: Make, make_archive: Make, kind: str) -> None:
    source = place(kind)
    prints = [ImageDataset(source, use_labels=labels).fingerprint() for labels in (True, True, False)]
    assert prints[0] == prints[1] != prints[2]
    assert ImageDataset(source, max_images=9, seed=1).fingerprint() != prints[2]
    if kind in ("folder", "zip", "mapped zip", "http zip"):
        assert prints[0] == ImageDataset(archive, use_labels=True).fingerprint()


@pytest.mark.parametrize("kind", ["tar", "http zip", "table"])
def test_a_store_gives_files_and_their_checksums(archive: Path, place: Make, kind: str) -> None:
    store, wanted = open_store(place(kind)), open_store(archive)
    images = [name for name in wanted.names() if name.endswith(".png")]
    for name, known in zip(store.names(), images, strict=False):
        assert store.read(name) == wanted.read(known)
        assert store.checksum(name) == wanted.checksum(known)
