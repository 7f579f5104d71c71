"""Laws of the linear layer with an equalised learning rate."""

import pytest
import torch
import torch.nn.functional as F

from allaprima.layers import EqualizedLinear


def test_is_the_scaled_affine_map() -> None:
    layer, x = EqualizedLinear(16, 3, activation="lrelu", lr_multiplier=0.01), torch.randn(5, 16)
    torch.nn.init.normal_(layer.bias)
    wanted = F.leaky_relu(x @ layer.weight.T * (0.01 / 4) + 0.01 * layer.bias, 0.2) * 2**0.5
    torch.testing.assert_close(layer(x), wanted)


@pytest.mark.parametrize("lr_multiplier", [1, 0.01])
@pytest.mark.parametrize("in_features", [16, 1024])
def test_unit_variance_in_gives_unit_variance_out(in_features: int, lr_multiplier: float) -> None:
    layer = EqualizedLinear(in_features, 512, lr_multiplier=lr_multiplier)
    assert layer(torch.randn(256, in_features)).var().item() == pytest.approx(1, abs=0.1)
    assert layer.weight.var().item() == pytest.approx(lr_multiplier**-2, rel=0.1)


def test_moves_at_the_multiple_of_the_learning_rate_under_an_optimizer_that_ignores_scale() -> None:
    """One step of Adam changes every weight by the same amount: what differs is what that does to the output."""
    moves = []
    for lr_multiplier in (1, 0.01):
        torch.manual_seed(0)
        layer, x = EqualizedLinear(64, 8, lr_multiplier=lr_multiplier, initial_bias=0.5), torch.ones(1, 64)
        before = layer(x)
        optimizer = torch.optim.Adam(layer.parameters(), lr=1e-3, eps=0)
        before.sum().backward()
        optimizer.step()
        moves.append(layer(x) - before)
    torch.testing.assert_close(moves[1], 0.01 * moves[0], rtol=1e-2, atol=1e-6)


@pytest.mark.parametrize("lr_multiplier", [1, 0.01])
def test_the_initial_bias_is_what_comes_out(lr_multiplier: float) -> None:
    layer = EqualizedLinear(4, 3, lr_multiplier=lr_multiplier, initial_bias=1.5)
    torch.testing.assert_close(layer(torch.zeros(2, 4)), torch.full((2, 3), 1.5))


def test_names_are_the_published_ones() -> None:
    assert set(EqualizedLinear(4, 3).state_dict()) == {"weight", "bias"}
    assert set(EqualizedLinear(4, 3, bias=False).state_dict()) == {"weight"}
