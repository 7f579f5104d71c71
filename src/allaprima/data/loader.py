"""Batches without end, from memory if the decoded images fit there, from worker processes otherwise.

Axes: n image, c channel, h w row and column, d label component.
"""

import math
import os
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset, Sampler

from allaprima.data.dataset import ImageDataset
from allaprima.data.order import SampleOrder, sample_indices
from allaprima.errors import DataError

__all__ = ["batches", "sample_indices"]

Batch = tuple[Tensor, Tensor]
"""Images uint8 [n, c, h, w] and labels float32 [n, d]."""


def batches(
    dataset: ImageDataset,
    batch_size: int,
    *,
    seed: int,
    start: int = 0,
    stride: int | None = None,
    workers: int = 0,
    cache_bytes: int = 1 << 30,
    pin_memory: bool = False,
) -> Iterator[Batch]:
    """Yield batches for ever; batch k holds positions start + k * stride … of the order of ``seed``.

    What comes does not depend on ``workers``, ``cache_bytes`` or ``pin_memory``, and a later ``start`` gives the same
    batches as running up to it. The global random state is not touched.

    Args:
        dataset: Where the images come from.
        batch_size: Images in a batch.
        seed: Of the order.
        start: First position, counted in images.
        stride: Positions between the starts of two batches, by default ``batch_size``. Process r of p takes
            ``start=first + r * batch_size, stride=p * batch_size``.
        workers: Processes that decode, when the images do not fit into ``cache_bytes``; 0 decodes in this one.
        cache_bytes: Decoded once and kept in memory if that takes no more than this.
        pin_memory: Put batches where a GPU can fetch them by itself; ignored where there is no GPU.

    Raises:
        DataError: An image cannot be read, or is not of the dataset's shape.
    """
    order = _Positions(SampleOrder(len(dataset), seed), batch_size, start, stride or batch_size)
    pin = pin_memory and torch.cuda.is_available()
    if len(dataset.names) * math.prod(dataset.image_shape) <= cache_bytes:
        yield from _cached(dataset, order, pin)
    elif workers == 0:
        yield from (_pinned(_collate(dataset, indices), pin) for indices in order)
    else:
        yield from _from_workers(dataset, order, workers, pin)


class _Positions(Sampler[list[int]]):
    """The endless sequence of batches of item numbers."""

    def __init__(self, order: SampleOrder, batch_size: int, start: int, stride: int) -> None:
        self.order, self.batch_size, self.start, self.stride = order, batch_size, start, stride

    def __iter__(self) -> Iterator[list[int]]:
        position = self.start
        while True:
            yield self.order.take(position, self.batch_size).tolist()
            position += self.stride


def _cached(dataset: ImageDataset, order: _Positions, pin: bool) -> Iterator[Batch]:
    tensor, labels = dataset.load_all()
    images = tensor.numpy()  # gathers by NumPy, as torch's own indexing crawls when its threads find no free core
    for indices in order:
        flips, rows = np.divmod(np.array(indices), len(images))
        batch = images[rows]
        for number, (x, y) in enumerate(dataset.flips):
            flipped = flips == number
            if (x or y) and flipped.any():
                batch[flipped] = np.flip(batch[flipped], (*((3,) if x else ()), *((2,) if y else ())))
        yield _pinned((torch.from_numpy(batch), labels[rows]), pin)


def _from_workers(dataset: ImageDataset, order: _Positions, workers: int, pin: bool) -> Iterator[Batch]:
    loader = DataLoader(
        _Fetcher(dataset),
        sampler=order,
        batch_size=None,
        num_workers=workers,
        worker_init_fn=_leave_the_process_group,
        prefetch_factor=4,
        collate_fn=_as_it_is,
        pin_memory=pin,
        generator=torch.Generator().manual_seed(0),  # else it draws from the global one, and a resume differs
    )
    for batch in loader:
        if isinstance(batch, DataError):
            raise batch
        yield batch


class _Fetcher(Dataset[Batch | DataError]):
    """A dataset whose index is a whole batch, and whose errors come back as they are, not wrapped in a traceback."""

    def __init__(self, dataset: ImageDataset) -> None:
        self.dataset = dataset

    def __getitem__(self, indices: list[int]) -> Batch | DataError:
        try:
            return _collate(self.dataset, indices)
        except DataError as error:
            return error


def _collate(dataset: ImageDataset, indices: list[int]) -> Batch:
    images, labels = zip(*(dataset[i] for i in indices), strict=True)
    return torch.stack(images), torch.stack(labels)


def _pinned(batch: Batch, pin: bool) -> Batch:
    return (batch[0].pin_memory(), batch[1].pin_memory()) if pin else batch


def _as_it_is(batch: Any) -> Any:
    return batch


def _leave_the_process_group(worker: int) -> None:
    """A wish to stop often goes to the whole group; the main process ends its workers itself, when it is ready.

    Until a worker is here, a moment after it was started, such a signal still ends it, and with it the run.
    """
    if hasattr(os, "setpgid"):
        os.setpgid(0, 0)
