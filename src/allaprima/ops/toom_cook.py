"""The matrices of Winograd's convolutions, by Toom's and Cook's rule (Lavin and Gray 2016, section 4)."""

from collections.abc import Sequence
from functools import cache
from typing import Any, NamedTuple

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

OUTSIDE = 4  # pixels of an output tile's side
INSIDE = OUTSIDE + 2
PRODUCTS = INSIDE**2
POINTS = (0, 1, -1, 2, -2)  # where the polynomials are evaluated, besides infinity; small ones round little

Matrix = np.ndarray[Any, np.dtype[np.float64]]


class Matrices(NamedTuple):
    """The transforms of a tile, its rows written one after another.

    Attributes:
        kernel: [p, 9].
        input: [p, 36].
        output: [16, p].
        along_an_axis: [6, 3], of which ``kernel`` is the product with itself.
    """

    kernel: Tensor
    input: Tensor
    output: Tensor
    along_an_axis: Tensor


@cache
def matrices(dtype: torch.dtype) -> Matrices:
    """Those of tiles of 6×6 pixels, in numbers of this type."""
    along_axes = toom_cook(OUTSIDE, 3, POINTS)
    kernel, pixels, output = (torch.from_numpy(np.kron(m, m)).to(dtype) for m in along_axes)
    return Matrices(kernel, pixels, output, torch.from_numpy(along_axes[0]).to(dtype))


def toom_cook(outputs: int, taps: int, points: Sequence[float]) -> tuple[Matrix, Matrix, Matrix]:
    """Matrices with which ``output @ ((kernel @ k) * (input @ x))`` correlates x with k.

    The product of two polynomials is determined by its values at as many points as it has coefficients, the leading one
    being the value at infinity. Transposed, that becomes a correlation.

    Args:
        outputs: Numbers that come out; ``outputs + taps - 1`` go in.
        taps: Numbers in k.
        points: ``outputs + taps - 2`` different ones.

    Returns:
        The matrices ``kernel``, ``input``, ``output``, in float64.
    """
    a, products = np.array(points, dtype=np.float64), outputs + taps - 1
    assert len(set(points)) == products - 1, points
    kernel, into, out = np.zeros((products, taps)), np.zeros((products, products)), np.zeros((outputs, products))
    for p, point in enumerate(a):
        others = np.delete(a, p)
        kernel[p] = point ** np.arange(taps) / np.prod(point - others)
        into[p, :-1] = np.atleast_1d(np.poly(others))[::-1]
        out[:, p] = point ** np.arange(outputs)
    kernel[-1, -1] = out[-1, -1] = 1
    into[-1] = np.poly(a)[::-1]
    return kernel, into, out


def size_of(x: Float[Tensor, "n i h w"], padding: int) -> tuple[int, int]:
    """Height and width of the output."""
    return (x.shape[2] + 2 * padding - 2, x.shape[3] + 2 * padding - 2)
