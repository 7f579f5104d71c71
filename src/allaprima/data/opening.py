"""The one door to what a training reads: a dataset that can be read in any order, or a stream."""

from pathlib import Path
from typing import Any

from allaprima.data.dataset import ImageDataset
from allaprima.data.stores.location import PIPE
from allaprima.data.stream import StreamDataset


def open_images(source: str | Path, **options: Any) -> ImageDataset:
    """Open a dataset to train on.

    Args:
        source: What `ImageDataset` opens, or ``pipe:`` and a command.
        options: ``use_labels``, ``mirror``, ``yflip``, ``holdout``, ``seed``, as of `ImageDataset`.

    Raises:
        DataError: There is nothing, or it is not what it should be.
    """
    kind = StreamDataset if str(source).startswith(PIPE) else ImageDataset
    return kind(source, **options)
