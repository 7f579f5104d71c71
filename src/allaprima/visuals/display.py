"""Numbers as pictures: images at a size at which one sees them, signed values around gray, heat maps, lettered sheets.

Axes: n image, c channel, h w rows and columns; rgb stands for the channels of an image, of whatever number.
"""

from collections.abc import Sequence

import numpy as np
import torch
import torch.nn.functional as F
from einops import rearrange
from jaxtyping import Float, UInt8
from numpy.typing import NDArray
from torch import Tensor

from allaprima.images import caption, has_alpha, lettered_grid, to_pixels, to_rgb

SIDE = 128  # pixels that the longer side of an image has on a sheet, about
MOST = 192  # larger images are reduced to this
LETTER = 12
GAP = 4

HEAT = ((13, 13, 40), (74, 28, 110), (160, 47, 106), (227, 96, 66), (248, 170, 62), (253, 246, 190))
"""From nothing to most: each is lighter than the one before, so that the picture can be read in gray too."""
RAMP = ((52, 98, 190), (30, 150, 160), (80, 160, 60), (215, 150, 30), (210, 70, 50))
"""From coarse to fine, for lines: of middling lightness, readable on light and on dark."""

Size = tuple[int, int]


def shown_size(height: int, width: int, side: int = SIDE) -> Size:
    """(height, width) that images of this size are shown at: whole multiples, or reduced to `MOST`."""
    longer = max(height, width)
    if longer > MOST:
        return max(1, round(height * MOST / longer)), max(1, round(width * MOST / longer))
    factor = max(1, side // longer)
    return height * factor, width * factor


def resized(images: Tensor, size: Size) -> Tensor:
    """[n, c, h, w], enlarged to squares or reduced to means; of the dtype given."""
    if images.shape[2] <= size[0] and images.shape[3] <= size[1]:
        return F.interpolate(images.float(), size, mode="nearest-exact").to(images.dtype)
    return F.interpolate(images.float(), size, mode="area").to(images.dtype)


def seen(
    images: Float[Tensor, "n rgb h w"], size: Size | None = None, *, background: str | tuple[int, ...] = (255, 255, 255)
) -> UInt8[Tensor, "n 3 h2 w2"]:
    """A network's images as one looks at them: on a background where they have alpha, at a size that can be seen."""
    size = size or shown_size(images.shape[2], images.shape[3])
    if not has_alpha(images.shape[1]):
        return resized(to_rgb(to_pixels(images.cpu())), size)
    return to_rgb(resized(to_pixels(images.cpu()), size), background)  # last, as squares of the board have one size


def signed(values: Float[Tensor, "n c h w"], most: float) -> UInt8[Tensor, "n 3 h w"]:
    """Values that have a sign: 0 is middle gray, ``-most`` black, ``most`` white; of one to three channels."""
    pixels = (127.5 + values.cpu().float() * (127.5 / max(most, 1e-12))).round().clamp(0, 255).to(torch.uint8)
    return pixels[:, :1].expand(-1, 3, -1, -1) if pixels.shape[1] < 3 else pixels[:, :3]


def heat(values: Float[Tensor, "n h w"], most: float) -> UInt8[Tensor, "n 3 h w"]:
    """A heat map: 0 nearly black, ``most`` and more light yellow."""
    share = (values.cpu().float() / max(most, 1e-12)).clamp(0, 1)
    return rearrange(_between(share, HEAT).round().to(torch.uint8), "n h w c -> n c h w")


def ramp(count: int) -> list[tuple[int, int, int]]:
    """So many colours for lines, from coarse to fine."""
    shares = torch.linspace(0, 1, count) if count > 1 else torch.zeros(1)
    return [(int(r), int(g), int(b)) for r, g, b in _between(shares, RAMP).round().tolist()]


def _between(share: Tensor, anchors: Sequence[tuple[int, int, int]]) -> Tensor:
    """[…, 3]: colours at ``share`` (0 to 1) of the way along the anchors."""
    table = torch.tensor(anchors, dtype=torch.float32)
    place = share * (len(anchors) - 1)
    below = place.floor().clamp(max=len(anchors) - 2).long()
    return torch.lerp(table[below], table[below + 1], (place - below)[..., None])


Tile = tuple[Tensor, str]  # a picture, uint8 [3, h, w], and the line under it


def sheet(
    rows: Sequence[Sequence[Tile]], *, column_names: Sequence[str] = (), row_names: Sequence[str] = ()
) -> NDArray[np.uint8]:
    """Pictures of one size in rows of equal length, each with its line of text, on white: [height, width, 3]."""
    tiles = [tile for row in rows for tile in row]
    arrays = [rearrange(picture, "c h w -> h w c").numpy() for picture, _ in tiles]
    if any(text for _, text in tiles):
        arrays = [caption(array, text, size=LETTER) for array, (_, text) in zip(arrays, tiles, strict=True)]
    pictures = rearrange(torch.from_numpy(np.stack(arrays)), "n h w c -> n c h w")
    names = {"column_names": column_names, "row_names": row_names}
    return lettered_grid(pictures, len(rows[0]), **names, gap=GAP, size=LETTER)


def wordless(pictures: Sequence[Tensor]) -> list[Tile]:
    """A row of pictures without text under them."""
    return [(picture, "") for picture in pictures]


def beside(pictures: UInt8[Tensor, "n 3 h w"], text: str, columns: int | None = None) -> NDArray[np.uint8]:
    """One frame of a film: pictures side by side, and a line of text under all."""
    return caption(lettered_grid(pictures, columns or len(pictures), gap=GAP), text, size=LETTER)


def grid_size(height: int, width: int) -> str:
    """How a size is called."""
    return f"{height}×{width}"
