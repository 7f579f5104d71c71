"""Which images of a dataset are its items, and which are kept apart: rows, in little memory."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from allaprima.data.order import LARGE, Shuffle
from allaprima.data.packed import ChosenNames
from allaprima.errors import DataError

FEW = 20  # one image in so many may be held out

Rows = NDArray[np.int64]


class Selection:
    """Of the rows 0 … total - 1 of all images: those that are items, in order, and those held out.

    Attributes:
        held_out: Rows that are kept apart.
    """

    def __init__(self, total: int, *, max_images: int | None = None, holdout: int = 0, seed: int = 0) -> None:
        """Choose.

        Args:
            total: Images there are.
            max_images: Use so many, chosen by ``seed`` as the reference tools choose them.
            holdout: Keep so many of these apart, but at most one in `FEW`.
            seed: Of both choices.

        Raises:
            DataError: ``max_images`` is less than 1.
        """
        self._subset = _subset(total, max_images, seed)
        total = total if self._subset is None else len(self._subset)
        self._apart = _apart(total, min(holdout, total // FEW), seed)
        self._before = self._apart - np.arange(len(self._apart))  # items before each that is kept apart
        self._count = total - len(self._apart)
        self.held_out = self._of_subset(self._apart)

    def __len__(self) -> int:
        return self._count

    @property
    def is_everything(self) -> bool:
        """Whether item i is image i, for all of them."""
        return self._subset is None and not len(self._apart)

    def row(self, item: int) -> int:
        """Give the row of an item."""
        if self.is_everything:
            return item
        return int(self._of_subset(np.array([item]) + np.searchsorted(self._before, item, side="right"))[0])

    def rows(self) -> Rows:
        """Give the rows of all items."""
        items = np.arange(self._count)
        return self._of_subset(items + np.searchsorted(self._before, items, side="right"))

    def names(self, names: Sequence[str]) -> Sequence[str]:
        """Choose the items' names: a list if ``names`` is one."""
        if self.is_everything:
            return names
        if isinstance(names, list):
            return [names[row] for row in self.rows().tolist()]
        return ChosenNames(names, self._count, self.row)

    def identity(self) -> bytes:
        """Give something that tells this choice from others."""
        return self._apart.tobytes() + (b"" if self._subset is None else self._subset.tobytes())

    def _of_subset(self, rows: Rows) -> Rows:
        return rows if self._subset is None else self._subset[rows]


def _subset(total: int, max_images: int | None, seed: int) -> Rows | None:
    """Choose as the reference tools do: shuffle by the seed, cut, sort."""
    if max_images is not None and max_images < 1:
        raise DataError(f"max_images is {max_images}, but must be at least 1")
    if max_images is None or max_images >= total:
        return None
    order = np.arange(total)
    np.random.RandomState(seed).shuffle(order)  # as in the whole ecosystem
    return np.sort(order[:max_images])


def _apart(total: int, count: int, seed: int) -> Rows:
    if total > LARGE:
        return np.sort(Shuffle(total, seed).at(np.arange(count)))
    return np.sort(np.random.RandomState(seed).permutation(total)[:count])
