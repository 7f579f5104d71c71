"""Bias, activation, gain and clamp, in this order and in one step.

The gain of ReLU is that of He et al. (2015), section 2.2, as in Progressive GAN (Karras et al. 2018), section 4.1;
leaky ReLU and swish have the same, and all others 1, in the reference tools.

Axes: n image, c channel; any further axes are rows and columns.
"""

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from allaprima.ops import kernels

LRELU_SLOPE = 0.2


class Activation(NamedTuple):
    """An activation, and the gain that gives unit variance out for unit variance in."""

    function: Callable[[Tensor], Tensor]
    gain: float
    slope: float | None = None  # of the negative side, where both sides are straight


ACTIVATIONS = {
    "linear": Activation(lambda x: x, 1.0, 1.0),
    "relu": Activation(F.relu, math.sqrt(2), 0.0),
    "lrelu": Activation(lambda x: F.leaky_relu(x, LRELU_SLOPE), math.sqrt(2), LRELU_SLOPE),
    "tanh": Activation(torch.tanh, 1.0),
    "sigmoid": Activation(torch.sigmoid, 1.0),
    "elu": Activation(F.elu, 1.0),
    "selu": Activation(F.selu, 1.0),
    "softplus": Activation(F.softplus, 1.0),
    "swish": Activation(lambda x: torch.sigmoid(x) * x, math.sqrt(2)),
}
"""By the names of the reference tools, each with its function, its gain, and its slope below 0 if that is straight."""


def bias_act(
    x: Float[Tensor, "n c ..."],
    bias: Float[Tensor, "c"] | None = None,
    *,
    activation: str = "linear",
    gain: float | None = None,
    clamp: float | None = None,
) -> Float[Tensor, "n c ..."]:
    """Compute ``clamp(gain * activation(x + bias))``. Differentiable to any order.

    Args:
        x: Feature maps.
        bias: One number a channel, added first.
        activation: A name in `ACTIVATIONS`.
        gain: Factor after the activation; None takes the activation's own.
        clamp: Bound of the absolute value of the output; None does not bound it.
    """
    kind = ACTIVATIONS[activation]
    gain = kind.gain if gain is None else gain
    if kind.slope is not None and gain > 0:
        if bias is None and kind.slope == 1 and gain == 1 and clamp is None:
            return x
        return _StraightSided.apply(x, bias, kind.slope, gain, clamp)  # type: ignore[no-any-return,no-untyped-call]
    if bias is not None:  # curved, or of a negative gain, after which the output does not tell the side of the kink
        x = x + _as_channels(bias, x)
    y = kind.function(x) * gain
    return y if clamp is None else y.clamp(-clamp, clamp)


def split_gain(activation: str, gain: float) -> tuple[float, float]:
    """Split ``gain`` into a factor before the bias and one after the activation.

    Where both sides of an activation are straight, a positive factor may as well be applied before it: to the weights
    of the convolution and to the bias, which are small, instead of to the feature maps.
    """
    return (gain, 1.0) if ACTIVATIONS[activation].slope is not None else (1.0, gain)


class _StraightSided(torch.autograd.Function):
    """Bias and an activation of two straight sides, with gain and clamp: its output alone tells the derivative.

    Plain autograd would keep three more tensors of this size; the second derivative is zero nearly everywhere.
    """

    @staticmethod
    def forward(ctx: Any, x: Tensor, bias: Tensor | None, slope: float, gain: float, clamp: float | None) -> Tensor:
        y = _bend(x, bias, slope, gain, clamp)
        ctx.save_for_backward(y)
        ctx.line = (slope, gain, clamp)
        ctx.bias_dtype = None if bias is None else bias.dtype
        return y

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, Tensor | None, None, None, None]:
        (y,) = ctx.saved_tensors
        grad = _Slopes.apply(grads[0], y, *ctx.line)  # type: ignore[no-untyped-call]
        others = [axis for axis in range(y.ndim) if axis != 1]
        grad_bias = grad.sum(others).to(ctx.bias_dtype) if ctx.needs_input_grad[1] else None
        return grad, grad_bias, None, None, None


class _Slopes(torch.autograd.Function):
    """Multiply by the derivative of `_StraightSided`: linear in the gradient, hence its own adjoint."""

    @staticmethod
    def forward(ctx: Any, grad: Tensor, y: Tensor, slope: float, gain: float, clamp: float | None) -> Tensor:
        ctx.save_for_backward(y)
        ctx.line = (slope, gain, clamp)
        return _multiply_slopes(grad, y, slope, gain, clamp)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, None, None, None, None]:
        (y,) = ctx.saved_tensors
        return _Slopes.apply(grads[0], y, *ctx.line), None, None, None, None  # type: ignore[no-untyped-call]


def _bend(x: Tensor, bias: Tensor | None, slope: float, gain: float, clamp: float | None) -> Tensor:
    if kernels.serve(x):
        from allaprima.ops.kernels.scaled_bias_act import evaluate

        return evaluate(x, None, None, bias, slope, gain, clamp)
    y = x.clone() if bias is None else x + _as_channels(bias, x)
    if slope != 1:
        F.leaky_relu_(y, slope)
    if gain != 1:
        y.mul_(gain)
    if clamp is not None:
        y.clamp_(-clamp, clamp)
    return y


def _multiply_slopes(grad: Tensor, y: Tensor, slope: float, gain: float, clamp: float | None) -> Tensor:
    if kernels.serve(grad):
        from allaprima.ops.kernels.scaled_bias_act import slopes

        return slopes(grad, None, None, y, slope, gain, clamp).x
    if slope != 1:
        grad = torch.ops.aten.leaky_relu_backward(grad, y, slope, False)
    if gain != 1:
        grad = grad * gain
    return grad if clamp is None else grad.masked_fill(y.abs() >= clamp, 0)


def _as_channels(bias: Tensor, x: Tensor) -> Tensor:
    return bias.to(x.dtype).reshape([-1 if axis == 1 else 1 for axis in range(x.ndim)])
