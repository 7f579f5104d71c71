"""The linear layers that read a generator's styles, whatever its architecture; found by watching it paint."""

from copy import deepcopy
from functools import partial
from typing import Any, NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor, nn


class StyleReader(NamedTuple):
    """A linear layer of w.

    Attributes:
        name: As in the state dict.
        row: Of ``ws``, which it reads.
        matrix: A of style = A w + b, float64 on the CPU. It is what the layer does, with its gains.
    """

    name: str
    row: int
    matrix: Float[Tensor, "o d"]


@torch.no_grad()
def style_readers(G: Any) -> list[StyleReader]:
    """The layers that read a style directly, in the order in which they do.

    They are the affine maps before modulation or AdaIN, those of ToRGB among them, StyleGAN3's rotation and shift, and
    the first layer of a generator without styles. A fixed factor after a map is the constant of the convolution that it
    scales, and not in the matrix: numbers of all styles are scales of channels, and weigh alike.

    A layer that does not paint, as one that the network has not grown to, reads nothing. Nor is there the one layer of
    some `LucidrainsGenerator` that reads the mean of all styles.
    """
    device = next(G.parameters()).device
    probe = torch.randn(1, G.num_ws, G.w_dim, generator=torch.Generator().manual_seed(0)).to(device)
    found: list[StyleReader] = []

    def watch(name: str, module: nn.Module, inputs: tuple[Any, ...]) -> None:
        x = inputs[0] if inputs else None
        if isinstance(x, Tensor) and x.shape == (1, G.w_dim):
            rows = [row for row in range(G.num_ws) if torch.equal(x, probe[:, row])]
            found.extend(StyleReader(name, row, _matrix(module, G.w_dim)) for row in rows)

    hooks = [
        module.register_forward_pre_hook(partial(watch, name))
        for name, module in G.named_modules()
        if _is_linear(module, G.w_dim)
    ]
    try:
        G.synthesis(probe, noise_mode="const", force_fp32=True)
    finally:
        for hook in hooks:
            hook.remove()
    return found


def _is_linear(module: nn.Module, inputs: int) -> bool:
    weight = getattr(module, "weight", None)
    return isinstance(weight, Tensor) and weight.ndim == 2 and weight.shape[1] == inputs


def _matrix(layer: nn.Module, inputs: int) -> Float[Tensor, "o d"]:
    """What the layer makes of unit vectors, less what it makes of nothing: so gains of any kind are in it."""
    exact = deepcopy(layer)
    exact._forward_pre_hooks.clear()
    exact = exact.cpu().double()
    columns: Tensor = exact(torch.eye(inputs, dtype=torch.float64)) - exact(torch.zeros(1, inputs, dtype=torch.float64))
    return columns.T
