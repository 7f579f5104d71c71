"""Linear layer with an equalised learning rate: Progressive GAN (Karras et al. 2018), section 4.1."""

import torch
from jaxtyping import Float
from torch import Tensor, nn

from allaprima.ops import bias_act, scaled_linear


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
        if self.activation == "linear":
            return scaled_linear(x, self.weight, self.bias, gain=self.weight_gain, bias_gain=self.bias_gain)
        bias = None if self.bias is None else self.bias * self.bias_gain
        return bias_act(scaled_linear(x, self.weight, gain=self.weight_gain), bias, activation=self.activation)
