"""Linear separability: its ends, the machine behind it, and entropy by hand."""

import math

import pytest
import torch
from torch import Tensor

from allaprima.errors import DataError
from allaprima.metrics.separability import conditional_entropy, hyperplane, linear_separability


def latents(count: int = 400, dim: int = 5) -> Tensor:
    return torch.randn(count, dim, generator=torch.Generator().manual_seed(0))


def test_attributes_along_a_direction_score_1() -> None:
    z = latents()
    answers = torch.stack([z[:, 0] * 5, z[:, 1] - z[:, 2]], dim=1)
    assert linear_separability(z, answers).score == pytest.approx(1, abs=0.05)


def test_attributes_that_have_nothing_to_do_with_it_score_2_each() -> None:
    random = torch.randn(3000, 2, generator=torch.Generator().manual_seed(1))
    found = linear_separability(latents(3000), random)
    assert found.score == pytest.approx(4, rel=0.02)
    assert len(found.entropies) == 2


def test_only_the_surest_answers_count() -> None:
    z = latents(1000)
    answers = torch.where(torch.arange(1000) < 500, z[:, 0].sign() * 9, torch.randn(1000).clamp(-1, 1))[:, None]
    assert linear_separability(z, answers).score < linear_separability(z, answers, keep=1.0).score


def test_scaled_answers_are_the_same_answers() -> None:
    z = latents()
    answers = z[:, :1] ** 2 - 0.5
    assert linear_separability(z, 3 * answers) == linear_separability(z, answers)


def test_the_hyperplane_is_at_the_minimum_of_its_objective() -> None:
    x = latents(60).double()
    has = (x[:, 0] + 0.5 * torch.randn(60, generator=torch.Generator().manual_seed(2))) > 0.3
    weight, bias = hyperplane(x, has)
    w = torch.cat([weight, torch.tensor([bias], dtype=torch.float64)]).requires_grad_()
    sides = has.double() * 2 - 1
    margins = 1 - sides * (x @ w[:-1] + w[-1])
    (gradient,) = torch.autograd.grad(w.square().sum() / 2 + margins.clamp(min=0).square().sum(), [w])
    assert float(gradient.abs().max()) < 1e-5


def test_conditional_entropy_by_hand() -> None:
    has = torch.tensor([True, True, False, False])
    assert conditional_entropy(has, has) == 0
    assert conditional_entropy(~has, has) == 0
    assert conditional_entropy(torch.tensor([True, False, True, False]), has) == pytest.approx(1)
    says = torch.tensor([True, True, True, False])
    wanted = 0.75 * -(2 / 3 * math.log2(2 / 3) + 1 / 3 * math.log2(1 / 3))
    assert conditional_entropy(says, has) == pytest.approx(wanted)


def test_an_attribute_that_all_have_is_an_error() -> None:
    with pytest.raises(DataError, match="attribute 0"):
        linear_separability(latents(), torch.ones(400, 1))
    with pytest.raises(DataError, match="an answer for each"):
        linear_separability(latents(), torch.ones(3, 1))
