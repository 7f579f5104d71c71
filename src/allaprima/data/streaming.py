"""Batches of a stream: shards in an order of chance, shared among processes and workers, through a shuffle buffer."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from allaprima.data.order import mix
from allaprima.data.stores.tar_stream import Sample, samples
from allaprima.data.stream import StreamDataset
from allaprima.errors import DataError

BUFFER = 1000
"""Images, as files, that each reader holds and draws from by chance."""

EMPTY_EPOCHS = 5
"""So often a reader looks for a first image: a shard or two may be empty."""


@dataclass(frozen=True, slots=True)
class Share:
    """Which part of a stream a reader takes, and in which order: all of it a function of these numbers.

    Attributes:
        seed: Of the order.
        begun: How many batches of all processes were taken before; another one shuffles anew.
        reader: Number of this reader, over all processes and workers.
        readers: How many there are.
    """

    seed: int
    begun: int
    reader: int
    readers: int

    def of_worker(self, worker: int, workers: int) -> "Share":
        """The share of a worker process of this reader."""
        return Share(self.seed, self.begun, self.reader * workers + worker, self.readers * workers)

    def shards(self, count: int, epoch: int) -> list[int]:
        """Which of so many shards it reads in an epoch, in order.

        All readers together read each shard once. Where there are fewer shards than readers, each reads all of them, in
        an order of its own.
        """
        key = mix(mix(self.seed, self.begun), epoch)
        if count >= self.readers:
            return self._permuted(count, key)[self.reader :: self.readers]
        return self._permuted(count, mix(key, self.reader))

    def chance(self) -> np.random.Generator:
        """The randomness of its shuffle buffer and of its flips."""
        return np.random.default_rng(mix(mix(self.seed, self.begun), -1 - self.reader))

    @staticmethod
    def _permuted(count: int, key: int) -> list[int]:
        return torch.randperm(count, generator=torch.Generator().manual_seed(key)).tolist()


def share_of(seed: int, start: int, stride: int, batch_size: int) -> Share:
    """The share of a process that takes a batch from position ``start`` on in every ``stride``."""
    processes = max(stride // batch_size, 1)
    return Share(seed, start // stride, start // batch_size % processes, processes)


def streamed(dataset: StreamDataset, batch_size: int, share: Share) -> Iterator[tuple[Tensor, Tensor]]:
    """Yield batches for ever. Raises `DataError`."""
    chance = share.chance()
    shuffled = _shuffled(_endless(dataset, share), chance)
    while True:
        pairs = [dataset.decoded(next(shuffled)) for _ in range(batch_size)]
        images, labels = zip(*pairs, strict=True)
        yield torch.stack([_flipped(image, dataset.flips, chance) for image in images]), torch.stack(labels)


def _endless(dataset: StreamDataset, share: Share) -> Iterator[Sample]:
    """All images of this share, epoch after epoch, but for those that are held out."""
    epoch = found = 0
    while True:
        for number in share.shards(len(dataset.shards), epoch):
            for sample in samples(dataset.shards[number], number):
                if sample.name not in dataset.apart:
                    found += 1
                    yield sample
        epoch += 1
        if not found and epoch == EMPTY_EPOCHS:
            raise DataError(f"{dataset.path} gave no image in {epoch} epochs")


def _shuffled(stream: Iterator[Sample], chance: np.random.Generator) -> Iterator[Sample]:
    """Fill the buffer, then give one by chance for each that comes."""
    buffer = [next(stream) for _ in range(BUFFER)]
    for sample in stream:
        place = int(chance.integers(BUFFER))
        yield buffer[place]
        buffer[place] = sample


def _flipped(image: Tensor, flips: list[tuple[bool, bool]], chance: np.random.Generator) -> Tensor:
    x, y = flips[int(chance.integers(len(flips)))]
    return image.flip([*([2] if x else []), *([1] if y else [])])
