"""Linear map with factors on its weights and its bias: the equalised learning rate of Progressive GAN, section 4.1."""

import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from allaprima.ops import fast
from allaprima.ops.kept_kernels import in_force


def scaled_linear(
    x: Float[Tensor, "n i"],
    weight: Float[Tensor, "o i"],
    bias: Float[Tensor, "o"] | None = None,
    *,
    gain: float = 1.0,
    bias_gain: float = 1.0,
) -> Float[Tensor, "n o"]:
    """Map each row of ``x``; where a store of kept kernels is in force, few rows are mapped by a compiled pass.

    Args:
        x: Rows.
        weight: Of each output, a factor for each input.
        bias: Is added to each row.
        gain: Factor on the weights.
        bias_gain: Factor on the bias.
    """
    if in_force(weight) is not None and fast.serves_rows(x, weight, bias):
        return fast.map_rows(x, weight, bias, gain=gain, bias_gain=bias_gain)
    if in_force(weight) is not None:  # then a row costs less than the weights do
        return F.linear(x * gain, weight, None if bias is None else bias * bias_gain)
    if gain != 1:
        weight = weight * gain
    if bias is not None and bias_gain != 1:
        bias = bias * bias_gain
    return F.linear(x, weight, bias)
