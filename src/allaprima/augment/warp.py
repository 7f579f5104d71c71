"""The geometric warp: ADA (Karras et al. 2020), appendix B.

Reflect beyond the edges, double the resolution with a wavelet's low-pass filter, sample bilinearly where the
transformation points, halve the resolution with the same filter turned round.

Axes: n image, c channel, h w rows and columns; 3×3 matrix; the grid holds (x, y).
"""

import math
from typing import Any, NamedTuple

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from allaprima.augment.resampling import AxisMap, resample
from allaprima.augment.wavelet import BEYOND, FILTERED, REACH, SAMPLED, doubling, halving


class Margins(NamedTuple):
    """Pixels that a warp takes from beyond each edge."""

    left: int
    right: int
    top: int
    bottom: int


def warp(images: Float[Tensor, "n c h w"], inverse: Float[Tensor, "n 3 3"]) -> Float[Tensor, "n c h w"]:
    """Transform each image by its matrix (see `allaprima.augment.geometry`). Differentiable twice in the images.

    Args:
        images: Of any size.
        inverse: Where each pixel comes from, in pixels from the centre; constants, on any device.
    """
    height, width = images.shape[2:]
    margins = needed_margins(inverse, (height, width))
    grid = sampling_grid(inverse, (height, width), margins).to(images)
    rows = AxisMap(doubling(height, margins.top, margins.bottom), images)
    columns = AxisMap(doubling(width, margins.left, margins.right), images)
    doubled: Tensor = _Sample.apply(resample(images, rows, columns), grid)  # type: ignore[no-untyped-call]
    return resample(doubled, AxisMap(halving(height), images), AxisMap(halving(width), images))


def needed_margins(inverse: Float[Tensor, "n 3 3"], size: tuple[int, int]) -> Margins:
    """Margins for the batch: as far as a corner falls outside, but no further than one reflection of the image.

    Deviation: the original has none where an image of one pixel cannot be reflected, and less than the filters need
    where it has less than seven. It also takes what the filters need before the transformation, not after it, so that
    an image that shrinks depends a little (4e-7) on how far its neighbours in the batch reach; here on nothing.
    """
    height, width = size
    x, y = (width - 1) / 2, (height - 1) / 2
    far_x, far_y = x + SAMPLED, y + SAMPLED
    corners = inverse.new_tensor([[-far_x, far_x, far_x, -far_x], [-far_y, -far_y, far_y, far_y], [1, 1, 1, 1]])
    reached = (inverse[:, :2] @ corners).transpose(0, 1).flatten(1)
    (left, top), (right, bottom) = (-reached.amin(dim=1)).tolist(), reached.amax(dim=1).tolist()

    def pixels(distance: float, half: float, length: int) -> int:
        return math.ceil(min(max(distance - half + FILTERED, 0), max(length - 1, REACH)))

    return Margins(pixels(left, x, width), pixels(right, x, width), pixels(top, y, height), pixels(bottom, y, height))


def sampling_grid(
    inverse: Float[Tensor, "n 3 3"], size: tuple[int, int], margins: Margins
) -> Float[Tensor, "n h2 w2 2"]:
    """Where each sample of the doubled output lies in the doubled, padded image, as `grid_sample` counts.

    Doubling by a filter of even length moves the image by half a sample; hence the two halves.
    """
    height, width = size
    x = _centred(width, inverse)
    y = _centred(height, inverse)
    padded = inverse.new_tensor([width + margins.left + margins.right, height + margins.top + margins.bottom])
    shift = inverse.new_tensor([margins.left - margins.right, margins.top - margins.bottom])
    of_x, of_y, constant = (inverse[:, :2] / padded[:, None]).unbind(dim=-1)  # each [n 2]
    constant = 2 * constant + (shift - 0.5) / padded
    rows = y[:, None] * of_y[:, None] + constant[:, None]  # [n h2 2]
    return torch.addcmul(rows[:, :, None], x[:, None], of_x[:, None, None])


def _centred(length: int, like: Tensor) -> Tensor:
    """Samples of the doubled output, from the centre and half a sample before it."""
    return torch.arange(2 * (length + BEYOND)).to(like) - (length + BEYOND - 1)


class _Sample(torch.autograd.Function):
    """Bilinear sampling, zero outside: linear in the image, so that its second derivative is itself.

    PyTorch's own has no second derivative. The grid is a constant.
    """

    @staticmethod
    def forward(ctx: Any, image: Tensor, grid: Tensor) -> Tensor:
        ctx.save_for_backward(grid)
        ctx.shape = image.shape
        return F.grid_sample(image, grid, mode="bilinear", padding_mode="zeros", align_corners=False)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, None]:
        (grid,) = ctx.saved_tensors
        return _Unsample.apply(grads[0], grid, ctx.shape), None  # type: ignore[no-untyped-call]


class _Unsample(torch.autograd.Function):
    """The adjoint of `_Sample`."""

    @staticmethod
    def forward(ctx: Any, grad: Tensor, grid: Tensor, shape: torch.Size) -> Tensor:
        ctx.save_for_backward(grid)
        image = grad.new_zeros(()).expand(shape)  # its values matter for the gradient of the grid only
        gradients = torch.ops.aten.grid_sampler_2d_backward(grad, image, grid, 0, 0, False, (True, False))
        return gradients[0]  # type: ignore[no-any-return]

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, None, None]:
        (grid,) = ctx.saved_tensors
        return _Sample.apply(grads[0], grid), None, None  # type: ignore[no-untyped-call]
