"""Sheets of images as a training keeps them for its films: small images, always as many in a row.

Axes: n image, c channel, h w rows and columns, r s row and column of a tile.
"""

from pathlib import Path

import torch
import torch.nn.functional as F
from einops import rearrange
from jaxtyping import Float, UInt8
from torch import Tensor

from allaprima.errors import DataError
from allaprima.images.grid import grid
from allaprima.images.pixels import to_pixels
from allaprima.images.png import read_image, to_array, write_png

COLUMNS = 8
SIDE = 128  # pixels of the longer side


def shrunk(images: Float[Tensor, "n c h w"]) -> UInt8[Tensor, "n c h2 w2"]:
    """Pixels of images in [-1, 1], averaged over squares until the longer side is at most `SIDE`."""
    factor = -(-max(images.shape[2:]) // SIDE)
    small = images if factor == 1 else F.avg_pool2d(images, factor, ceil_mode=True)
    return to_pixels(small.float().cpu())


def write_film_sheet(path: Path, images: UInt8[Tensor, "n c h w"]) -> None:
    """Write a PNG of `COLUMNS` images in a row, or of one row of fewer. Raises `OutputError`."""
    write_png(path, grid(images, columns=_columns(len(images))))


def read_film_sheet(path: Path, count: int) -> UInt8[Tensor, "n c h w"]:
    """The ``count`` images of a sheet. Raises `DataError` for a file that is missing or no sheet of so many."""
    sheet = torch.from_numpy(to_array(read_image(path)))
    columns = _columns(count)
    rows = -(-count // columns)
    if sheet.shape[0] % rows or sheet.shape[1] % columns:
        raise DataError(f"{path} is no sheet of {count} images: it was changed after the training")
    return rearrange(sheet, "(r h) (s w) c -> (r s) c h w", r=rows, s=columns)[:count]


def _columns(count: int) -> int:
    return min(COLUMNS, count)
