"""Laws of the logistic loss."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from allaprima.losses import d_logistic, g_nonsaturating

logits = st.floats(-30, 30)


def column(*values: float) -> Tensor:
    return torch.tensor(values, dtype=torch.float64)[:, None]


@given(logits, logits)
def test_losses_are_logarithms_of_the_sigmoid(real: float, fake: float) -> None:
    def sigmoid(x: float) -> float:
        return 1 / (1 + math.exp(-x))

    assert g_nonsaturating(column(fake)).item() == pytest.approx(-math.log(sigmoid(fake)))
    wanted = -math.log(sigmoid(real)) - math.log(sigmoid(-fake))  # 1 - sigmoid(x) is sigmoid(-x)
    assert d_logistic(column(real), column(fake)).item() == pytest.approx(wanted)


def test_known_values() -> None:
    zero = column(0)
    assert g_nonsaturating(zero).item() == pytest.approx(math.log(2))
    assert d_logistic(zero, zero).item() == pytest.approx(2 * math.log(2))
    assert g_nonsaturating(column(math.log(3))).item() == pytest.approx(math.log(4 / 3))
    assert d_logistic(column(math.log(3)), column(-math.log(3))).item() == pytest.approx(2 * math.log(4 / 3))


def test_each_image_has_a_loss_of_its_own() -> None:
    real, fake = column(-1, 0, 2), column(3, -2, 1)
    assert g_nonsaturating(fake).shape == d_logistic(real, fake).shape == (3, 1)
    for i in range(3):
        assert torch.equal(d_logistic(real, fake)[i : i + 1], d_logistic(real[i : i + 1], fake[i : i + 1]))


def test_the_discriminator_wants_real_up_and_fake_down_and_the_generator_fake_up() -> None:
    real, fake = column(0.3).requires_grad_(), column(-0.7).requires_grad_()
    real_gradient, fake_gradient = torch.autograd.grad(d_logistic(real, fake).sum(), (real, fake))
    (generator_gradient,) = torch.autograd.grad(g_nonsaturating(fake).sum(), fake)
    assert real_gradient.item() < 0 < fake_gradient.item()
    assert generator_gradient.item() < 0


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_extreme_logits_stay_finite_and_linear(dtype: torch.dtype) -> None:
    x = torch.tensor([[1000.0], [-1000.0]], dtype=dtype, requires_grad=True)
    loss = g_nonsaturating(x)
    assert loss.tolist() == [[0], [1000]]
    (gradient,) = torch.autograd.grad(loss.sum(), x)
    assert gradient.tolist() == [[0], [-1]]
    assert d_logistic(x, x).tolist() == [[1000], [1000]]
