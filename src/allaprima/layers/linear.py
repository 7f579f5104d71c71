"""Linear layer with an equalised learning rate: Progressive GAN (Karras et al. 2018), section 4.1."""

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from allaprima.ops import bias_act


class EqualizedLinear(nn.Module):
    """Linear map whose weights are stored with unit variance and scaled at run time, so that all learn at one speed.

    Args:
        in_features: Size of the input.
        out_features: Size of the output.
        bias: Whether to add a bias.
        activation: Name in `allaprima.ops.ACTIVATIONS`.
        lr_multiplier: The layer learns at this multiple of the learning rate (0.01 in the mapping network).
        initial_bias: Value that every bias starts with.
    """

    def __init__(
        self,
        in_features: int,
        out_features: int,
        *,
        bias: bool = True,
        activation: str = "linear",
        lr_multiplier: float = 1.0,
        initial_bias: float = 0.0,
    ) -> None:
        super().__init__()
        self.activation = activation
        self.weight_gain = lr_multiplier / in_features**0.5
        self.bias_gain = lr_multiplier
        self.weight = nn.Parameter(torch.randn(out_features, in_features).div_(lr_multiplier))
        self.bias = nn.Parameter(torch.full((out_features,), initial_bias / lr_multiplier)) if bias else None

    def forward(self, x: Float[Tensor, "n i"]) -> Float[Tensor, "n o"]:
        """Map each row of ``x``."""
        weight = self.weight * self.weight_gain
        bias = None if self.bias is None else self.bias * self.bias_gain
        if self.activation == "linear":
            return F.linear(x, weight, bias)
        return bias_act(F.linear(x, weight), bias, activation=self.activation)
