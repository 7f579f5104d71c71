"""A direction from examples: the normal of the plane that parts two groups of latents.

InterFaceGAN (Shen et al. 2020), section 3: what is seen or not seen in an image is parted by a plane in W. The plane
here is Fisher's (1936), by least squares with shrinkage; how much shrinkage is decided by leaving out one example after
another (Allen 1974, PRESS), and what the plane is worth by leaving out pairs: both in closed form.

Axes: n p m example, d size of w (or of all styles one after another), s style.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from allaprima.errors import LatentError
from allaprima.latents.centres import sample_w, spread_along
from allaprima.latents.directions.direction import Direction, flattened
from allaprima.latents.layer_choice import Layers, rows_of

SHRINKAGES = tuple(10.0**power for power in range(-6, 3))  # relative to the largest variance
SAMPLES_PER_CLASS = 1000
TINY = 1e-12
HALF = torch.tensor(0.5, dtype=torch.float64)  # how much a draw counts


class Boundary(NamedTuple):
    """A plane: positive examples are those with normal · w > offset.

    Attributes:
        normal: Of length 1.
        offset: Where the plane cuts the normal.
        accuracy: Share of the examples on their own side; each group counts half.
        left_out_accuracy: Of all pairs of a positive and a negative example, the share that the plane made without the
            two puts in the right order (Airola et al. 2011). Near 0.5 the plane means nothing, whatever the accuracy.
        shrinkage: That was chosen.
    """

    normal: Float[Tensor, "d"]
    offset: float
    accuracy: float
    left_out_accuracy: float
    shrinkage: float


class Plane(NamedTuple):
    """A plane by least squares, and what is known of those that are made without some of the examples.

    Attributes:
        slope: v of v · w + b.
        intercept: b.
        residuals: Sign of each example less the value at it, times the root of the example's weight.
        hat: How much each weighted value depends on each weighted sign.
    """

    slope: Float[Tensor, "d"]
    intercept: Float[Tensor, ""]
    residuals: Float[Tensor, "n"]
    hat: Float[Tensor, "n n"]


def boundary(positive: Float[Tensor, "p d"], negative: Float[Tensor, "m d"]) -> Boundary:
    """Part two groups of points. Raises `LatentError` if one has fewer than two, or they are all the same."""
    if min(len(positive), len(negative)) < 2:
        raise LatentError(
            f"a boundary needs at least 2 positive and 2 negative examples, got {len(positive)} and {len(negative)}"
        )
    points = torch.cat([positive, negative]).double()
    is_positive = torch.arange(len(points)) < len(positive)
    signs = is_positive.double() * 2 - 1
    weights = is_positive.double() / (2 * len(positive)) + (~is_positive).double() / (2 * len(negative))
    planes = planes_by_shrinkage(points, signs, weights, SHRINKAGES)
    errors = [float(left_out_residuals(plane).square().sum()) for plane in planes]
    best = min(range(len(planes)), key=errors.__getitem__)
    plane = planes[best]
    length = plane.slope.norm()
    if length * (points - points[0]).norm() < TINY:
        raise LatentError(
            "the positive and the negative examples are the same: no direction leads from one to the other"
        )
    values = points @ plane.slope + plane.intercept
    return Boundary(
        normal=plane.slope / length,
        offset=float(-plane.intercept / length),
        accuracy=float((weights * (values * signs > 0)).sum()),
        left_out_accuracy=float(torch.heaviside(left_out_leads(plane, weights, len(positive)), HALF).mean()),
        shrinkage=SHRINKAGES[best],
    )


def planes_by_shrinkage(
    points: Float[Tensor, "n d"], signs: Float[Tensor, "n"], weights: Float[Tensor, "n"], shrinkages: Sequence[float]
) -> list[Plane]:
    """For each shrinkage the plane that minimises Σ weight (v · w + b − sign)² + shrinkage σ² |v|².

    ``weights`` sum to 1; σ² is the largest weighted variance.
    """
    middle, level = weights @ points, weights @ signs
    root = weights.sqrt()
    U, S, V = torch.linalg.svd(root[:, None] * (points - middle), full_matrices=False)
    target = root * (signs - level)
    planes = []
    for shrinkage in shrinkages:
        gain = S / (S.square() + shrinkage * S[0].square()).clamp(min=torch.finfo(S.dtype).tiny)
        slope = V.T @ (gain * (U.T @ target))
        hat = (U * (gain * S)) @ U.T + torch.outer(root, root)
        planes.append(Plane(slope, level - middle @ slope, root * signs - hat @ (root * signs), hat))
    return planes


def left_out_residuals(plane: Plane) -> Float[Tensor, "n"]:
    """The residual of each example from the plane made without it, the other weights and σ² as they are."""
    return plane.residuals / (1 - plane.hat.diagonal()).clamp(min=TINY)


def left_out_leads(plane: Plane, weights: Float[Tensor, "n"], positives: int) -> Float[Tensor, "p m"]:
    """How far the plane made without the two sees each positive example, the first ones, before each negative one."""
    up, down = slice(None, positives), slice(positives, None)
    cross, own = plane.hat[up, down], 1 - plane.hat.diagonal()
    a, b = own[up, None], own[None, down]
    r, s = plane.residuals[up, None], plane.residuals[None, down]
    determinant = (a * b - cross.square()).clamp(min=TINY)
    root = weights.sqrt()
    residual_up = (b * r + cross * s) / determinant / root[up, None]
    residual_down = (a * s + cross * r) / determinant / root[None, down]
    return 2 - residual_up + residual_down  # of the values: (1 - residual) - (-1 - residual)


def boundary_direction(
    G: Any,
    positive: Float[Tensor, "p s d"],
    negative: Float[Tensor, "m s d"],
    *,
    name: str = "boundary",
    layers: Layers = "all",
) -> Direction:
    """The direction from negative examples to positive ones.

    Args:
        G: The generator.
        positive: Styles of images that have something.
        negative: Styles of images that do not.
        name: Of the direction.
        layers: Which it moves.

    Returns:
        Its figures are the accuracy of the boundary and the one of left-out examples.

    Raises:
        LatentError: Too few examples, examples that are all the same, or no such layers.
    """
    both = flattened(torch.cat([positive, negative]).cpu())
    found = boundary(both[: len(positive)], both[len(positive) :])
    return _direction(G, found, sample_w(G), name, tuple(rows_of(G, layers)))


def class_boundaries(
    G: Any, names: list[str] | None = None, *, samples: int = SAMPLES_PER_CLASS, layers: Layers = "all"
) -> list[Direction]:
    """For each class of a model, the direction from the others to it, found from ``samples`` of it and as many others.

    ``G`` paints the classes; ``names`` are those of the directions, else the classes' numbers.

    Raises:
        LatentError: The model has no classes, or no such layers.
    """
    if G.c_dim < 2:
        raise LatentError("this model knows no classes: give examples, positive and negative ones")
    rows = tuple(rows_of(G, layers))
    every = sample_w(G)
    directions = []
    for index in range(G.c_dim):
        others = torch.eye(G.c_dim)[_all_but(index, G.c_dim)]
        positive, negative = sample_w(G, samples, class_index=index), sample_w(G, samples, c=others)
        name = names[index] if names and index < len(names) else f"class-{index}"
        directions.append(_direction(G, boundary(positive, negative), every, name, rows))
    return directions


def _all_but(index: int, count: int) -> Bool[Tensor, "c"]:
    return torch.arange(count) != index


def _direction(G: Any, found: Boundary, w: Tensor, name: str, rows: tuple[int, ...]) -> Direction:
    normal = found.normal if len(found.normal) == G.w_dim else found.normal.reshape(G.num_ws, G.w_dim)
    summed = normal if normal.ndim == 1 else normal.sum(dim=0)  # a random w is the same in all layers
    return Direction(
        name=name,
        method="boundary",
        vector=normal.float(),
        unit=float(spread_along(w, summed[None])),
        rows=rows,
        figures={"accuracy": found.accuracy, "left-out accuracy": found.left_out_accuracy},
    )
