"""Boundaries: they part what can be parted, and say of noise that it is noise."""

from typing import Any

import pytest
import torch
from torch import Tensor

from allaprima.errors import LatentError
from allaprima.latents.centres import sample_w
from allaprima.latents.directions.boundary import (
    boundary,
    boundary_direction,
    class_boundaries,
    left_out_leads,
    left_out_residuals,
    planes_by_shrinkage,
)
from allaprima.latents.styles import styles_of_seeds
from tests.surgery.small import generator

KINDS = ["skip", "stylegan", "progan", "r3gan", "stylegan3"]


def problem(positives: int, negatives: int, size: int) -> tuple[Tensor, Tensor, Tensor]:
    signs = torch.tensor([1.0] * positives + [-1.0] * negatives).double()
    weights = torch.tensor([0.5 / positives] * positives + [0.5 / negatives] * negatives, dtype=torch.float64)
    return torch.randn(positives + negatives, size).double() + 0.3 * signs[:, None] + 2, signs, weights


def by_normal_equations(points: Tensor, signs: Tensor, weights: Tensor, ridge: float) -> Tensor:
    """The definition, solved with the intercept as one more number: slope and intercept."""
    ones = torch.cat([points, torch.ones(len(points), 1).double()], dim=1)
    penalty = ridge * torch.eye(points.shape[1] + 1).double()
    penalty[-1, -1] = 0
    return torch.linalg.solve(ones.T @ (weights[:, None] * ones) + penalty, ones.T @ (weights * signs))


def ridge_of(points: Tensor, weights: Tensor, shrinkage: float) -> float:
    centred = weights.sqrt()[:, None] * (points - weights @ points)
    return shrinkage * float(torch.linalg.matrix_norm(centred, 2)) ** 2


@pytest.mark.parametrize(("positives", "negatives", "size"), [(8, 5, 3), (4, 5, 12)])
@pytest.mark.parametrize("shrinkage", [1e-3, 1.0])
def test_the_plane_and_those_without_an_example_or_a_pair(
    positives: int, negatives: int, size: int, shrinkage: float
) -> None:
    points, signs, weights = problem(positives, negatives, size)
    (plane,) = planes_by_shrinkage(points, signs, weights, [shrinkage])
    ridge = ridge_of(points, weights, shrinkage)
    wanted = by_normal_equations(points, signs, weights, ridge)
    torch.testing.assert_close(torch.cat([plane.slope, plane.intercept[None]]), wanted)

    def value_without(example: int, left_out: list[int]) -> Tensor:
        kept = [n for n in range(len(points)) if n not in left_out]
        solved = by_normal_equations(points[kept], signs[kept], weights[kept], ridge)
        return points[example] @ solved[:-1] + solved[-1]

    alone = torch.stack([signs[n] - value_without(n, [n]) for n in range(len(points))])
    torch.testing.assert_close(left_out_residuals(plane) / weights.sqrt(), alone)
    leads = left_out_leads(plane, weights, positives)
    for up in range(positives):
        for down in range(negatives):
            pair = [up, positives + down]
            lead = value_without(up, pair) - value_without(positives + down, pair)
            torch.testing.assert_close(leads[up, down], lead, atol=1e-8, rtol=1e-6)


def test_clouds_apart_are_parted() -> None:
    normal = torch.nn.functional.normalize(torch.randn(10), dim=0)
    points = torch.randn(60, 10)
    side = points @ normal
    gap = torch.where(side > 0, 0.5, -0.5)[:, None] * normal
    found = boundary((points + gap)[side > 0], (points + gap)[side <= 0])
    assert found.accuracy == pytest.approx(1)
    assert found.left_out_accuracy > 0.95
    assert float(found.normal.float() @ normal) > 0.8
    assert found.normal.norm() == pytest.approx(1)
    assert abs(found.offset) < 0.5
    values = (points + gap).double() @ found.normal - found.offset
    assert torch.equal(values > 0, side > 0)


