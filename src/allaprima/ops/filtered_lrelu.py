"""Leaky ReLU that makes no aliases: StyleGAN3 (Karras et al. 2021), section 3.1, "filtered nonlinearity".

A kink creates frequencies that the grid cannot hold. So the image is up-sampled, bent on the finer grid, low-pass
filtered and down-sampled.

Axes: n image, c channel, h w rows and columns. Paddings are (top, bottom, left, right), as in
`allaprima.ops.upfirdn2d`.
"""

import math
from typing import Any

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from allaprima.ops import kernels
from allaprima.ops.bias_act import LRELU_SLOPE
from allaprima.ops.strips import Pointwise, Steps, in_strips, size_after, suits
from allaprima.ops.upfirdn2d import Padding, Plan, apply_plan, as_margins


def filtered_lrelu(
    x: Float[Tensor, "n c h w"],
    fu: Tensor | None,
    fd: Tensor | None,
    bias: Float[Tensor, "c"] | None = None,
    *,
    up: int = 1,
    down: int = 1,
    padding: Padding = 0,
    gain: float = math.sqrt(2),
    slope: float = LRELU_SLOPE,
    clamp: float | None = None,
) -> Float[Tensor, "n c h2 w2"]:
    """Add the bias, up-sample, compute ``clamp(gain * lrelu(x))``, down-sample. Differentiable to any order.

    Args:
        x: Feature maps.
        fu: Filter of the up-sampling, [k, l] or [taps] for both axes; None for the single tap 1. A constant.
        fd: Filter of the down-sampling, likewise.
        bias: One number a channel, added first.
        up: Factor of up-sampling, which keeps the brightness.
        down: Factor of down-sampling.
        padding: With respect to the up-sampled image; negative values crop.
        gain: Factor after the activation, more than 0.
        slope: Of the negative side.
        clamp: Bound of the absolute value on the fine grid; None does not bound it.

    Returns:
        Of the size that `upfirdn2d` with ``fu``, ``up`` and ``padding``, then one with ``fd`` and ``down`` would give.
    """
    assert gain > 0, gain
    tap = torch.ones(1, 1, device=x.device)
    refine = Plan((up, up), (1, 1), as_margins(padding), False, gain * up**2)  # a positive gain may as well come early
    coarsen = Plan((1, 1), (down, down), (0, 0, 0, 0), False, 1.0)
    filters = (tap if fu is None else fu, tap if fd is None else fd)
    y: Tensor = _FilteredLrelu.apply(x, bias, *filters, Steps(refine, coarsen), slope, clamp)  # type: ignore[no-untyped-call]
    return y


class _FilteredLrelu(torch.autograd.Function):
    """Of the fine grid, which is four times as large, one byte a number is kept: which side, and whether clamped."""

    @staticmethod
    def forward(
        ctx: Any,
        x: Tensor,
        bias: Tensor | None,
        fu: Tensor,
        fd: Tensor,
        steps: Steps,
        slope: float,
        clamp: float | None,
    ) -> Tensor:
        size = torch.Size((*x.shape[:2], *size_after(x.shape, fu, steps.before)))
        keep, fused = any(ctx.needs_input_grad[:2]), kernels.filtered_lrelu_of(x, (fu, fd), steps)
        sides = _empty_sides(x, size, steps) if keep and fused is None else None

        def bend(fine: Tensor, side: Tensor | None) -> None:
            if side is not None:
                side.copy_(fine > 0).mul_(2).sub_(1)
            F.leaky_relu_(fine, slope)
            if clamp is not None:
                if side is not None:
                    side.mul_(fine < clamp).mul_(fine > -clamp)
                fine.clamp_(-clamp, clamp)

        if fused is None:
            y = _evaluate(x, bias, (fu, fd), steps, bend, sides)
        else:
            y, sides = fused.bend(x, bias, fu, fd, steps, slope, clamp, keep_side=keep)
        if sides is not None:
            ctx.save_for_backward(fu, fd, sides)
            taps = [(f.shape[0], f.shape[-1]) for f in (fu, fd)]
            ctx.adjoint = Steps(
                steps.after.adjoint(size, y.shape, taps[1]),
                steps.before.adjoint(x.shape, size, taps[0]),
            )
            ctx.forward_steps, ctx.slope, ctx.bias_dtype = steps, slope, None if bias is None else bias.dtype
        return y

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, Tensor | None, None, None, None, None, None]:
        fu, fd, sides = ctx.saved_tensors
        grad = _Slopes.apply(grads[0], fd, fu, sides, ctx.slope, ctx.adjoint, ctx.forward_steps)  # type: ignore[no-untyped-call]
        of_bias = grad.sum((0, 2, 3)).to(ctx.bias_dtype) if ctx.needs_input_grad[1] else None
        return grad, of_bias, None, None, None, None, None


class _Slopes(torch.autograd.Function):
    """The derivative: filter, multiply by the slope at each place, filter. Linear, its adjoint of the same form."""

    @staticmethod
    def forward(
        ctx: Any, grad: Tensor, f1: Tensor, f2: Tensor, sides: Tensor, slope: float, steps: Steps, adjoint: Steps
    ) -> Tensor:
        ctx.save_for_backward(f1, f2, sides)
        ctx.slope, ctx.steps, ctx.adjoint = slope, steps, adjoint

        fused = kernels.filtered_lrelu_of(grad, (f1, f2), steps)
        if fused is not None:
            product: Tensor = fused.multiply_slopes(grad, f1, f2, sides, slope, steps)
            return product

        def scale(fine: Tensor, side: Tensor | None) -> None:
            assert side is not None
            fine.mul_(F.leaky_relu_(side.to(fine.dtype), slope).abs_())  # sides 1, -1 and, clamped, 0 → 1, slope and 0

        return _evaluate(grad, None, (f1, f2), steps, scale, sides)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, None, None, None, None, None, None]:
        f1, f2, sides = ctx.saved_tensors
        grad = _Slopes.apply(grads[0], f2, f1, sides, ctx.slope, ctx.adjoint, ctx.steps)  # type: ignore[no-untyped-call]
        return grad, None, None, None, None, None, None


def _empty_sides(x: Tensor, size: torch.Size, steps: Steps) -> Tensor:
    channels_last = not suits(x, steps) and x.is_contiguous(memory_format=torch.channels_last)
    layout = torch.channels_last if channels_last else torch.contiguous_format
    return torch.empty(size, dtype=torch.int8, device=x.device, memory_format=layout)


def _evaluate(
    x: Tensor,
    bias: Tensor | None,
    filters: tuple[Tensor, Tensor],
    steps: Steps,
    pointwise: Pointwise,
    sides: Tensor | None,
) -> Tensor:
    """In strips, or all at once."""
    if suits(x, steps) and (sides is None or sides.is_contiguous()):
        return in_strips(x, bias, filters, steps, pointwise, sides)
    x = x if bias is None else x + bias.to(x.dtype)[:, None, None]
    fine = apply_plan(x, filters[0], steps.before)
    pointwise(fine, sides)
    return apply_plan(fine, filters[1], steps.after)
