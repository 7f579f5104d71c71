"""3×3 convolutions by fewer multiplications: Lavin and Gray 2016, section 4; the matrices by Toom's and Cook's rule.

Tiles of 6×6 input pixels give 4×4 output pixels with 36 multiplications for each pair of channels, where the sum of the
definition takes 144. In between, every step is a product of matrices, which PyTorch does at a processor's full speed,
so that nothing has to be compiled. Float32 loses about one more digit than in the sum.

Axes: n image, i input channel, o output channel, h w rows and columns, p product of a tile, t tile.
"""

from collections.abc import Iterator
from typing import Any

import torch
import torch.nn.functional as F
from einops import rearrange
from jaxtyping import Float
from torch import Tensor

from allaprima.ops import winograd_compiled
from allaprima.ops.parts import parts
from allaprima.ops.toom_cook import INSIDE, OUTSIDE, Matrices, matrices, size_of

MOST_PADDING = 2
STRIP = 2**20  # numbers in the transformed tiles of one strip: 4 MB, for the caches; …
TILES = 256  # … but so many tiles at least, so that reading the kernels is worth while
SLICE = 5 * 2**19  # numbers in the transformed kernels of some output channels: 10 MB, where they serve one strip only
LONG_STRIP = 2**22  # of a strip whose products are added to a total as large as the kernels


def takes(x: Float[Tensor, "n i h w"], padding: int) -> bool:
    """Whether `winograd_conv2d` is defined for this padding, and there is something to compute."""
    return 0 <= padding <= MOST_PADDING and min(size_of(x, padding)) >= 1


def winograd_conv2d(
    x: Float[Tensor, "n i h w"], weight: Float[Tensor, "o i 3 3"], *, padding: int = 1
) -> Float[Tensor, "n o h2 w2"]:
    """Correlate with ``weight``. Differentiable to any order.

    Args:
        x: Feature maps, in any memory layout; the output has channels last.
        weight: Kernel of 3×3 taps.
        padding: Zeros around the image, 0 to 2.

    Returns:
        h2 = h + 2 * padding - 2, and w2 likewise.
    """
    y: Tensor = _Convolution.apply(x, weight, padding)  # type: ignore[no-untyped-call]
    return y


class _Convolution(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, padding: int) -> Tensor:
        ctx.save_for_backward(x, weight)
        ctx.padding = padding
        return _convolve(x, weight, padding)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, Tensor | None, None]:
        x, weight = ctx.saved_tensors
        grad_x = grad_weight = None
        if ctx.needs_input_grad[0]:
            grad_x = winograd_conv2d(grads[0], _turned(weight), padding=2 - ctx.padding)
        if ctx.needs_input_grad[1]:
            grad_weight = _WeightGradient.apply(x, grads[0], ctx.padding)  # type: ignore[no-untyped-call]
        return grad_x, grad_weight, None


