"""The warp equals its definition, step by step, in float64; and its laws."""

import math

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from allaprima.augment.warp import Margins, needed_margins, warp
from allaprima.augment.wavelet import SYM6
from allaprima.ops import upfirdn2d, upsample2d
from tests.conftest import assert_near

SIZES = [(24, 24), (20, 33), (9, 14)]
each_size = pytest.mark.parametrize("size", SIZES)


def some_matrices(count: int = 3) -> Tensor:
    """Rotations, scalings, moves of a few pixels."""
    matrices = torch.eye(3).repeat(count, 1, 1)
    matrices[:, :2, :2] += torch.randn(count, 2, 2) * 0.3
    matrices[:, :2, 2] = torch.randn(count, 2) * 3
    return matrices


def matrix(*rows: tuple[float, float, float]) -> Tensor:
    return torch.tensor([*rows, (0, 0, 1)], dtype=torch.float64)


def definition(images: Tensor, inverse: Tensor, margins: Margins) -> Tensor:
    """Pad, double, sample, halve: as the paper has it, with 3×3 matrices for the changes of coordinates."""
    f = torch.tensor(SYM6, dtype=torch.float64) / sum(SYM6)
    height, width = images.shape[2:]
    x = upsample2d(F.pad(images, margins, mode="reflect"), f)
    centre = matrix((1, 0, (margins.left - margins.right) / 2), (0, 1, (margins.top - margins.bottom) / 2))
    double, half = matrix((2, 0, 0), (0, 2, 0)), matrix((0.5, 0, 0), (0, 0.5, 0))
    back, forth = matrix((1, 0, -0.5), (0, 1, -0.5)), matrix((1, 0, 0.5), (0, 1, 0.5))
    h, w = 2 * (height + 6), 2 * (width + 6)
    unit_in = matrix((2 / x.shape[3], 0, 0), (0, 2 / x.shape[2], 0))
    unit_out = matrix((w / 2, 0, 0), (0, h / 2, 0))
    theta = unit_in @ back @ double @ centre @ inverse.double() @ half @ forth @ unit_out
    grid = F.affine_grid(theta[:, :2], [len(images), images.shape[1], h, w], align_corners=False)
    return upfirdn2d(F.grid_sample(x, grid, align_corners=False), f, down=2, padding=-1, flip_filter=True)


@pytest.mark.parametrize("size", [*SIZES, (300, 10)])
def test_equals_its_definition(size: tuple[int, int]) -> None:
    images, inverse = torch.randn(3, 2, *size, dtype=torch.float64), some_matrices()
    assert_near(warp(images, inverse), definition(images, inverse, needed_margins(inverse, size)), 1e-5)


@pytest.mark.parametrize("size", [*SIZES, (1, 1), (1, 8), (4, 4), (300, 2)])
def test_the_identity_changes_nothing(size: tuple[int, int]) -> None:
    images = torch.randn(2, 3, *size)
    assert_near(warp(images, torch.eye(3).repeat(2, 1, 1)), images, 5e-5)


@pytest.mark.parametrize("size", [*SIZES, (1, 1), (4, 5)])
def test_a_constant_stays_so_where_no_more_than_one_reflection_is_seen(size: tuple[int, int]) -> None:
    inverse = torch.eye(3).repeat(3, 1, 1)
    inverse[1, 0, 2], inverse[2, 1, 2] = 0.3, -0.2
    images = torch.ones(3, 2, *size)
    assert_near(warp(images, inverse), images, 1e-3)  # the filter's own ripple


def test_a_rotation_keeps_the_pixels_square() -> None:
    """A disc in a wide image stays a disc."""
    y, x = torch.meshgrid(torch.arange(24) - 11.5, torch.arange(40) - 19.5, indexing="ij")
    disc = torch.exp(-(x**2 + y**2) / 30)[None, None]
    cos, sin = math.cos(0.7), math.sin(0.7)
    turned = warp(disc, torch.tensor([[[cos, -sin, 0], [sin, cos, 0], [0, 0, 1]]]))
    inside = disc > 0.05
    assert_near(turned[inside], disc[inside], 0.01)


def test_margins_are_what_the_corners_need() -> None:
    inverse = torch.eye(3)[None].clone()
    assert needed_margins(inverse, (20, 30)) == (7, 7, 7, 7)
    inverse[0, 0, 2], inverse[0, 1, 2] = 3.5, -100
    assert needed_margins(inverse, (20, 30)) == (3, 10, 19, 0)
    assert needed_margins(inverse, (4, 1)) == (3, 7, 7, 0)


def test_an_image_does_not_depend_on_how_far_its_neighbours_reach() -> None:
    images, inverse = torch.randn(6, 2, 12, 20, dtype=torch.float64), some_matrices(6).double()
    scale = torch.tensor([0.5, 0.8, 1.0, 1.3, 2.0, 3.0], dtype=torch.float64)
    inverse[:, :2] *= scale[:, None, None]
    together = warp(images, inverse)
    alone = torch.cat([warp(images[i : i + 1], inverse[i : i + 1]) for i in range(6)])
    assert len({needed_margins(inverse[i : i + 1], (12, 20)) for i in range(6)}) > 3
    assert_near(together, alone, 1e-13)


@each_size
def test_gradient_and_second_gradient(size: tuple[int, int]) -> None:
    images = torch.randn(2, 2, *size, dtype=torch.float64, requires_grad=True)
    inverse = some_matrices(2)
    assert torch.autograd.gradcheck(lambda x: warp(x, inverse), (images,), fast_mode=True)
    assert torch.autograd.gradgradcheck(lambda x: warp(x, inverse).pow(3), (images,), fast_mode=True)


@each_size
def test_the_gradient_is_the_adjoint(size: tuple[int, int]) -> None:
    """⟨warp x, y⟩ = ⟨x, warpᵀ y⟩."""
    x, y = (torch.randn(2, 2, *size, dtype=torch.float64) for _ in range(2))
    x.requires_grad_()
    inverse = some_matrices(2)
    image = (warp(x, inverse) * y).sum()
    (adjoint,) = torch.autograd.grad(image, x)
    assert_near((x * adjoint).sum(), image, 1e-9)