@pytest.mark.parametrize(("number", "size"), [(10, 4), (10, 64), (40, 8)])
def test_noise_is_guessed(number: int, size: int) -> None:
    accuracies = [boundary(torch.randn(number, size), torch.randn(number, size)).left_out_accuracy for _ in range(60)]
    assert sum(accuracies) / len(accuracies) == pytest.approx(0.5, abs=0.1)


def test_a_small_group_counts_as_much_as_a_large_one() -> None:
    positive, negative = torch.randn(5, 2) + torch.tensor([2.0, 0.0]), torch.randn(500, 2)
    found = boundary(positive, negative)
    assert ((positive.double() @ found.normal) > found.offset).float().mean() > 0.5
    assert 0.3 < found.offset < 1.7


@pytest.mark.parametrize("kind", KINDS)
def test_a_direction_from_seeds_that_a_plane_parts(kind: str) -> None:
    G = generator(kind)
    ws = styles_of_seeds(G, range(60))
    normal = torch.nn.functional.normalize(ws[:, 0].std(dim=0), dim=0)
    order = (ws[:, 0] @ normal).argsort()
    direction = boundary_direction(G, ws[order[40:]], ws[order[:20]], name="tall")
    assert (direction.name, direction.method, direction.rows) == ("tall", "boundary", tuple(range(G.num_ws)))
    assert direction.vector.shape == (G.w_dim,)
    unseen = sample_w(G, 500)
    assert torch.corrcoef(torch.stack([unseen @ normal, unseen @ direction.vector]))[0, 1] > 0.7
    assert direction.figures["left-out accuracy"] > 0.9
    assert direction.unit == pytest.approx(float((sample_w(G) @ direction.vector).std()), rel=1e-4)


def test_latents_with_a_style_for_each_layer() -> None:
    G = generator("skip")
    positive = torch.randn(6, G.num_ws, G.w_dim)
    negative = torch.randn(6, G.num_ws, G.w_dim)
    positive[:, 2] += 4
    direction = boundary_direction(G, positive, negative, layers="coarse")
    assert direction.vector.shape == (G.num_ws, G.w_dim)
    assert direction.vector.norm() == pytest.approx(1, abs=1e-5)
    assert direction.vector.norm(dim=1).argmax() == 2
    assert direction.rows == (0, 1, 2)
    # random w, the same in all layers, have deviation 1 along a step of strength 1
    reach = sample_w(G) @ direction.vector.sum(dim=0)
    assert direction.unit == pytest.approx(float(reach.std()), rel=1e-4)


@pytest.mark.parametrize("kind", KINDS)
def test_one_direction_for_each_class(kind: str) -> None:
    G: Any = generator(kind, c_dim=3)
    found = class_boundaries(G, ["ant", "bee", "cat"], samples=200)
    assert [direction.name for direction in found] == ["ant", "bee", "cat"]
    for index, direction in enumerate(found):
        own, others = sample_w(G, 300, seed=5, class_index=index), sample_w(G, 300, seed=5, class_index=(index + 1) % 3)
        assert (own @ direction.vector).mean() > (others @ direction.vector).mean()
    assert class_boundaries(G, samples=20)[1].name == "class-1"


def test_what_cannot_be_parted() -> None:
    G = generator("skip")
    ws = styles_of_seeds(G, [0, 1, 2])
    with pytest.raises(LatentError, match="needs at least 2 positive and 2 negative examples, got 1 and 3"):
        boundary_direction(G, ws[:1], ws)
    with pytest.raises(LatentError, match="examples are the same"):
        boundary_direction(G, ws[:1].expand(2, -1, -1), ws[:1].expand(3, -1, -1))
    with pytest.raises(LatentError, match="examples are the same"):
        boundary_direction(G, ws, ws)
    with pytest.raises(LatentError, match="this model knows no classes: give examples"):
        class_boundaries(G)
