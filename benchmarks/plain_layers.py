"""Layers of the plain networks: equalised linear maps and convolutions, and the mapping network.

Axes: n image, s style, d size of w, c channel, h w rows and columns.
"""

import math
from typing import Any

import torch
from einops import repeat
from torch import Tensor, nn

from allaprima.ops import normalize_second_moment, plain

LRELU_GAIN = math.sqrt(2)


class Linear(nn.Module):
    """Linear map with an equalised learning rate."""

    def __init__(self, inside: int, outside: int, *, activation: str = "linear", lr_multiplier: float = 1.0) -> None:
        super().__init__()
        self.activation = activation
        self.weight_gain, self.bias_gain = lr_multiplier / inside**0.5, lr_multiplier
        self.weight = nn.Parameter(torch.empty(outside, inside))
        self.bias = nn.Parameter(torch.empty(outside))

    def forward(self, x: Tensor) -> Tensor:
        weight = self.weight * self.weight_gain
        bias = self.bias if self.bias_gain == 1 else self.bias * self.bias_gain
        if self.activation == "linear":
            return torch.addmm(bias[None], x, weight.t())
        return plain.bias_act(x @ weight.t(), bias, activation=self.activation)


class Conv(nn.Module):
    """Convolution with an equalised learning rate, bias, activation, gain, clamp."""

    resample_filter: Tensor

    def __init__(
        self,
        spec: Any,
        inside: int,
        outside: int,
        *,
        kernel_size: int,
        activation: str = "lrelu",
        bias: bool = True,
        convolve: Any = None,
    ) -> None:
        super().__init__()
        self.activation, self.conv_clamp, self.convolve = activation, spec.conv_clamp if bias else None, convolve
        self.weight_gain = 1 / (inside * kernel_size**2) ** 0.5
        self.register_buffer("resample_filter", empty_filter(spec))
        self.weight = nn.Parameter(torch.empty(outside, inside, kernel_size, kernel_size))
        self.bias = nn.Parameter(torch.empty(outside)) if bias else None

    def forward(self, x: Tensor, *, gain: float = 1.0) -> Tensor:
        weight = self.weight * self.weight_gain
        x = self.convolve(x, weight, self.resample_filter) if self.convolve else plain.conv2d(x, weight)
        own = LRELU_GAIN if self.activation == "lrelu" else 1.0
        clamp = None if self.conv_clamp is None else self.conv_clamp * gain
        return plain.bias_act(x, self.bias, activation=self.activation, gain=own * gain, clamp=clamp)


class Mapping(nn.Module):
    """z and label → w, repeated for every layer; without ``num_ws`` the label mapping of a discriminator."""

    w_avg: Tensor

    def __init__(self, spec: Any, *, z_dim: int, w_dim: int, num_ws: int | None, embed_dim: int | None = None) -> None:
        super().__init__()
        self.num_ws, self.z_dim, self.c_dim, self.depth = num_ws, z_dim, spec.c_dim, spec.map_depth
        embedded = (embed_dim or w_dim) if spec.c_dim else 0
        if embedded:
            self.embed = Linear(spec.c_dim, embedded)
        hidden = getattr(spec, "map_hidden", None) or w_dim
        sizes = [z_dim + embedded, *[hidden] * (self.depth - 1), w_dim]
        for i in range(self.depth):
            layer = Linear(sizes[i], sizes[i + 1], activation="lrelu", lr_multiplier=spec.map_lr_multiplier)
            self.add_module(f"fc{i}", layer)
        if num_ws is not None:
            self.register_buffer("w_avg", torch.empty(w_dim))

    def forward(
        self,
        z: Tensor | None,
        c: Tensor | None = None,
        *,
        truncation_psi: float = 1.0,
        truncation_cutoff: int | None = None,
        update_emas: bool = False,
    ) -> Tensor:
        parts = [] if not self.z_dim or z is None else [normalize_second_moment(z.float())]
        if self.c_dim:
            assert c is not None
            parts.append(normalize_second_moment(self.embed(c.float())))
        x = torch.cat(parts, dim=1)
        for i in range(self.depth):
            x = self.get_submodule(f"fc{i}")(x)
        assert not update_emas, "a plain twin only paints and differentiates"
        if self.num_ws is None:
            return x
        ws = repeat(x, "n d -> n s d", s=self.num_ws)
        if truncation_psi != 1:
            near = self.w_avg.lerp(ws[:, :truncation_cutoff], truncation_psi)
            ws = near if truncation_cutoff is None else torch.cat([near, ws[:, truncation_cutoff:]], dim=1)
        return ws


class PlainGenerator(nn.Module):
    """z → image, with the arguments of ours that a benchmark needs."""

    mapping: Any
    synthesis: Any

    def forward(self, z: Tensor, c: Tensor | None = None, **how: Any) -> Tensor:
        images: Tensor = self.synthesis(self.mapping(z, c), **how)
        return images


def empty_filter(spec: Any) -> Tensor:
    taps = len(spec.resample_filter)
    return torch.empty(taps, taps) if taps < 8 else torch.empty(taps)
