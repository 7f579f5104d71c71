"""Between two latents: on the straight line, and on the great circle (Shoemake 1985, section 3.3)."""

import torch
from jaxtyping import Float
from torch import Tensor

PARALLEL = 1e-4  # radians; below it sines vanish and the great circle is a line


def lerp(a: Float[Tensor, "*n d"], b: Float[Tensor, "*n d"], t: Float[Tensor, "*n"]) -> Float[Tensor, "*n d"]:
    """The point at ``t`` on the line from ``a`` (0) to ``b`` (1)."""
    return torch.lerp(a, b, t[..., None])


def slerp(a: Float[Tensor, "*n d"], b: Float[Tensor, "*n d"], t: Float[Tensor, "*n"]) -> Float[Tensor, "*n d"]:
    """The point at ``t`` on the arc from ``a`` (0) to ``b`` (1), at constant angular velocity.

    Directions turn, lengths are interpolated linearly: between standard normal latents the way stays among such as the
    mapping network knows. Opposite vectors have no shortest arc; there, and for parallel ones and zeros, it is the
    line.
    """
    long_a, long_b = a.norm(dim=-1, keepdim=True), b.norm(dim=-1, keepdim=True)
    tiny = torch.finfo(a.dtype).tiny
    u, v = a / long_a.clamp(min=tiny), b / long_b.clamp(min=tiny)
    angle = 2 * torch.atan2((u - v).norm(dim=-1, keepdim=True), (u + v).norm(dim=-1, keepdim=True))
    share = t[..., None]
    sine = angle.sin()
    has_arc = (sine > PARALLEL) & (long_a > 0) & (long_b > 0)
    safe = torch.where(has_arc, sine, torch.ones_like(sine))
    arc = (((1 - share) * angle).sin() * u + (share * angle).sin() * v) / safe
    return torch.where(has_arc, arc * torch.lerp(long_a, long_b, share), torch.lerp(a, b, share))
