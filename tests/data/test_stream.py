import itertools
import os
import sys
import tarfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from allaprima.data import ImageDataset, StreamDataset, batches, open_images
from allaprima.data import streaming as streaming_module
from allaprima.data.stores import tar_stream
from allaprima.data.stream import SAMPLED
from allaprima.data.streaming import Share, share_of
from allaprima.errors import DataError

Make = Callable[..., Any]


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streaming_module, "BUFFER", 5)
    monkeypatch.setattr(tar_stream, "DELAYS", (0.0,))


@pytest.fixture
def archive(make_archive: Make) -> Path:
    return make_archive(12, labels=[i % 3 for i in range(12)])


@pytest.fixture
def source(archive: Path, make_shards: Make) -> str:
    return f"pipe:cat {make_shards(archive, 2)[0].parent}/{{000000..000005}}.tar"


def taken(dataset: ImageDataset, count: int, size: int = 4, **options: Any) -> list[tuple[torch.Tensor, torch.Tensor]]:
    return list(itertools.islice(batches(dataset, size, **({"seed": 5} | options)), count))


def rows(dataset: ImageDataset, got: list[tuple[torch.Tensor, torch.Tensor]]) -> list[int]:
    """Which images of an archive they are."""
    known = {image.numpy().tobytes(): row for row, image in enumerate(dataset.load_all()[0])}
    return [known[image.numpy().tobytes()] for images, _ in got for image in images]


def test_a_stream_looks_like_a_dataset(archive: Path, source: str) -> None:
    dataset, wanted = open_images(source, use_labels=True, holdout=1), ImageDataset(archive, use_labels=True)
    assert isinstance(dataset, StreamDataset)
    assert (dataset.image_shape, dataset.label_dim, len(dataset)) == (wanted.image_shape, 3, 12)
    assert torch.equal(dataset.load_all()[0], wanted.load_all()[0])
    assert torch.equal(dataset.label_table(), wanted.label_table())
    assert not isinstance(open_images(archive), StreamDataset)


@pytest.mark.parametrize("workers", [0, 2])
def test_every_image_comes_with_its_label(archive: Path, source: str, workers: int) -> None:
    got = taken(StreamDataset(source, use_labels=True), 12, workers=workers)
    found = rows(ImageDataset(archive), got)
    assert set(found) == set(range(12))
    labels = torch.cat([labels for _, labels in got])
    assert labels.argmax(1).tolist() == [row % 3 for row in found]
    assert labels.sum(1).eq(1).all()


@pytest.mark.parametrize("workers", [0, 2])
def test_the_order_is_a_function_of_its_numbers(source: str, workers: int) -> None:
    dataset = StreamDataset(source)
    first, again = (taken(dataset, 4, workers=workers) for _ in range(2))
    assert all(torch.equal(a, b) for (a, _), (b, _) in zip(first, again, strict=True))
    for other in (taken(dataset, 4, workers=workers, start=4), taken(dataset, 4, workers=workers, seed=6)):
        assert any(not torch.equal(a, b) for (a, _), (b, _) in zip(first, other, strict=True))


def test_readers_share_the_shards() -> None:
    shares = [share_of(seed=1, start=64 + 8 * rank, stride=32, batch_size=8) for rank in range(4)]
    assert [(share.reader, share.readers, share.begun) for share in shares] == [(r, 4, 2) for r in range(4)]
    workers = [share.of_worker(worker, 2) for share in shares for worker in range(2)]
    for epoch in range(3):
        parts = [worker.shards(20, epoch) for worker in workers]
        assert sorted(itertools.chain(*parts)) == list(range(20))
        assert all(parts)
    assert workers[0].shards(20, 0) != workers[0].shards(20, 1)


def test_readers_without_a_shard_of_their_own_read_all() -> None:
    shares = [Share(1, 0, reader, 4) for reader in range(4)]
    assert all(sorted(share.shards(3, 0)) == [0, 1, 2] for share in shares)


def test_processes_and_workers_get_different_images(
    archive: Path, source: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streaming_module, "BUFFER", 1)
    dataset, known = StreamDataset(source), ImageDataset(archive)
    halves = [rows(known, taken(dataset, 1, size=6, start=6 * rank, stride=12)) for rank in range(2)]
    assert sorted(halves[0] + halves[1]) == list(range(12))
    assert sorted(rows(known, taken(dataset, 2, size=6, workers=2))) == list(range(12))


def test_flips_are_of_chance(archive: Path, source: str) -> None:
    images = torch.cat([i for i, _ in taken(StreamDataset(source, mirror=True), 20)])
    plain = {image.numpy().tobytes() for image in ImageDataset(archive).load_all()[0]}
    share = sum(image.numpy().tobytes() in plain for image in images) / len(images)
    assert 0.25 < share < 0.75


def test_what_is_held_out_never_comes(make_archive: Make, make_shards: Make) -> None:
    archive = make_archive(40, name="forty.zip")
    dataset = StreamDataset(f"pipe:cat {make_shards(archive, 10)[0].parent}/{{000000..000003}}.tar", holdout=2)
    apart = set(rows(ImageDataset(archive), [dataset.held_out()]))
    assert len(apart) == 2
    assert set(rows(ImageDataset(archive), taken(dataset, 30))) == set(range(40)) - apart


