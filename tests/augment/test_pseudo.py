"""Adaptive pseudo augmentation."""

import pytest
import torch

from allaprima.augment import RandomDraws, with_pseudo_reals


def draws() -> RandomDraws:
    return RandomDraws(torch.Generator().manual_seed(0))


@pytest.mark.parametrize("p", [0.0, 0.3, 1.0, 2.0])
def test_replaces_as_many_as_p_says(p: float) -> None:
    reals, fakes = torch.zeros(5000, 1, 1, 1), torch.ones(5000, 1, 1, 1)
    assert abs(with_pseudo_reals(reals, fakes, p, draws()).mean() - min(p, 1)) < 0.02


def test_an_image_is_replaced_whole_by_the_one_at_its_place() -> None:
    reals, fakes = torch.randn(8, 3, 4, 4), torch.randn(8, 3, 4, 4)
    got = with_pseudo_reals(reals, fakes, 0.5, draws())
    from_reals = [torch.equal(a, b) for a, b in zip(got, reals, strict=True)]
    from_fakes = [torch.equal(a, b) for a, b in zip(got, fakes, strict=True)]
    assert [a != b for a, b in zip(from_reals, from_fakes, strict=True)] == [True] * 8
    assert 0 < sum(from_fakes) < 8
    assert torch.equal(got, with_pseudo_reals(reals, fakes, 0.5, draws()))


def test_no_gradient_reaches_the_generated_images() -> None:
    reals, fakes = (torch.randn(8, 1, 2, 2, requires_grad=True) for _ in range(2))
    got = with_pseudo_reals(reals, fakes, 0.5, draws())
    torch.autograd.backward(got.sum())
    assert fakes.grad is None
    assert reals.grad is not None
    assert torch.equal(reals.grad[:, 0, 0, 0] == 0, (got == fakes)[:, 0, 0, 0])
