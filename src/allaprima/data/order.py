"""In which order training sees the images: a pure function of a seed and a position, so that a resume is exact."""

import torch
from jaxtyping import Int64
from torch import Tensor

_MASK = (1 << 64) - 1


class SampleOrder:
    """The endless sequence of one seed: every epoch is a permutation of all items.

    Position p belongs to epoch p // num_items. The permutation last used is kept, as the next batch needs it again.
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
            part = self._permutation(epoch)[offset : offset + count]
            parts.append(part)
            start, count = start + len(part), count - len(part)
        return torch.cat(parts) if parts else torch.empty(0, dtype=torch.int64)

    def _permutation(self, epoch: int) -> Tensor:
        if self._kept is None or self._kept[0] != epoch:
            generator = torch.Generator().manual_seed(mix(self.seed, epoch))
            self._kept = epoch, torch.randperm(self.num_items, generator=generator)
        return self._kept[1]


def sample_indices(num_items: int, seed: int, start: int, count: int) -> Int64[Tensor, " count"]:
    """Give the items at positions start … start + count - 1 of the sequence of ``seed``."""
    return SampleOrder(num_items, seed).take(start, count)


def mix(seed: int, epoch: int) -> int:
    """Hash two numbers to 63 bits (the finaliser of SplitMix64), so that the streams of neighbours differ."""
    x = (seed * 0x9E3779B97F4A7C15 + epoch + 1) & _MASK
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        x = ((x ^ (x >> shift)) * factor) & _MASK
    return (x ^ (x >> 31)) >> 1
