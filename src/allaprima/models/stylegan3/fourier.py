"""The input of the synthesis: StyleGAN3 (Karras et al. 2021), section 3.2, "Fourier features", and appendix F.

A sum of sine waves is a signal on the whole plane: it can be shifted and turned without loss, and has no borders.

Axes: n image, d size of w, c channel, h w rows and columns; the last axis of frequencies is (x, y). Coordinates are
relative to the image's centre, in units of its longer side.
"""

import torch
from einops import einsum, rearrange
from jaxtyping import Float
from torch import Tensor, nn

from allaprima.layers import EqualizedLinear
from allaprima.models.stylegan3.plan import Signal


class SynthesisInput(nn.Module):
    """Fourier features, turned and shifted by a learned function of w and by the user.

    `transform` is the user's: the inverse of the rotation and shift that the image is to undergo, so that the image is
    shifted by t where its last column is -t.

    Args:
        w_dim: Size of w.
        signal: What to make; the frequencies lie below its cutoff.
    """

    freqs: Tensor
    phases: Tensor
    transform: Tensor

    def __init__(self, *, w_dim: int, signal: Signal) -> None:
        super().__init__()
        self.size, self.rate, self.bandwidth = signal.size, signal.rate, signal.cutoff
        self.weight_gain = 1 / signal.channels**0.5
        freqs = torch.randn(signal.channels, 2)
        radius = freqs.square().sum(dim=1, keepdim=True).sqrt()
        self.register_buffer("transform", torch.eye(3))
        self.register_buffer("freqs", freqs / (radius * radius.square().exp() ** 0.25) * self.bandwidth)
        self.register_buffer("phases", torch.rand(signal.channels) - 0.5)
        self.weight = nn.Parameter(torch.randn(signal.channels, signal.channels))
        self.affine = EqualizedLinear(w_dim, 4)
        assert self.affine.bias is not None
        with torch.no_grad():  # every image starts upright and centred
            self.affine.weight.zero_()
            self.affine.bias.copy_(torch.eye(4)[0])

    def forward(self, w: Float[Tensor, "n d"]) -> Float[Tensor, "n c h w"]:
        """Sample the features on the grid of the first layer."""
        transforms = transforms_of(self.affine(w)) @ self.transform
        phases = self.phases + einsum(self.freqs, transforms[:, :2, 2], "c j, n j -> n c")
        freqs = einsum(self.freqs, transforms[:, :2, :2], "c j, n j k -> n c k")
        headroom = self.rate / 2 - self.bandwidth  # a frequency that a transform raises fades out before it aliases
        amplitudes = (1 - (freqs.norm(dim=2) - self.bandwidth) / headroom).clamp(0, 1)

        y, x = (_coordinates(side, self.rate, freqs) for side in self.size)
        cycles = (freqs[:, :, 0, None] * x)[:, :, None, :] + (freqs[:, :, 1, None] * y)[:, :, :, None]
        waves = torch.sin(2 * torch.pi * (cycles + rearrange(phases, "n c -> n c 1 1")))
        weight = einsum(self.weight * self.weight_gain, amplitudes, "o c, n c -> n o c")
        features: Tensor = einsum(weight, waves, "n o c, n c h w -> n o h w")
        return features


def transforms_of(parameters: Float[Tensor, "n 4"]) -> Float[Tensor, "n 3 3"]:
    """(cos, sin, x, y), the first two up to their common scale: shift by -(x, y), then rotate (appendix F)."""
    cos, sin, x, y = (parameters / parameters[:, :2].norm(dim=1, keepdim=True)).unbind(dim=1)
    zero, one = torch.zeros_like(cos), torch.ones_like(cos)
    rotation = torch.stack([cos, -sin, zero, sin, cos, zero, zero, zero, one], dim=1)
    shift = torch.stack([one, zero, -x, zero, one, -y, zero, zero, one], dim=1)
    return rotation.view(-1, 3, 3) @ shift.view(-1, 3, 3)


def _coordinates(count: int, rate: float, like: Tensor) -> Tensor:
    """Where the samples of one axis lie, centred on 0."""
    return (torch.arange(count, device=like.device, dtype=like.dtype) - (count - 1) / 2) / rate
