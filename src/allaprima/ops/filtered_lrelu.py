"""Leaky ReLU that makes no aliases: StyleGAN3 (Karras et al. 2021), section 3.1, "filtered nonlinearity".

A kink creates frequencies that the grid cannot hold. So the image is up-sampled, bent on the finer grid, low-pass
filtered and down-sampled.

Axes: n image, c channel, h w rows and columns. Paddings are (top, bottom, left, right), as in
`allaprima.ops.upfirdn2d`.
"""

import math
from typing import Any, NamedTuple

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from allaprima.ops.bias_act import LRELU_SLOPE
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
    if bias is not None:
        x = x + bias.to(x.dtype)[:, None, None]
    tap = torch.ones(1, 1, device=x.device)
    refine = Plan((up, up), (1, 1), as_margins(padding), False, gain * up**2)  # a positive gain may as well come early
    coarsen = Plan((1, 1), (down, down), (0, 0, 0, 0), False, 1.0)
    filters = (tap if fu is None else fu, tap if fd is None else fd)
    y: Tensor = _FilteredLrelu.apply(x, *filters, Steps(refine, coarsen), slope, clamp)  # type: ignore[no-untyped-call]
    return y


class Steps(NamedTuple):
    """What comes before and after the pointwise step."""

    before: Plan
    after: Plan


class _FilteredLrelu(torch.autograd.Function):
    """Of the fine grid, which is four times as large, one byte a number is kept: which side, and whether clamped."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, fu: Tensor, fd: Tensor, steps: Steps, slope: float, clamp: float | None) -> Tensor:
        fine = apply_plan(x, fu, steps.before)
        size = fine.shape
        side = (fine > 0).to(torch.int8).mul_(2).sub_(1) if ctx.needs_input_grad[0] else None
        F.leaky_relu_(fine, slope)
        if clamp is not None:
            if side is not None:
                side.mul_(fine < clamp).mul_(fine > -clamp)
            fine.clamp_(-clamp, clamp)
        y = apply_plan(fine, fd, steps.after)
        if side is not None:
            ctx.save_for_backward(fu, fd, side)
            taps = [(f.shape[0], f.shape[-1]) for f in (fu, fd)]
            ctx.adjoint = Steps(
                steps.after.adjoint(size, y.shape, taps[1]),
                steps.before.adjoint(x.shape, size, taps[0]),
            )
            ctx.forward_steps, ctx.slope = steps, slope
        return y

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, None, None, None, None, None]:
        fu, fd, side = ctx.saved_tensors
        grad = _Slopes.apply(grads[0], fd, fu, side, ctx.slope, ctx.adjoint, ctx.forward_steps)  # type: ignore[no-untyped-call]
        return grad, None, None, None, None, None


class _Slopes(torch.autograd.Function):
    """The derivative: filter, multiply by the slope at each place, filter. Linear, its adjoint of the same form."""

    @staticmethod
    def forward(
        ctx: Any, grad: Tensor, f1: Tensor, f2: Tensor, side: Tensor, slope: float, steps: Steps, adjoint: Steps
    ) -> Tensor:
        ctx.save_for_backward(f1, f2, side)
        ctx.slope, ctx.steps, ctx.adjoint = slope, steps, adjoint
        fine = apply_plan(grad, f1, steps.before)
        fine.mul_(F.leaky_relu_(side.to(fine.dtype), slope).abs_())  # sides 1, -1 and, clamped, 0 → 1, slope and 0
        return apply_plan(fine, f2, steps.after)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, None, None, None, None, None, None]:
        f1, f2, side = ctx.saved_tensors
        grad = _Slopes.apply(grads[0], f2, f1, side, ctx.slope, ctx.adjoint, ctx.steps)  # type: ignore[no-untyped-call]
        return grad, None, None, None, None, None, None
