"""A mark that one does not see: dither modulation (Chen and Wornell 2001, "Quantization index modulation", IEEE Trans.
Information Theory 47(4), sections IV and V) of cosine coefficients of each 8×8 block's brightness.

The paper's spread transform projects a picture onto directions and moves each projection to the nearest point of a
lattice, shifted by a dither. Who knows the dither sees that all projections lie near points, which is so by chance in
one picture of very many. Unlike a mark that is added, it has no noise from the picture itself.

Deviation: a zero-bit mark (there or not there), so there is one lattice, not one for each message. The key is public.

Axes: r k block row and column, p projection.
"""

import hashlib
from functools import cache

import numpy as np
from jaxtyping import Float
from numpy.typing import NDArray

from allaprima.errors import ConfigError
from allaprima.origin.block_dct import block_counts, blocks, brightness, compose, cosine, project, unblocked

KEY = "allaprima: painted, not photographed; mark 1"
GROUPS: tuple[tuple[tuple[int, int], ...], ...] = (
    ((0, 1), (2, 0)),
    ((1, 0), (0, 2)),
    ((1, 1), (0, 3)),
    ((1, 2), (3, 0)),
    ((2, 1), (0, 4)),
    ((2, 2), (4, 0)),
)
"""Frequencies (down, across) of each projection: the lowest, which JPEG keeps best, but the mean. One frequency each is
weaker on pictures with alpha, three reach to where JPEG is coarse; measured, see benchmarks/watermark.py."""
SMALL = 256  # blocks: what has fewer has less room, and is marked more strongly
STRONG, GENTLE = 24.0, 16.0  # distance of the lattice's points, in gray levels of an orthonormal transform
SURE = 16  # blocks (32×32), from which nearly any picture has room for a mark that survives JPEG quality 80
FEWEST = 9  # blocks (24×24) in which it still does in most pictures; see docs/painting.md
BUSY = 16.0  # gray levels over which a block must range for the eye not to find the mark in it
ENOUGH = 16  # busy blocks, as far as they are opaque: where there are so many, flat ones are left as they are
ROUNDS = 6  # clipping to 0..255 spoils a part of each correction; more rounds gain little
AGAIN = 1.3  # of the correction in later rounds


def watermarked(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The picture [h, w] or [h, w, c], c of 1 to 4, with the mark in its colours; alpha is as it was.

    Raises:
        ConfigError: The picture is too small.
    """
    require_room_for_mark(image.shape[0], image.shape[1])
    pixels = image[:, :, None] if image.ndim == 2 else image
    colours, alpha = split(pixels)
    step, directions = step_of(image.shape), directions_of()
    parts = blocks(brightness(colours, alpha))
    amounts = project(parts, directions)
    places = where_to_mark(parts, alpha)[:, :, None]
    shift = dither(*amounts.shape[:2])
    wanted = (np.rint(amounts / step - shift) + shift) * step
    for attempt in range(ROUNDS):
        missing = wanted - project(blocks(brightness(colours, alpha)), directions)
        change = unblocked(compose(missing * places, directions), image.shape)[:, :, None]
        # A change of colours is seen as far as they are opaque; it is also made as far, so as to change little.
        colours = np.clip(colours + change * alpha * (AGAIN if attempt else 1.0), 0, 255)
    marked = np.concatenate([np.rint(colours).astype(np.uint8), pixels[:, :, colours.shape[2] :]], axis=2)
    return marked.reshape(image.shape)


def where_to_mark(parts: Float[np.ndarray, "r k 8 8"], alpha: NDArray[np.float64] | float) -> NDArray[np.bool_]:
    """Which blocks [r, k] are marked: those with texture, which hides the mark, if they are enough; else all."""
    texture = busy(parts)
    opaque = texture if isinstance(alpha, float) else texture * blocks(alpha[:, :, 0]).mean(axis=(2, 3))
    return texture if opaque.sum() >= ENOUGH else np.ones_like(texture)


def busy(parts: Float[np.ndarray, "r k 8 8"]) -> NDArray[np.bool_]:
    """Whether each block [r, k] has texture."""
    ranges: NDArray[np.float64] = np.ptp(parts, axis=(2, 3))
    return ranges >= BUSY


def require_room_for_mark(height: int, width: int) -> None:
    """Raise `ConfigError` if pictures of this size have too few blocks to be told from others afterwards."""
    rows, columns = block_counts((height, width))
    if rows * columns < FEWEST:
        raise ConfigError(
            f"a picture of {height}×{width} has no room for a watermark: it needs {FEWEST} blocks of 8×8, as 24×24 has"
        )


def split(pixels: NDArray[np.uint8]) -> tuple[NDArray[np.float64], NDArray[np.float64] | float]:
    """Colours [h, w, 1 or 3] from 0 to 255, and alpha [h, w, 1] from 0 to 1, which is 1 where there is none."""
    values = pixels.astype(np.float64)
    if values.shape[2] in (2, 4):
        return values[:, :, :-1], values[:, :, -1:] / 255
    return values, 1.0


def step_of(shape: tuple[int, ...]) -> float:
    """How far apart the lattice's points are in a picture of this shape."""
    rows, columns = block_counts(shape)
    return STRONG if rows * columns <= SMALL else GENTLE


@cache
def directions_of() -> Float[np.ndarray, "p 8 8"]:
    """What is measured of each block: orthonormal, each a sum of its frequencies or a difference, in turn."""
    directions = []
    for index, group in enumerate(GROUPS):
        parts = [(-1) ** (index * place) * cosine(frequency) for place, frequency in enumerate(group)]
        directions.append(np.sum(parts, axis=0) / np.sqrt(len(group)))
    return np.stack(directions)


def dither(rows: int, columns: int) -> Float[np.ndarray, "r k p"]:
    """The shift of the lattice for each projection, from 0 to 1: a function of the key and of the block's place."""
    length = 4 * columns * len(GROUPS)
    streams = [hashlib.shake_256(f"{KEY}, row {row}".encode()).digest(length) for row in range(rows)]
    numbers = np.frombuffer(b"".join(streams), dtype="<u4").reshape(rows, columns, len(GROUPS))
    return numbers / 2.0**32


def warning_of_size(height: int, width: int) -> str | None:
    """What one should know who marks pictures of this size; None where there is nothing to know."""
    rows, columns = block_counts((height, width))
    if rows * columns >= SURE:
        return None
    return (
        f"pictures of {height}×{width} have little room for a watermark: after JPEG quality 80 it is found in most of"
        " them, not in all"
    )
