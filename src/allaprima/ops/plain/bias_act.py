"""Bias, activation, gain and clamp, each a step of its own.

Axes: n image, c channel; any further axes are rows and columns.
"""

from jaxtyping import Float
from torch import Tensor

from allaprima.ops.bias_act import ACTIVATIONS


def bias_act(
    x: Float[Tensor, "n c ..."],
    bias: Float[Tensor, "c"] | None = None,
    *,
    activation: str = "linear",
    gain: float | None = None,
    clamp: float | None = None,
) -> Float[Tensor, "n c ..."]:
    """Compute ``clamp(gain * activation(x + bias))``; arguments as of `allaprima.ops.bias_act`."""
    kind = ACTIVATIONS[activation]
    gain = kind.gain if gain is None else gain
    if bias is not None:
        x = x + bias.to(x.dtype).reshape([-1 if axis == 1 else 1 for axis in range(x.ndim)])
    x = kind.function(x)
    if gain != 1:
        x = x * gain
    return x if clamp is None else x.clamp(-clamp, clamp)