class _WeightGradient(torch.autograd.Function):
    """Bilinear in the input and in the gradient of the output, as the convolution is: their derivatives are closed."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, grad: Tensor, padding: int) -> Tensor:
        ctx.save_for_backward(x, grad)
        ctx.padding = padding
        return _correlate(x, grad, padding)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, Tensor | None, None]:
        x, grad = ctx.saved_tensors
        grad_x = grad_grad = None
        if ctx.needs_input_grad[0]:
            grad_x = winograd_conv2d(grad, _turned(grads[0]), padding=2 - ctx.padding)
        if ctx.needs_input_grad[1]:
            grad_grad = winograd_conv2d(x, grads[0], padding=ctx.padding)
        return grad_x, grad_grad, None


def _turned(weight: Float[Tensor, "o i 3 3"]) -> Float[Tensor, "i o 3 3"]:
    """The kernel of the adjoint."""
    return weight.flip(2, 3).transpose(0, 1)


def _convolve(x: Tensor, weight: Tensor, padding: int) -> Tensor:
    found = winograd_compiled.convolve(x, weight, padding)
    if found is not None:
        return found
    to = matrices(x.dtype)
    tiles, (o, i) = _tiles(x, padding), weight.shape[:2]
    n, rows, columns = tiles.shape[2:5]
    y = x.new_empty(n, rows * OUTSIDE, columns * OUTSIDE, o)
    blocks = _blocks(y)
    every_strip = list(_strips(tiles, max(TILES, STRIP // (len(to.kernel) * max(i, o)))))
    slices = parts(o, SLICE // (len(to.kernel) * i) if len(every_strip) == 1 else o)
    every = _kernels(weight, to) if len(every_strip) > 1 else None
    for strip in every_strip:
        transformed = (to.input @ tiles[strip].reshape(INSIDE**2, -1)).view(len(to.kernel), -1, i)
        for part in slices:
            products = torch.bmm(transformed, _kernels_once(weight[part], to) if every is None else every)
            block = blocks[strip][..., part]
            block.copy_((to.output @ products.view(len(to.kernel), -1)).view(block.shape))
            del products  # before the next kernels
    height, width = size_of(x, padding)
    return y[:, :height, :width].permute(0, 3, 1, 2)


def _kernels(weight: Float[Tensor, "o i 3 3"], to: Matrices) -> Float[Tensor, "p i o"]:
    """The transformed kernels, in the order in which many products read them quickest."""
    o, i = weight.shape[:2]
    return (to.kernel @ weight.transpose(0, 1).reshape(i * o, 9).T).view(-1, i, o)


def _kernels_once(weight: Float[Tensor, "o i 3 3"], to: Matrices) -> Float[Tensor, "p i o"]:
    """The same as a view of the order in which they are stored: for one use, reordering costs more than it saves."""
    o, i = weight.shape[:2]
    return (to.kernel @ weight.reshape(o * i, 9).T).view(-1, o, i).transpose(1, 2)


def _correlate(x: Tensor, grad: Tensor, padding: int) -> Tensor:
    """The gradient of the kernel, from the input and the output's gradient."""
    found = winograd_compiled.correlate(x, grad, padding)
    if found is not None:
        return found
    to = matrices(x.dtype)
    tiles, i, o = _tiles(x, padding), x.shape[1], grad.shape[1]
    _, rows, columns = tiles.shape[2:5]
    margins = (0, 0, 0, columns * OUTSIDE - grad.shape[3], 0, rows * OUTSIDE - grad.shape[2])
    blocks = _blocks(F.pad(grad.permute(0, 2, 3, 1), margins).contiguous())
    total = x.new_zeros(len(to.kernel), o, i)
    for strip in _strips(tiles, LONG_STRIP // (len(to.kernel) * max(i, o))):
        transformed = (to.input @ tiles[strip].reshape(INSIDE**2, -1)).view(len(to.kernel), -1, i)
        grads = (to.output.T @ blocks[strip].reshape(OUTSIDE**2, -1)).view(len(to.kernel), -1, o)
        total.baddbmm_(grads.transpose(1, 2), transformed)
    return (to.kernel.T @ total.view(len(to.kernel), -1)).T.reshape(o, i, 3, 3)


def _tiles(x: Float[Tensor, "n i h w"], padding: int) -> Tensor:
    """Every tile's pixels, overlapping: [row, column, image, row of tiles, column of tiles, channel]. A view."""
    height, width = (-(-size // OUTSIDE) * OUTSIDE + 2 for size in size_of(x, padding))
    margins = (0, 0, padding, width - x.shape[3] - padding, padding, height - x.shape[2] - padding)
    padded = F.pad(x.permute(0, 2, 3, 1), margins).contiguous()
    return padded.unfold(1, INSIDE, OUTSIDE).unfold(2, INSIDE, OUTSIDE).permute(4, 5, 0, 1, 2, 3)


def _blocks(y: Float[Tensor, "n h w o"]) -> Tensor:
    """The pixels of the tiles of the output, which do not overlap, in the order of `_tiles`. A view."""
    return rearrange(y, "n (h r) (w s) o -> r s n h w o", r=OUTSIDE, s=OUTSIDE)


def _strips(tiles: Tensor, wanted: int) -> Iterator[tuple[slice, ...]]:
    """Parts of about so many tiles: some rows of one image, or some images."""
    n, rows, columns = tiles.shape[2:5]
    everything = slice(None)
    for images in parts(n, wanted // (rows * columns)):
        for row in parts(rows, wanted // columns):
            yield (everything, everything, images, row)
