"""The transposed convolution of the layers that enlarge, for few pixels and many channels: reading the kernels weighs.

oneDNN puts such kernels into an order of its own at each call, which takes up to as long as its products. Here the
kernels are read once, into one matrix for each tap; each is multiplied, and the results are added, shifted.

Axes: n image, i input channel, o output channel, h w rows and columns.
"""

import torch
from einops import rearrange
from jaxtyping import Float
from torch import Tensor

TAPS = 3


def transposed_conv2d(x: Float[Tensor, "n i h w"], weight: Float[Tensor, "o i 3 3"]) -> Float[Tensor, "n o h2 w2"]:
    """Let every pixel paint the kernel, at a distance of two pixels: [2h + 1, 2w + 1]. Not differentiable.

    Equal to PyTorch's ``conv_transpose2d`` of stride 2 with the first two axes of ``weight`` exchanged.

    Args:
        x: Feature maps, in any memory layout; the output has channels last.
        weight: Kernel of 3×3 taps.
    """
    n, i, h, w = x.shape
    o = weight.shape[0]
    pixels = rearrange(x, "n i h w -> (n h w) i")
    taps = torch.eye(TAPS**2, dtype=x.dtype) @ weight.reshape(o * i, TAPS**2).T  # the quickest way to transpose them
    painted = torch.matmul(pixels, taps.view(TAPS**2, o, i).transpose(1, 2)).view(TAPS, TAPS, n, h, w, o)
    return _overlaid(painted).permute(0, 3, 1, 2)


def _overlaid(painted: Float[Tensor, "3 3 n h w o"]) -> Float[Tensor, "n h2 w2 o"]:
    """The sum over taps k, l of what belongs to row 2h + k and column 2w + l."""
    _, _, n, h, w, o = painted.shape
    y = painted.new_empty(n, 2 * h + 1, 2 * w + 1, o)
    y[:, -1] = 0  # the only places that the first tap of their plane does not reach
    y[:, :, -1] = 0
    for row in (0, 1):
        for column in (0, 1):
            plane = y[:, row::2, column::2]
            plane[:, :h, :w] = painted[row, column]
            if row == 0:
                plane[:, 1:, :w] += painted[2, column]
            if column == 0:
                plane[:, :h, 1:] += painted[row, 2]
            if row == column == 0:
                plane[:, 1:, 1:] += painted[2, 2]
    return y
