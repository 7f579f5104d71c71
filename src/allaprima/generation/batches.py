"""Images whose bytes do not depend on which others are painted before, after or beside them.

A convolution's sums are ordered otherwise for another number of images or of threads, and of 40 images of `emoji-64`
38 differ in some pixel by one if they are painted by eights instead of singly, 35 if by two threads instead of one.
With which others an image is painted, and at which place among them, makes no difference. So batches are always full,
and on a CPU one thread paints: many processes are how to use many cores.
"""

from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager

import numpy as np
import torch
from numpy.typing import NDArray

from allaprima.generation.generate import PIXELS_AT_ONCE

Paint = Callable[[Sequence[int]], Iterable[NDArray[np.uint8]]]
Encode = Callable[[int, NDArray[np.uint8]], bytes]
MOST_AT_ONCE = 32  # more gain little, and a shard's last batch is filled up
ENCODERS = 4


def even_batch_size(pixels: int) -> int:
    """How many images of so many pixels to paint at once, whatever the machine."""
    return max(1, min(MOST_AT_ONCE, PIXELS_AT_ONCE // pixels))


@contextmanager
def one_thread(device: torch.device) -> Iterator[None]:
    """Let PyTorch compute with one thread if it computes on the CPU."""
    before = torch.get_num_threads()
    if device.type == "cpu":
        torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def painted_files(
    seeds: Sequence[int], batch_size: int, paint: Paint, encode: Encode
) -> Generator[list[bytes], None, None]:
    """The files of these seeds, batch by batch; while one batch is painted, that before it is encoded.

    Args:
        seeds: One for each image.
        batch_size: ``paint`` always gets so many: at the end the last seed fills up the batch.
        paint: Seeds → images.
        encode: Seed and image → file; it is called in several threads.
    """
    with ThreadPoolExecutor(ENCODERS) as pool:
        waiting: list[Future[bytes]] = []
        for start in range(0, len(seeds), batch_size):
            own = list(seeds[start : start + batch_size])
            images = list(paint(own + own[-1:] * (batch_size - len(own))))[: len(own)]
            begun = [pool.submit(encode, seed, image) for seed, image in zip(own, images, strict=True)]
            if waiting:
                yield [each.result() for each in waiting]
            waiting = begun
        yield [each.result() for each in waiting]
