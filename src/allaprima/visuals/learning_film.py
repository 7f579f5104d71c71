"""The learning film: what a generator paints from the same latents while it learns.

Axes: n image, c channel, h w rows and columns.
"""

from collections.abc import Iterator
from functools import lru_cache

import numpy as np
from jaxtyping import UInt8
from numpy.typing import NDArray
from torch import Tensor

from allaprima.images import grid, sheet_shape, to_rgb
from allaprima.visuals.display import Size, resized
from allaprima.visuals.film_records import Footage
from allaprima.visuals.timeline import instants, title

HEIGHT, WIDTH = 640, 1200  # pixels that the images should about fill


def learning_frames(
    footage: Footage,
    *,
    seconds: float = 20.0,
    fps: float = 30.0,
    count: int | None = None,
    height: int = HEIGHT,
    width: int = WIDTH,
) -> Iterator[NDArray[np.uint8]]:
    """Frames [h, w, 3] that fade from moment to moment; over them images seen and time of training.

    Args:
        footage: What to show.
        seconds: Length of the film.
        fps: Frames in a second.
        count: Images to show, the first ones; None: all.
        height: Pixels that the images fill at most, but each has a pixel at least.
        width: The same from left to right.

    Raises:
        ConfigError: A film of no length.
    """
    moments = footage.moments

    @lru_cache(maxsize=2)
    def sheet(number: int) -> NDArray[np.float32]:
        fakes = to_rgb(moments[number].fakes()[:count])
        rows, columns = sheet_shape(fakes.shape[2], fakes.shape[3], len(fakes))
        size = tile_size(fakes, (rows, columns), (height, width))
        return grid(resized(fakes, size), columns=columns).astype(np.float32)

    for at in instants(len(moments), seconds=seconds, fps=fps):
        images = sheet(at.before)
        if at.share:
            images = images + at.share * (sheet(at.after) - images)
        yield np.concatenate([title(images.shape[1], moments, at), np.rint(images).astype(np.uint8)])


def tile_size(images: UInt8[Tensor, "n c h w"], shape: Size, space: Size) -> Size:
    """(height, width) of an image of which ``shape`` (rows, columns) fit ``space``: whole multiples, or smaller."""
    height, width = images.shape[2:]
    room = min(space[0] / (shape[0] * height), space[1] / (shape[1] * width))
    if room >= 1:
        return height * int(room), width * int(room)
    return max(1, int(height * room)), max(1, int(width * room))
