"""In which order training sees the images: a pure function of a seed and a position, so that a resume is exact."""

import numpy as np
import torch
from jaxtyping import Int64
from numpy.typing import NDArray
from torch import Tensor

_MASK = (1 << 64) - 1

LARGE = 10_000_000
"""With more items than this a permutation is computed item by item instead of being kept, 8 bytes each, in memory."""

ROUNDS = 6


class SampleOrder:
    """The endless sequence of one seed: every epoch is a permutation of all items.

    Position p belongs to epoch p // num_items. The permutation last used is kept, as the next batch needs it again; of
    more than `LARGE` items none is, they are permuted by a `Shuffle`.
    """

    def __init__(self, num_items: int, seed: int) -> None:
        if num_items < 1:
            raise ValueError(f"an order needs at least one item, got {num_items}")
        self.num_items, self.seed = num_items, seed
        self._kept: tuple[int, Tensor] | None = None

    def take(self, start: int, count: int) -> Int64[Tensor, " count"]:
        """Give the items at positions start … start + count - 1."""
        parts = []
        while count > 0:
            epoch, offset = divmod(start, self.num_items)
            part = self._part(epoch, offset, min(count, self.num_items - offset))
            parts.append(part)
            start, count = start + len(part), count - len(part)
        return torch.cat(parts) if parts else torch.empty(0, dtype=torch.int64)

    def _part(self, epoch: int, offset: int, count: int) -> Tensor:
        if self.num_items <= LARGE:
            return self._permutation(epoch)[offset : offset + count]
        shuffle = Shuffle(self.num_items, mix(self.seed, epoch))
        return torch.from_numpy(shuffle.at(np.arange(offset, offset + count)))

    def _permutation(self, epoch: int) -> Tensor:
        if self._kept is None or self._kept[0] != epoch:
            generator = torch.Generator().manual_seed(mix(self.seed, epoch))
            self._kept = epoch, torch.randperm(self.num_items, generator=generator)
        return self._kept[1]


class Shuffle:
    """A permutation of any number of items in no memory: a Feistel network, walked along its cycles.

    The network permutes the numbers below the next power of 4; a number that comes out too large is put in again, until
    it is not (Black and Rogaway 2002, "Ciphers with arbitrary finite domains", section 4). It is no cipher: its six
    rounds of SplitMix64's finaliser are to mix well, not to hide the key.
    """

    def __init__(self, num_items: int, key: int) -> None:
        self.num_items = num_items
        self._half = np.uint64(max((num_items - 1).bit_length() + 1, 2) // 2)
        self._mask = np.uint64((1 << int(self._half)) - 1)
        self._keys = [np.uint64(mix(key, i)) for i in range(ROUNDS)]

    def at(self, positions: NDArray[np.int64]) -> NDArray[np.int64]:
        """Give the items at these positions."""
        items = self._permuted(positions.astype(np.uint64))
        while (outside := items >= self.num_items).any():
            items[outside] = self._permuted(items[outside])
        return items.astype(np.int64)

    def _permuted(self, x: NDArray[np.uint64]) -> NDArray[np.uint64]:
        left, right = x >> self._half, x & self._mask
        for key in self._keys:
            left, right = right, left ^ (_finalised(right + key) & self._mask)
        return (left << self._half) | right


def sample_indices(num_items: int, seed: int, start: int, count: int) -> Int64[Tensor, " count"]:
    """Give the items, of ``num_items``, at positions start … start + count - 1 of the sequence of ``seed``."""
    return SampleOrder(num_items, seed).take(start, count)


def _finalised(x: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """SplitMix64's finaliser, of many numbers; it is the same as in `mix`."""
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        x = (x ^ (x >> np.uint64(shift))) * np.uint64(factor)
    return x ^ (x >> np.uint64(31))


def mix(seed: int, epoch: int) -> int:
    """Hash two numbers to 63 bits (the finaliser of SplitMix64), so that the streams of neighbours differ."""
    x = (seed * 0x9E3779B97F4A7C15 + epoch + 1) & _MASK
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        x = ((x ^ (x >> shift)) * factor) & _MASK
    return (x ^ (x >> 31)) >> 1
