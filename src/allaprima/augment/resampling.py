"""Linear maps along the two axes of an image, as matrices.

On small images a matrix product is many times faster than the convolution that it stands for, and its reflection or
cropping costs nothing. On large ones the matrices are bands: blocks of their rows use few of the columns.

Axes: n image, c channel, h w rows and columns, o i places after and before.
"""

from typing import Any, NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

BLOCK = 128  # rows of a matrix that are multiplied in one go


class Block(NamedTuple):
    """Some rows of a matrix, and the columns that are not zero in them."""

    rows: slice
    columns: slice


class AxisMap:
    """A linear map along one axis: its matrix [o i], and where that is not zero."""

    def __init__(self, matrix: Float[Tensor, "o i"], like: Tensor) -> None:
        self.matrix = matrix.to(like)
        self.blocks = _blocks(matrix)
        self.adjoint_blocks = _blocks(matrix.T)

    def __call__(self, x: Tensor, axis: int, *, adjoint: bool) -> Tensor:
        """Map the rows (axis 2) or the columns (axis 3) of ``x``."""
        matrix, blocks = (self.matrix.T, self.adjoint_blocks) if adjoint else (self.matrix, self.blocks)
        if axis == 2:
            parts = [matrix[block.rows, block.columns] @ x[:, :, block.columns] for block in blocks]
        else:
            parts = [x[:, :, :, block.columns] @ matrix[block.rows, block.columns].T for block in blocks]
        return parts[0] if len(parts) == 1 else torch.cat(parts, dim=axis)


def resample(x: Float[Tensor, "n c h w"], rows: AxisMap, columns: AxisMap) -> Float[Tensor, "n c h2 w2"]:
    """Map the rows of ``x`` by ``rows``, and its columns by ``columns``. Differentiable to any order."""
    y: Tensor = _Resample.apply(x, rows, columns, False)  # type: ignore[no-untyped-call]
    return y


class _Resample(torch.autograd.Function):
    """A linear map; its derivative is the adjoint, which keeps the blocks."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, rows: AxisMap, columns: AxisMap, adjoint: bool) -> Tensor:
        ctx.map = (rows, columns, not adjoint)
        return columns(rows(x, 2, adjoint=adjoint), 3, adjoint=adjoint)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, None, None, None]:
        return _Resample.apply(grads[0], *ctx.map), None, None, None  # type: ignore[no-untyped-call]


def _blocks(matrix: Tensor) -> list[Block]:
    """All of a matrix of few rows; blocks of the rows of a large one."""
    length = len(matrix)
    if length <= 2 * BLOCK:
        return [Block(slice(0, length), slice(0, matrix.shape[1]))]
    blocks = []
    for start in range(0, length, BLOCK):
        rows = slice(start, min(start + BLOCK, length))
        used = matrix[rows].any(dim=0).nonzero()[:, 0].tolist() or [0]
        blocks.append(Block(rows, slice(used[0], used[-1] + 1)))
    return blocks