def test_a_stream_that_gives_nothing_ends(source: str) -> None:
    dataset = StreamDataset(source)
    dataset.apart = set(dataset.names)
    with pytest.raises(DataError, match=r"gave no image in 5 epochs$"):
        taken(dataset, 1)


def test_one_empty_shard_does_no_harm(source: str, archive: Path, tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "shards/000000.tar", "w"):
        pass
    dataset = StreamDataset(source)
    assert len(dataset) == 10
    assert set(rows(ImageDataset(archive), taken(dataset, 12, start=4, stride=24))) == set(range(2, 12))


def test_nobody_is_left_running_when_nobody_reads(tmp_path: Path, make_archive: Make, make_shards: Make) -> None:
    shard = make_shards(make_archive(60), 60)[0]
    command = f"sh -c 'echo $$ > {tmp_path}/id; cat {shard}; exec sleep 20'"
    stream = tar_stream.samples(command, 0)
    next(stream)
    begun = time.monotonic()
    stream.close()
    assert time.monotonic() - begun < 10
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "id").read_text()), 0)


def test_fingerprints_are_of_the_commands(source: str) -> None:
    assert StreamDataset(source).fingerprint() == StreamDataset(source).fingerprint()
    assert StreamDataset(source).fingerprint() != StreamDataset(source, use_labels=True).fingerprint()
    assert StreamDataset(source).fingerprint() != StreamDataset(source.replace("5}", "4}")).fingerprint()


def test_no_shell_reads_the_command(source: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"^the command .* ended with status 1: cat: .*made: No such file"):
        StreamDataset(source.replace("{000000..000005}", "000000") + f" ; touch {tmp_path}/made")
    assert not (tmp_path / "made").exists()


def test_compressed_shards_can_be_streamed(archive: Path, make_shards: Make) -> None:
    shard = make_shards(archive, 12)[0]
    assert len(StreamDataset(f"pipe:gzip -c {shard}")) == 12
    assert len(StreamDataset(f"pipe:sh -c 'gzip -c {shard} | cat'")) == 12


@pytest.mark.parametrize(
    ("command", "message"),
    [
        ("no-such-program x", "cannot be run: .*No such file"),
        ("cat 'x", "cannot be run: No closing quotation"),
        ("", "cannot be run"),
        ("cat /no/such/file", "ended with status 1: cat: /no/such/file: No such file"),
        ("echo hello", "writes is no complete tar archive"),
        ("true", "writes is no complete tar archive"),
        ("head -c 1500 SHARD", "writes is no complete tar archive"),
        ("yes", "writes is no complete tar archive"),
        ("sh -c 'cat SHARD; echo full disk >&2; exit 3'", "ended with status 3: full disk"),
    ],
)
def test_a_command_that_fails_is_one_sentence(archive: Path, make_shards: Make, command: str, message: str) -> None:
    command = command.replace("SHARD", str(make_shards(archive, 12)[0]))
    with pytest.raises(DataError, match=rf"^[^\n]*{message}[^\n]*$"):
        StreamDataset(f"pipe:{command}")


FLAKY = """
import pathlib, sys
shard, mark = map(pathlib.Path, sys.argv[1:])
content = shard.read_bytes()
if mark.exists():
    sys.stdout.buffer.write(content)
else:
    mark.touch()
    sys.stdout.buffer.write(content[: len(content) // 2])
    sys.exit("gone away")
"""


def test_a_command_that_breaks_off_goes_on_where_it_was(archive: Path, make_shards: Make, tmp_path: Path) -> None:
    (tmp_path / "flaky.py").write_text(FLAKY)
    shard = make_shards(archive, 12)[0]
    dataset = StreamDataset(f"pipe:{sys.executable} {tmp_path}/flaky.py {shard} {tmp_path}/mark")
    assert (tmp_path / "mark").exists()
    assert torch.equal(dataset.load_all()[0], ImageDataset(archive).load_all()[0])
    (tmp_path / "mark").unlink()
    names = [sample.name for sample in tar_stream.samples(dataset.shards[0], 0)]
    assert names == list(dataset.names)  # none twice


@pytest.mark.parametrize("workers", [0, 1])
def test_a_label_that_the_first_images_did_not_have(make_archive: Make, make_shards: Make, workers: int) -> None:
    few = make_shards(make_archive(SAMPLED, labels=[0] * SAMPLED, name="few.zip"), SAMPLED)[0]
    new = make_shards(make_archive(1, labels=[1], name="new.zip"), folder="new")[0]
    dataset = StreamDataset(f"pipe:cat {{{few},{new}}}", use_labels=True)
    assert (len(dataset), dataset.label_dim) == (SAMPLED, 1)
    with pytest.raises(DataError, match=r"the label of 000001/.* is 1, but those of the first images are 1 classes"):
        taken(dataset, 600, workers=workers)


def test_elsewhere_a_stream_is_refused(source: str) -> None:
    with pytest.raises(DataError, match="is a stream, which only a training can read: give a folder of images"):
        ImageDataset(source)
