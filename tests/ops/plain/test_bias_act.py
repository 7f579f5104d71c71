"""The plain steps equal their definition."""

import torch

from allaprima.ops import plain
from tests.ops.test_bias_act import by_definition, each_activation, each_line, inputs


@each_line
@each_activation
def test_equals_the_definition(activation: str, gain: float | None, clamp: float | None) -> None:
    x, b = inputs()
    y = plain.bias_act(x, b, activation=activation, gain=gain, clamp=clamp)
    torch.testing.assert_close(y, by_definition(x, b, activation, gain, clamp))


def test_without_a_bias_and_for_vectors() -> None:
    x, b = torch.randn(2, 3), torch.randn(3)
    assert torch.equal(plain.bias_act(x), x)
    torch.testing.assert_close(plain.bias_act(x, b), x + b)
