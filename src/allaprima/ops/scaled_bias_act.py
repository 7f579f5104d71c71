"""What follows a modulated convolution, in one step: scale, noise, bias, activation, gain and clamp.

Modulation and demodulation are scales of the channels of each image (StyleGAN2, section 2.2), noise is added to all
channels alike (StyleGAN, section 2). On a processor this is one operation after the other; on a GPU it is one pass over
memory, and its derivative another.

Axes: n image, c channel, h w rows and columns.
"""

from typing import Any

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor
from torch.autograd import Function

from allaprima.ops import fast, kernels
from allaprima.ops.bias_act import ACTIVATIONS, bias_act


def scaled_bias_act(
    x: Float[Tensor, "n c h w"],
    scale: Float[Tensor, "n c"] | None = None,
    noise: Float[Tensor, "#n 1 h w"] | None = None,
    bias: Float[Tensor, "c"] | None = None,
    *,
    activation: str = "linear",
    gain: float | None = None,
    clamp: float | None = None,
) -> Float[Tensor, "n c h w"]:
    """Compute ``clamp(gain * activation(x * scale + noise + bias))``. Differentiable to any order.

    Args:
        x: Feature maps.
        scale: Factor on each channel, per image.
        noise: Added to every channel, one map an image or one for all.
        bias: One number a channel.
        activation: A name in `ACTIVATIONS`.
        gain: Factor after the activation; None takes the activation's own.
        clamp: Bound of the absolute value of the output; None does not bound it.
    """
    kind = ACTIVATIONS[activation]
    own_gain = kind.gain if gain is None else gain
    if kind.slope is not None and own_gain > 0 and kernels.serve(x):
        line = (kind.slope, own_gain, clamp)
        return _ScaledBiasAct.apply(x, scale, noise, bias, *line)  # type: ignore[no-any-return,no-untyped-call]
    if scale is not None:
        x = x * scale.to(x.dtype)[:, :, None, None]
    if noise is not None:
        x = x + noise.to(x.dtype)
    return bias_act(x, bias, activation=activation, gain=gain, clamp=clamp)


def scaled_bias_act_(
    x: Float[Tensor, "n c h w"],
    scale: Float[Tensor, "n c"] | None = None,
    noise: Float[Tensor, "#n 1 h w"] | None = None,
    bias: Float[Tensor, "c"] | None = None,
    *,
    activation: str = "linear",
    gain: float | None = None,
    clamp: float | None = None,
) -> Float[Tensor, "n c h w"]:
    """As `scaled_bias_act`; where no gradient is wanted, ``x`` may be overwritten.

    In place, it takes a CPU a third of the time, as no step needs new memory.
    """
    kind = ACTIVATIONS[activation]
    gain = kind.gain if gain is None else gain
    records = torch.is_grad_enabled() or torch.compiler.is_compiling()
    if records or x.device.type != "cpu" or x.dtype != torch.float32 or kind.slope is None or gain <= 0:
        return scaled_bias_act(x, scale, noise, bias, activation=activation, gain=gain, clamp=clamp)
    if fast.serves(x, scale, noise, bias) and fast.fits(x, scale, noise, bias) and (clamp is None or clamp >= 0):
        fast.bend_(x, scale, noise, bias, slope=kind.slope, gain=gain, clamp=clamp)
        return x
    if scale is not None:
        torch.addcmul(x.new_zeros(()) if bias is None else bias[:, None, None], x, scale[:, :, None, None], out=x)
    elif bias is not None:
        x.add_(bias[:, None, None])
    if noise is not None:
        x.add_(noise)
    if kind.slope != 1:
        F.leaky_relu_(x, kind.slope)
    if gain != 1:
        x.mul_(gain)
    return x if clamp is None else x.clamp_(-clamp, clamp)


