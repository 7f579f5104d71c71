"""Many images on one sheet.

Axes: n image, c channel, h w row and column of a pixel, r s row and column of a tile.
"""

import math

import numpy as np
from einops import rearrange
from jaxtyping import UInt8
from numpy.typing import NDArray
from torch import Tensor

PLEASING_ASPECT = 1.5
"""Width over height that a sheet aims at: a screen, or a page on its side."""


def grid(
    images: UInt8[Tensor, "n c h w"] | UInt8[np.ndarray, "n c h w"], columns: int | None = None
) -> NDArray[np.uint8]:
    """Lay images side by side, row after row; the rest of the last row stays 0 (black, or transparent).

    Args:
        images: At least one.
        columns: Images in a row; None lets :func:`sheet_shape` choose.

    Returns:
        [height, width, channels], or [height, width] for one channel.
    """
    pixels = images.cpu().numpy() if isinstance(images, Tensor) else images
    count, _, height, width = pixels.shape
    if count == 0:
        raise ValueError("a grid needs at least one image, got none")
    rows, columns = sheet_shape(height, width, count) if columns is None else (math.ceil(count / columns), columns)
    empty = np.zeros((rows * columns - count, *pixels.shape[1:]), np.uint8)
    sheet = rearrange(np.concatenate([pixels, empty]), "(r s) c h w -> (r h) (s w) c", r=rows)
    return np.ascontiguousarray(sheet[:, :, 0] if sheet.shape[2] == 1 else sheet)


def sheet_shape(height: int, width: int, count: int) -> tuple[int, int]:
    """Choose (rows, columns) for ``count`` images of height × width: a landscape sheet with few empty places."""

    def ugliness(columns: int) -> float:
        rows = math.ceil(count / columns)
        aspect = (columns * width) / (rows * height)
        empty = (rows * columns - count) / count
        return abs(math.log(aspect / PLEASING_ASPECT)) + (0.3 + 2 * empty if empty else 0)

    columns = min(range(1, count + 1), key=ugliness)
    return math.ceil(count / columns), columns
