import itertools
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import Tensor

from allaprima.data import ImageDataset, batches, sample_indices
from allaprima.errors import DataError

Make = Callable[..., Path]
WAYS = [{"workers": 0}, {"workers": 0, "cache_bytes": 0}, {"workers": 2, "cache_bytes": 0}]
"""From memory, decoded here, decoded by two processes."""


def first(dataset: ImageDataset, count: int, **options: int) -> list[tuple[Tensor, Tensor]]:
    return list(itertools.islice(batches(dataset, 4, **({"seed": 5} | options)), count))


def equal(a: list[tuple[Tensor, Tensor]], b: list[tuple[Tensor, Tensor]]) -> bool:
    return len(a) == len(b) and all(
        torch.equal(x, y) for p, q in zip(a, b, strict=True) for x, y in zip(p, q, strict=True)
    )


@pytest.fixture
def dataset(make_archive: Make) -> ImageDataset:
    return ImageDataset(make_archive(7, labels=[0, 1, 2, 0, 1, 2, 0]), use_labels=True, mirror=True)


@pytest.mark.parametrize("way", WAYS)
def test_batches_are_the_items_in_their_order(dataset: ImageDataset, way: dict[str, int]) -> None:
    got = first(dataset, 5, **way)
    for k, (images, labels) in enumerate(got):
        items = [dataset[i] for i in sample_indices(14, 5, 4 * k, 4).tolist()]
        assert torch.equal(images, torch.stack([image for image, _ in items]))
        assert torch.equal(labels, torch.stack([label for _, label in items]))


@pytest.mark.parametrize("way", WAYS)
def test_starting_later_gives_the_tail(dataset: ImageDataset, way: dict[str, int]) -> None:
    assert equal(first(dataset, 3, start=8, **way), first(dataset, 5)[2:])


def test_processes_share_the_order(dataset: ImageDataset) -> None:
    whole = list(itertools.islice(batches(dataset, 8, seed=5), 2))
    ranks = [first(dataset, 2, start=4 * rank, stride=8) for rank in range(2)]
    for step in range(2):
        assert torch.equal(torch.cat([rank[step][0] for rank in ranks]), whole[step][0])


@pytest.mark.parametrize("way", WAYS)
def test_the_global_random_state_is_left_alone(dataset: ImageDataset, way: dict[str, int]) -> None:
    before = torch.random.get_rng_state()
    first(dataset, 1, **way)
    assert torch.equal(torch.random.get_rng_state(), before)


def test_the_cache_is_not_handed_out(dataset: ImageDataset) -> None:
    stream = batches(dataset, 14, seed=0)
    next(stream)[0].zero_()
    assert next(stream)[0].any()


@pytest.mark.parametrize("way", WAYS)
def test_a_mismatch_is_one_sentence_wherever_it_is_found(make_folder: Make, way: dict[str, int]) -> None:
    dataset = ImageDataset(make_folder(["a.png", "b.png"], {"b.png": (3, 3, 3)}))
    with pytest.raises(DataError, match=r"^b.png in [^\n]* is 3×3 RGB[^\n]*$"):
        first(dataset, 1, **way)


GROUP = """
import signal, sys
from allaprima.data import ImageDataset, batches
stop = []
signal.signal(signal.SIGTERM, lambda *_: stop.append(1))
source = batches(ImageDataset(sys.argv[1]), 2, seed=0, workers=2, cache_bytes=0)
next(source), next(source)  # one from each worker: both are at work
print("ready", flush=True)
while not stop:
    next(source)
for _ in range(50):
    next(source)  # what was begun can be finished
print("saved", flush=True)
"""


@pytest.mark.skipif(os.name == "nt", reason="Windows has no process groups")
def test_a_wish_to_stop_that_reaches_the_workers_too_ends_nothing(make_archive: Make) -> None:
    path = make_archive(6)
    with subprocess.Popen(
        [sys.executable, "-c", GROUP, str(path)], stdout=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        os.killpg(process.pid, signal.SIGTERM)
        assert process.stdout.readline() == "saved\n"
    assert process.returncode == 0