class _ScaledBiasAct(Function):
    """The output tells the slopes, as in `bias_act`; the input is kept where the scale wants a gradient."""

    @staticmethod
    def forward(
        ctx: Any,
        x: Tensor,
        scale: Tensor | None,
        noise: Tensor | None,
        bias: Tensor | None,
        slope: float,
        gain: float,
        clamp: float | None,
    ) -> Tensor:
        from allaprima.ops.kernels.scaled_bias_act import evaluate

        y = evaluate(x, scale, noise, bias, slope, gain, clamp)
        straight = slope == 1 and clamp is None
        ctx.save_for_backward(x if ctx.needs_input_grad[1] else None, scale, None if straight else y)
        ctx.line = (slope, gain, clamp)
        ctx.wants = ctx.needs_input_grad[1:4]
        ctx.dtypes = [None if t is None else t.dtype for t in (scale, noise, bias)]
        ctx.noises = 0 if noise is None else len(noise)
        return y

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        x, scale, y = ctx.saved_tensors
        grad = _Slopes.apply(grads[0], x, scale, y, ctx.line, ctx.wants)  # type: ignore[no-untyped-call]
        by_x, by_scale, by_noise, by_bias = grad
        if by_noise is not None and ctx.noises < len(by_noise):
            by_noise = by_noise.sum(0, keepdim=True)
        sums = [
            None if g is None else g.to(dtype)
            for g, dtype in zip((by_scale, by_noise, by_bias), ctx.dtypes, strict=True)
        ]
        return (by_x, *sums, None, None, None)


class _Slopes(Function):
    """The gradients of x, scale, noise and bias: linear in the gradient of the output, in x and in the scale."""

    @staticmethod
    def forward(
        ctx: Any,
        grad: Tensor,
        x: Tensor | None,
        scale: Tensor | None,
        y: Tensor | None,
        line: tuple[float, float, float | None],
        wants: tuple[bool, bool, bool],
    ) -> tuple[Tensor | None, ...]:
        from allaprima.ops.kernels.scaled_bias_act import slopes

        ctx.save_for_backward(grad, x, scale, y)
        ctx.line = line
        ctx.set_materialize_grads(False)
        by_scale, by_noise, by_bias = wants
        return tuple(
            slopes(grad, x, scale, y, *line, scale_gradient=by_scale, noise_gradient=by_noise, bias_gradient=by_bias)
        )

    @staticmethod
    def backward(ctx: Any, *seconds: Tensor | None) -> tuple[Tensor | None, ...]:
        grad, x, scale, y = ctx.saved_tensors
        by_x, by_scale, by_noise, by_bias = seconds
        parts = [] if by_x is None else [by_x if scale is None else by_x * _as_channels(scale, grad)]
        parts += [] if by_scale is None else [x * _as_channels(by_scale, grad)]
        parts += [] if by_noise is None else [by_noise.to(grad.dtype)]
        parts += [] if by_bias is None else [_as_channels(by_bias[None], grad)]
        to_grad = to_x = to_scale = None
        if ctx.needs_input_grad[0] and parts:
            total = sum(parts[1:], start=parts[0]).expand_as(grad)
            to_grad = _bent(total, y, ctx.line)
        if ctx.needs_input_grad[1] and by_scale is not None:
            to_x = _bent(grad * _as_channels(by_scale, grad), y, ctx.line)
        if ctx.needs_input_grad[2] and by_x is not None:
            to_scale = (_bent(grad, y, ctx.line) * by_x).sum((2, 3), dtype=scale.dtype)
        return to_grad, to_x, to_scale, None, None, None


def _bent(grad: Tensor, y: Tensor | None, line: tuple[float, float, float | None]) -> Tensor:
    """``grad`` times the slope at each place; differentiable."""
    product: Tensor = _Slopes.apply(grad, None, None, y, line, (False, False, False))[0]  # type: ignore[no-untyped-call]
    return product


def _as_channels(scale: Tensor, x: Tensor) -> Tensor:
    return scale.to(x.dtype)[:, :, None, None]
