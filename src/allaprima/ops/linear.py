"""Linear map with factors on its weights and its bias: the equalised learning rate of Progressive GAN, section 4.1."""

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from allaprima.ops import fast


def scaled_linear(
    x: Float[Tensor, "n i"],
    weight: Float[Tensor, "o i"],
    bias: Float[Tensor, "o"] | None = None,
    *,
    gain: float = 1.0,
    bias_gain: float = 1.0,
) -> Float[Tensor, "n o"]:
    """Map each row of ``x``.

    Args:
        x: Rows.
        weight: Of each output, a factor for each input.
        bias: Is added to each row.
        gain: Factor on the weights.
        bias_gain: Factor on the bias.
    """
    learns = torch.is_grad_enabled() and any(t is not None and t.requires_grad for t in (x, weight, bias))
    if not learns and fast.serves_rows(x, weight, bias):
        return fast.map_rows(x, weight, bias, gain=gain, bias_gain=bias_gain)
    if gain != 1:
        weight = weight * gain
    if bias is not None and bias_gain != 1:
        bias = bias * bias_gain
    return F.linear(x, weight, bias)
