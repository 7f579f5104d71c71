"""Colour transformations as one matrix: ADA (Karras et al. 2020), appendix B, figure 18.

Colours are homogeneous (red, green, blue, 1), in [-1, 1], with straight alpha. Each transformation is put on the left,
hence acts on the colours after those before it.

Axes: n image, c channel (alpha last), h w rows and columns, i j channels; 4×4 matrix.
"""

import math

import torch
from einops import rearrange
from jaxtyping import Float
from torch import Tensor

from allaprima.augment.draws import Draws
from allaprima.augment.spec import AugmentSpec
from allaprima.images import has_alpha

Matrices = Float[Tensor, "n 4 4"]

COLOURED = (1, 2, 3, 4)  # numbers of channels that mean gray, gray + alpha, RGB, RGBA; others are no colours


def colour_matrix(count: int, p: float, spec: AugmentSpec, draws: Draws, *, gray: bool) -> Float[Tensor, "n 4 4"]:
    """Draw the colour transformation of each of ``count`` images; gray ones have no hue and no saturation."""
    matrix = torch.eye(4, device=draws.device).repeat(count, 1, 1)
    for chance, transform in (
        (spec.brightness * p, _brightness),
        (spec.contrast * p, _contrast),
        (spec.lumaflip * p, _luma_flip),
        (0 if gray else spec.hue * p, _hue),
        (0 if gray else spec.saturation * p, _saturation),
    ):
        if chance > 0:
            gate = draws.gate(count, chance)
            step = transform(count, spec, draws)
            matrix = torch.where(gate[:, None, None], step, torch.eye(4, device=draws.device)) @ matrix
    return matrix


def apply_colours(images: Float[Tensor, "n c h w"], matrix: Float[Tensor, "n 4 4"]) -> Float[Tensor, "n c h w"]:
    """Transform the colours of gray, gray + alpha, RGB or RGBA images."""
    channels = images.shape[1]
    linear, offset = matrix[:, :3, :3], matrix[:, :3, 3]
    if channels <= 2:  # gray is three equal colours, and the mean of what becomes of them
        linear, offset = linear.sum(dim=2).mean(dim=1)[:, None, None], offset.mean(dim=1)[:, None]
    if has_alpha(channels):
        linear, offset = premultiplied(linear, offset)
    flat = rearrange(images, "n c h w -> n c (h w)")
    mapped = torch.baddbmm(offset[:, :, None].to(images), linear.to(images), flat)
    return rearrange(mapped, "n c (h w) -> n c h w", h=images.shape[2])


def premultiplied(
    linear: Float[Tensor, "n i i"], offset: Float[Tensor, "n i"]
) -> tuple[Float[Tensor, "n j j"], Float[Tensor, "n j"]]:
    """The map on premultiplied colours and alpha that is ``linear`` and ``offset`` on straight colours.

    A straight colour s under coverage a, 0 to 1, is stored as x = as + a - 1, and alpha as y = 2a - 1. So as is
    x + 1 - a, and the new x is M(x + 1 - a) + at + a - 1: linear in x and y, without a division.
    """
    count, colours = offset.shape
    of_one = linear.sum(dim=2)  # M(1, 1, 1)
    top = torch.cat([linear, (1 + offset - of_one)[:, :, None] / 2], dim=2)
    alpha = torch.zeros(count, 1, colours + 1, device=linear.device)
    alpha[:, :, -1] = 1
    return torch.cat([top, alpha], dim=1), torch.cat([(of_one + offset - 1) / 2, alpha.new_zeros(count, 1)], dim=1)


def _brightness(count: int, spec: AugmentSpec, draws: Draws) -> Matrices:
    matrix = torch.eye(4, device=draws.device).repeat(count, 1, 1)
    matrix[:, :3, 3] = (draws.normal(count) * spec.brightness_std)[:, None]
    return matrix


def _contrast(count: int, spec: AugmentSpec, draws: Draws) -> Matrices:
    c = torch.exp2(draws.normal(count) * spec.contrast_std)
    return torch.diag_embed(torch.stack([c, c, c, torch.ones_like(c)], dim=-1))


def _luma_flip(count: int, spec: AugmentSpec, draws: Draws) -> Matrices:
    """Householder reflection along the luma axis."""
    flipped = (draws.uniform(count) * 2).floor()
    luma, _, identity = _projections(draws.device)
    return identity - 2 * luma * flipped[:, None, None]


def _hue(count: int, spec: AugmentSpec, draws: Draws) -> Matrices:
    """Rotation about the luma axis v (Rodrigues): vvᵀ + cos θ (1 - vvᵀ) + sin θ [v]×."""
    angle = ((draws.uniform(count) * 2 - 1) * (math.pi * spec.hue_max))[:, None, None]
    _, chroma, identity = _projections(draws.device)
    v = 1 / math.sqrt(3)
    cross = torch.tensor([[0, -v, v, 0], [v, 0, -v, 0], [-v, v, 0, 0], [0, 0, 0, 0]], device=draws.device)
    return identity + (angle.cos() - 1) * chroma + angle.sin() * cross


def _saturation(count: int, spec: AugmentSpec, draws: Draws) -> Matrices:
    s = torch.exp2(draws.normal(count) * spec.saturation_std)[:, None, None]
    _, chroma, identity = _projections(draws.device)
    return identity + (s - 1) * chroma


def _projections(device: torch.device) -> tuple[Tensor, Tensor, Tensor]:
    """Projections of homogeneous colours to luma and to chroma, and the identity; each [4 4]."""
    luma = torch.zeros(4, 4, device=device)
    luma[:3, :3] = 1 / 3
    identity = torch.eye(4, device=device)
    colours = torch.diag(torch.tensor([1.0, 1.0, 1.0, 0.0], device=device))
    return luma, colours - luma, identity
