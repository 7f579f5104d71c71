"""Filtered leaky ReLU in its steps: StyleGAN3 (Karras et al. 2021), section 3.1. The fine grid is whole in memory.

Axes: n image, c channel, h w rows and columns.
"""

import math

import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from allaprima.ops.bias_act import LRELU_SLOPE
from allaprima.ops.plain.bias_act import bias_act
from allaprima.ops.plain.upfirdn2d import upfirdn2d
from allaprima.ops.upfirdn2d import Padding


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
    """Bias, up-sample, bend, clamp, down-sample; arguments as of `allaprima.ops.filtered_lrelu`."""
    x = bias_act(x, bias)
    x = upfirdn2d(x, fu, up=up, padding=padding, gain=up**2)
    x = F.leaky_relu(x, slope) * gain
    if clamp is not None:
        x = x.clamp(-clamp, clamp)
    return upfirdn2d(x, fd, down=down)
