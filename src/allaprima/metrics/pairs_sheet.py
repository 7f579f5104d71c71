"""The closest pairs of fakes and training images, as a sheet to look at: a number alone proves no copying.

Axes: n image, c channel, h w rows and columns.
"""

from typing import Any

import numpy as np
import torch
from einops import rearrange
from numpy.typing import NDArray

from allaprima.data import ImageDataset
from allaprima.errors import ConfigError
from allaprima.images import grid
from allaprima.metrics.detector import as_rgb
from allaprima.metrics.fakes import drawn_labels, painted
from allaprima.metrics.result import Result

PAIRS_IN_A_ROW = 4
MARGIN = 2  # white pixels around a pair


def pairs_sheet(result: Result, G: Any, data: ImageDataset, *, columns: int = PAIRS_IN_A_ROW) -> NDArray[np.uint8]:
    """Each fake with the training image nearest to it at its right, the closest pair first; RGB [h, w, 3].

    Args:
        result: Of a ``copies…`` metric.
        G: The generator that it is about.
        data: The training images that it is about.
        columns: Pairs in a row.

    Raises:
        ConfigError: The result has no pairs.
    """
    if not result.pairs:
        raise ConfigError(f"{result.name} has no pairs of images to show: those of copies5k_own are wanted")
    c = drawn_labels(G, data, result.fakes, result.seed)
    places = {name: place for place, name in enumerate(data.names)}
    pairs = []
    for seed, name, _ in result.pairs:
        row = seed - result.seed
        own = None if c is None else c[row : row + 1]
        (fake,) = painted(G, own, 1, seed=seed, batch_size=1)
        both = torch.cat([as_rgb(fake), as_rgb(data[places[name]][0][None])])
        pairs.append(rearrange(both, "n c h w -> c h (n w)"))
    framed = torch.nn.functional.pad(torch.stack(pairs), (MARGIN,) * 4, value=255)
    return grid(framed, columns=min(columns, len(pairs)))
