"""Pixel blitting and general geometric transformations as one matrix: ADA (Karras et al. 2020), appendix B, figure 17.

The matrix is the inverse: it tells where in the image each pixel of the augmented image comes from. Coordinates are
homogeneous (x, y, 1), in pixels, from the centre of the image; x to the right, y downwards. Each transformation is
appended on the right, hence acts on the image after those before it.

Axes: n image; 3×3 matrix.
"""

import math

import torch
from einops import rearrange
from jaxtyping import Bool, Float
from torch import Tensor

from allaprima.augment.draws import Draws
from allaprima.augment.spec import AugmentSpec

Matrices = Float[Tensor, "n 3 3"]


def inverse_transform(
    count: int, size: tuple[int, int], p: float, spec: AugmentSpec, draws: Draws
) -> Float[Tensor, "n 3 3"]:
    """Draw the inverse transformation of each of ``count`` images of ``size`` (height, width)."""
    inverse = torch.eye(3, device=draws.device).repeat(count, 1, 1)
    for chance, transform in (
        (spec.xflip * p, _flip),
        (spec.rotate90 * p, _rotate_90),
        (spec.xint * p, _translate_whole),
        (spec.scale * p, _scale),
        (_rotation_chance(spec.rotate * p), _rotate_before),
        (spec.aniso * p, _scale_anisotropically),
        (_rotation_chance(spec.rotate * p), _rotate_after),
        (spec.xfrac * p, _translate_fractionally),
    ):
        if chance > 0:
            gate = draws.gate(count, chance)
            matrix = transform(count, size, spec, draws)
            inverse = inverse @ torch.where(gate[:, None, None], matrix, torch.eye(3, device=draws.device))
    return inverse


def is_identity(inverse: Float[Tensor, "n 3 3"]) -> Bool[Tensor, "n"]:
    """Tell which matrices leave the image as it is."""
    return (inverse == torch.eye(3, device=inverse.device)).flatten(1).all(dim=1)


def _rotation_chance(p: float) -> float:
    """The chance of each of two rotations for which at least one happens with chance ``p`` (appendix B)."""
    return 1 - math.sqrt(1 - min(p, 1))


def _flip(count: int, size: tuple[int, int], spec: AugmentSpec, draws: Draws) -> Matrices:
    mirrored = (draws.uniform(count) * 2).floor()
    return _scaling(1 - 2 * mirrored, torch.ones_like(mirrored))


def _rotate_90(count: int, size: tuple[int, int], spec: AugmentSpec, draws: Draws) -> Matrices:
    """Deviation: 0° or 180° if the image is not square; a quarter turn would fill most of it with reflections."""
    step = 1 if size[0] == size[1] else 2
    quarters = (draws.uniform(count) * (4 // step)).floor() * step
    return _rotation(quarters * (math.pi / 2)).round()


def _translate_whole(count: int, size: tuple[int, int], spec: AugmentSpec, draws: Draws) -> Matrices:
    x, y = ((draws.uniform(count) * 2 - 1) * spec.xint_max for _ in range(2))
    return _translation((x * size[1]).round(), (y * size[0]).round())


def _scale(count: int, size: tuple[int, int], spec: AugmentSpec, draws: Draws) -> Matrices:
    s = torch.exp2(-draws.normal(count) * spec.scale_std)
    return _scaling(s, s)


def _rotate_before(count: int, size: tuple[int, int], spec: AugmentSpec, draws: Draws) -> Matrices:
    return _rotation(_angle(draws.uniform(count), spec))


def _scale_anisotropically(count: int, size: tuple[int, int], spec: AugmentSpec, draws: Draws) -> Matrices:
    s = torch.exp2(draws.normal(count) * spec.aniso_std)
    return _scaling(1 / s, s)


def _rotate_after(count: int, size: tuple[int, int], spec: AugmentSpec, draws: Draws) -> Matrices:
    return _rotation(_angle(draws.uniform(count, again=True), spec))


def _translate_fractionally(count: int, size: tuple[int, int], spec: AugmentSpec, draws: Draws) -> Matrices:
    x, y = (draws.normal(count) * spec.xfrac_std for _ in range(2))
    return _translation(x * size[1], y * size[0])


def _angle(uniform: Tensor, spec: AugmentSpec) -> Tensor:
    return (uniform * 2 - 1) * (math.pi * spec.rotate_max)


def _scaling(x: Tensor, y: Tensor) -> Matrices:
    return torch.diag_embed(torch.stack([x, y, torch.ones_like(x)], dim=-1))


def _rotation(angle: Tensor) -> Matrices:
    """The inverse of turning the image anticlockwise by ``angle``."""
    cos, sin = angle.cos(), angle.sin()
    return _rows([cos, -sin, 0], [sin, cos, 0])


def _translation(x: Tensor, y: Tensor) -> Matrices:
    """The inverse of moving the image by ``x``, ``y``."""
    return _rows([1, 0, -x], [0, 1, -y])


def _rows(first: list[Tensor | float], second: list[Tensor | float]) -> Matrices:
    """Matrices of these first two rows; numbers are the same for all images."""
    (like, *_) = (entry for entry in first + second if isinstance(entry, Tensor))
    entries = [e if isinstance(e, Tensor) else torch.full_like(like, e) for e in [*first, *second, 0, 0, 1]]
    return rearrange(torch.stack(entries, dim=-1), "n (i j) -> n i j", i=3)
