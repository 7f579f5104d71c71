"""Laws of the normalisation of latents."""

import torch
from torch.autograd import gradcheck, gradgradcheck

from allaprima.ops import normalize_second_moment


def test_the_mean_square_of_every_row_is_one() -> None:
    y = normalize_second_moment(5 * torch.randn(3, 16))
    torch.testing.assert_close(y.square().mean(dim=1), torch.ones(3))


def test_the_scale_of_a_row_does_not_matter_its_direction_does() -> None:
    x = torch.randn(3, 16)
    scale = torch.tensor([[0.1], [1], [10]])
    torch.testing.assert_close(normalize_second_moment(scale * x), normalize_second_moment(x))
    torch.testing.assert_close(normalize_second_moment(-x), -normalize_second_moment(x))


def test_the_other_dimension() -> None:
    x = torch.randn(3, 16)
    torch.testing.assert_close(normalize_second_moment(x, dim=0), normalize_second_moment(x.T).T)


def test_zero_stays_zero() -> None:
    assert torch.equal(normalize_second_moment(torch.zeros(2, 4)), torch.zeros(2, 4))


def test_gradient_and_second_gradient() -> None:
    x = torch.randn(2, 3, dtype=torch.float64, requires_grad=True)
    assert gradcheck(normalize_second_moment, x)
    assert gradgradcheck(normalize_second_moment, x)
