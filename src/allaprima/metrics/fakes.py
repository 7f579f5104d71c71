"""Images of a generator to measure: with random noise, and labels as frequent as in the data.

Axes: n m image, c channel, h w rows and columns, d component of a label.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from einops import rearrange
from jaxtyping import Float, UInt8
from torch import Tensor

from allaprima.data import ImageDataset
from allaprima.errors import ConfigError
from allaprima.generation import generate
from allaprima.generation.generate import PIXELS_AT_ONCE


def batch_size_for(G: Any) -> int:
    """Images painted at once, where nobody says otherwise."""
    return max(1, PIXELS_AT_ONCE // int(G.img_height * G.img_width))


def drawn_labels(G: Any, data: ImageDataset, count: int, seed: int) -> Float[Tensor, "n d"] | None:
    """A label for each fake: that of an image of the data, drawn at random; None for a generator without labels.

    Raises:
        ConfigError: The data has no labels, or others than the generator.
    """
    if not G.c_dim:
        return None
    table = data.label_table()
    if table.shape[1] != G.c_dim:
        found = f"labels of {table.shape[1]} numbers" if table.shape[1] else "no labels (open it with use_labels)"
        raise ConfigError(f"the model has labels of {G.c_dim} numbers, but {data.path} has {found}")
    rows = np.random.default_rng(seed).integers(len(table), size=count)
    return table[torch.from_numpy(rows)]


def paint(G: Any, c: Float[Tensor, "n d"] | None, rows: range, *, seed: int) -> UInt8[Tensor, "m c h w"]:
    """Fakes of these numbers, all at once; fake i has the seed ``seed + i`` and the label i of ``c``."""
    own = None if c is None else c[rows.start : rows.stop]
    seeds = range(seed + rows.start, seed + rows.stop)
    images = generate(G, seeds=seeds, c=own, noise_mode="random", batch_size=len(rows))
    stack = torch.from_numpy(np.stack(list(images)))
    return stack[:, None] if stack.ndim == 3 else rearrange(stack, "n h w c -> n c h w")


def batches(count: int, size: int) -> list[range]:
    """Numbers 0, 1 … below ``count``, cut into parts of ``size``."""
    return [range(at, min(at + size, count)) for at in range(0, count, size)]


def painted(
    G: Any, c: Float[Tensor, "n d"] | None, count: int, *, seed: int, batch_size: int
) -> Iterator[UInt8[Tensor, "m c h w"]]:
    """Paint the first ``count`` fakes, in batches."""
    return (paint(G, c, rows, seed=seed) for rows in batches(count, batch_size))
