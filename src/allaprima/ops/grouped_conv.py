"""Grouped convolution whose derivatives, of any order, are grouped convolutions too.

PyTorch's own second derivative loops over the groups: with 96 of them, thousands of calls in one gradient penalty.
A convolution is linear in the image and in the kernel, so it has three faces, and the derivative of each are the
other two.

Axes: n image, i input channel, o output channel, g input channels of a group, k kernel, h w rows and columns.
"""

from typing import Any

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor
from torch.nn.grad import conv2d_weight


def grouped_conv2d(
    x: Float[Tensor, "n i h w"], weight: Float[Tensor, "o g k k"], *, groups: int
) -> Float[Tensor, "n o h w"]:
    """Correlate each of ``groups`` equal groups of channels of ``x`` with its part of ``weight``; k odd, size kept."""
    y: Tensor = _Convolution.apply(x, weight, groups)  # type: ignore[no-untyped-call]
    return y


class _Convolution(torch.autograd.Function):
    """Image and kernel → image."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, groups: int) -> Tensor:
        ctx.save_for_backward(x, weight)
        ctx.groups = groups
        return F.conv2d(x, weight, padding=weight.shape[-1] // 2, groups=groups)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, Tensor | None, None]:
        x, weight = ctx.saved_tensors
        to_x, to_weight, _ = ctx.needs_input_grad
        return (
            _ToImage.apply(grads[0], weight, ctx.groups) if to_x else None,  # type: ignore[no-untyped-call]
            _ToKernel.apply(x, grads[0], weight.shape, ctx.groups) if to_weight else None,  # type: ignore[no-untyped-call]
            None,
        )


class _ToImage(torch.autograd.Function):
    """Gradient of the output and kernel → gradient of the image."""

    @staticmethod
    def forward(ctx: Any, y: Tensor, weight: Tensor, groups: int) -> Tensor:
        ctx.save_for_backward(y, weight)
        ctx.groups = groups
        return F.conv_transpose2d(y, weight, padding=weight.shape[-1] // 2, groups=groups)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, Tensor | None, None]:
        y, weight = ctx.saved_tensors
        to_y, to_weight, _ = ctx.needs_input_grad
        return (
            _Convolution.apply(grads[0], weight, ctx.groups) if to_y else None,  # type: ignore[no-untyped-call]
            _ToKernel.apply(grads[0], y, weight.shape, ctx.groups) if to_weight else None,  # type: ignore[no-untyped-call]
            None,
        )


class _ToKernel(torch.autograd.Function):
    """Image and gradient of the output → gradient of the kernel."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, y: Tensor, shape: torch.Size, groups: int) -> Tensor:
        ctx.save_for_backward(x, y)
        ctx.groups = groups
        return conv2d_weight(x, shape, y, padding=shape[-1] // 2, groups=groups)  # type: ignore[no-any-return,no-untyped-call]

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, Tensor | None, None, None]:
        x, y = ctx.saved_tensors
        to_x, to_y = ctx.needs_input_grad[:2]
        return (
            _ToImage.apply(y, grads[0], ctx.groups) if to_x else None,  # type: ignore[no-untyped-call]
            _Convolution.apply(x, grads[0], ctx.groups) if to_y else None,  # type: ignore[no-untyped-call]
            None,
            None,
        )
