"""The 8×8 cosine transform of JPEG (ITU-T T.81, A.3.3), of the brightness of a picture, at some frequencies.

Axes: r k block row and column, y x row and column within a block, p projection.
"""

import numpy as np
from jaxtyping import Float
from numpy.typing import NDArray

SIDE = 8
WHITE = 255.0
BRIGHTNESS = np.array([0.299, 0.587, 0.114])  # of RGB: ITU-R BT.601, as in JPEG


def brightness(colours: NDArray[np.float64], alpha: NDArray[np.float64] | float) -> NDArray[np.float64]:
    """Brightness [h, w] of colours [h, w, 1 or 3] over white, ``alpha`` [h, w, 1] from 0 to 1."""
    seen = colours * alpha + WHITE * (1 - alpha)
    return seen[:, :, 0] if seen.shape[2] == 1 else seen @ BRIGHTNESS


def blocks(picture: NDArray[np.float64]) -> Float[np.ndarray, "r k 8 8"]:
    """The whole blocks of a picture [h, w], from its upper left corner."""
    rows, columns = block_counts(picture.shape)
    whole = picture[: rows * SIDE, : columns * SIDE].reshape(rows, SIDE, columns, SIDE)
    return np.ascontiguousarray(whole.transpose(0, 2, 1, 3))


def unblocked(parts: Float[np.ndarray, "r k 8 8"], shape: tuple[int, ...]) -> NDArray[np.float64]:
    """A picture [h, w] of these blocks; 0 where there are none."""
    picture = np.zeros(shape[:2])
    rows, columns = parts.shape[:2]
    picture[: rows * SIDE, : columns * SIDE] = parts.transpose(0, 2, 1, 3).reshape(rows * SIDE, columns * SIDE)
    return picture


def block_counts(shape: tuple[int, ...]) -> tuple[int, int]:
    """Rows and columns of whole blocks."""
    return shape[0] // SIDE, shape[1] // SIDE


def cosine(frequency: tuple[int, int]) -> Float[np.ndarray, "8 8"]:
    """The basis picture of a frequency (down, across), of length 1."""
    places = np.arange(SIDE)
    down, across = (
        np.cos(np.pi * (2 * places + 1) * u / (2 * SIDE)) * np.sqrt((1 if u == 0 else 2) / SIDE) for u in frequency
    )
    return np.outer(down, across)


def project(parts: Float[np.ndarray, "r k 8 8"], directions: Float[np.ndarray, "p 8 8"]) -> Float[np.ndarray, "r k p"]:
    """How much of each direction is in each block."""
    # einsum adds in one order whatever the threads, which a matrix product need not
    amounts: NDArray[np.float64] = np.einsum("rkyx,pyx->rkp", parts, directions)
    return amounts


def compose(
    amounts: Float[np.ndarray, "r k p"], directions: Float[np.ndarray, "p 8 8"]
) -> Float[np.ndarray, "r k 8 8"]:
    """Blocks with so much of each direction."""
    parts: NDArray[np.float64] = np.einsum("rkp,pyx->rkyx", amounts, directions)
    return parts
