"""Batches without end, from memory if the decoded images fit there, from worker processes otherwise.

Axes: n image, c channel, h w row and column, d label component.
"""

import math
import os
import signal
import threading
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset, IterableDataset, Sampler, get_worker_info

from allaprima.data.dataset import ImageDataset
from allaprima.data.order import SampleOrder, sample_indices
from allaprima.data.stream import StreamDataset
from allaprima.data.streaming import Share, share_of, streamed
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

    Of a stream the order is another one: a function of ``seed``, ``start``, ``stride`` and ``workers``, see
    `allaprima.data.streaming`. A later ``start`` shuffles the shards anew and begins with the first of them.

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
    pin = pin_memory and torch.cuda.is_available()
    if isinstance(dataset, StreamDataset):
        share = share_of(seed, start, stride or batch_size, batch_size)
        yield from _streamed(dataset, batch_size, share, workers, pin)
    order = _Positions(SampleOrder(len(dataset), seed), batch_size, start, stride or batch_size)
    if len(dataset.names) * math.prod(dataset.image_shape) <= cache_bytes:
        yield from _cached(dataset, order, pin)
    elif workers == 0:
        yield from (_pinned(dataset.items(indices), pin) for indices in order)
    else:
        yield from _from_workers(dataset, order, workers, pin)


MOST_DEATHS = 3  # of workers, before they are called a fault of the machine


class _WorkerDiedError(DataError):
    """A process that read images is no more."""


class _Positions(Sampler[list[int]]):
    """The endless sequence of batches of item numbers."""

    def __init__(self, order: SampleOrder, batch_size: int, start: int, stride: int) -> None:
        self.order, self.batch_size, self.start, self.stride = order, batch_size, start, stride

    def __iter__(self) -> Iterator[list[int]]:
        position = self.start
        while True:
            yield self.order.take(position, self.batch_size).tolist()
            position += self.stride

    def after_one(self) -> "_Positions":
        """What is left when one batch is taken."""
        return _Positions(self.order, self.batch_size, self.start + self.stride, self.stride)


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
    """Batches of worker processes; when one of these dies, others go on with the batch that is due."""
    start_method = None if dataset.forks else "spawn"
    deaths = 0
    while True:
        try:
            for batch in _loaded(_Fetcher(dataset), order, workers, pin, start_method):
                yield batch
                order = order.after_one()
        except _WorkerDiedError:
            deaths += 1
            if deaths > MOST_DEATHS:
                raise


def _streamed(dataset: StreamDataset, batch_size: int, share: Share, workers: int, pin: bool) -> Iterator[Batch]:
    if workers == 0:
        yield from (_pinned(batch, pin) for batch in streamed(dataset, batch_size, share))
    else:
        yield from _loaded(_StreamFetcher(dataset, batch_size, share), None, workers, pin)


def _loaded(
    source: Dataset[Batch | DataError],
    order: _Positions | None,
    workers: int,
    pin: bool,
    start_method: str | None = None,
) -> Iterator[Batch]:
    loader = DataLoader(
        source,
        sampler=order,
        batch_size=None,
        num_workers=workers,
        worker_init_fn=_leave_the_process_group,
        multiprocessing_context=start_method,
        prefetch_factor=4,
        collate_fn=_as_it_is,
        pin_memory=pin,
        generator=torch.Generator().manual_seed(0),  # else it draws from the global one, and a resume differs
    )
    try:
        for batch in _undisturbed(loader):
            if isinstance(batch, DataError):
                raise batch
            yield batch
    except RuntimeError as error:
        if "DataLoader worker" not in str(error):
            raise
        raise _WorkerDiedError(
            "a process that reads images was killed, perhaps for want of memory:"
            " fewer workers need less, and with workers=0 there are none"
        ) from error


def _undisturbed(loader: "DataLoader[Any]") -> Iterator[Any]:
    """Start the workers, but not the handler that raises an error in whatever is done when one of them dies.

    The wait for the next batch tells it too.
    """
    if not hasattr(signal, "SIGCHLD") or threading.current_thread() is not threading.main_thread():
        return iter(loader)
    before = signal.getsignal(signal.SIGCHLD)
    try:
        return iter(loader)
    finally:
        signal.signal(signal.SIGCHLD, before or signal.SIG_DFL)


class _Fetcher(Dataset[Batch | DataError]):
    """A dataset whose index is a whole batch, and whose errors come back as they are, not wrapped in a traceback."""

    def __init__(self, dataset: ImageDataset) -> None:
        self.dataset = dataset

    def __getitem__(self, indices: list[int]) -> Batch | DataError:
        try:
            return self.dataset.items(indices)
        except DataError as error:
            return error


class _StreamFetcher(IterableDataset[Batch | DataError]):
    """The batches of one worker's share of a stream."""

    def __init__(self, dataset: StreamDataset, batch_size: int, share: Share) -> None:
        self.dataset, self.batch_size, self.share = dataset, batch_size, share

    def __iter__(self) -> Iterator[Batch | DataError]:
        worker = get_worker_info()
        assert worker is not None
        try:
            yield from streamed(self.dataset, self.batch_size, self.share.of_worker(worker.id, worker.num_workers))
        except DataError as error:
            yield error


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
