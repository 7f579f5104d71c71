"""Laws of bias, activation, gain and clamp."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor
from torch.autograd import gradcheck, gradgradcheck

from allaprima.ops import ACTIVATIONS, bias_act, split_gain
from tests.conftest import assert_near

DEFINITIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "linear": lambda x: x,
    "relu": lambda x: x.clamp(min=0),
    "lrelu": lambda x: torch.where(x > 0, x, 0.2 * x),
    "tanh": lambda x: (x.exp() - (-x).exp()) / (x.exp() + (-x).exp()),
    "sigmoid": lambda x: 1 / (1 + (-x).exp()),
    "elu": lambda x: torch.where(x > 0, x, x.exp() - 1),
    "selu": lambda x: 1.0507009873554805 * torch.where(x > 0, x, 1.6732632423543772 * (x.exp() - 1)),
    "softplus": lambda x: (1 + x.exp()).log(),
    "swish": lambda x: x / (1 + (-x).exp()),
}
GAINS = {"relu": 2**0.5, "lrelu": 2**0.5, "swish": 2**0.5}  # of the others 1
each_activation = pytest.mark.parametrize("activation", DEFINITIONS)
each_line = pytest.mark.parametrize(
    ("gain", "clamp"), [(None, None), (0.5, None), (None, 0.98), (1.7, 0.98), (-1.3, 0.98)]
)


def by_definition(x: Tensor, b: Tensor, activation: str, gain: float | None, clamp: float | None) -> Tensor:
    gain = GAINS.get(activation, 1.0) if gain is None else gain
    y = gain * DEFINITIONS[activation](x + b[:, None, None])
    return y if clamp is None else torch.where(y > clamp, clamp, torch.where(y < -clamp, -clamp, y))


def inputs(dtype: torch.dtype = torch.float64) -> tuple[Tensor, Tensor]:
    """Images and biases whose sums are multiples of 0.25 plus 0.1: away from the kink at 0."""
    x = torch.randint(-8, 8, (2, 3, 2, 3)) / 4 + 0.1
    return x.to(dtype), (torch.randint(-2, 2, (3,)) / 4).to(dtype)


def test_every_activation_is_tested() -> None:
    assert ACTIVATIONS.keys() == DEFINITIONS.keys()


@each_line
@each_activation
def test_equals_the_definition(activation: str, gain: float | None, clamp: float | None) -> None:
    x, b = inputs()
    y = bias_act(x, b, activation=activation, gain=gain, clamp=clamp)
    torch.testing.assert_close(y, by_definition(x, b, activation, gain, clamp))


@each_line
@each_activation
def test_gradient_and_second_gradient(activation: str, gain: float | None, clamp: float | None) -> None:
    x, b = (t.requires_grad_() for t in inputs())
    y = by_definition(x, b, activation, gain, None).abs()
    assert clamp is None or (y - clamp).abs().min() > 1e-4, "an input sits at the kink of the clamp"

    def function(x: Tensor, b: Tensor) -> Tensor:
        return bias_act(x, b, activation=activation, gain=gain, clamp=clamp)

    assert gradcheck(function, (x, b))
    assert gradgradcheck(function, (x, b))


@each_activation
def test_gradients_reach_through_a_penalty_as_in_the_definition(activation: str) -> None:
    x, b = (t.requires_grad_() for t in inputs())
    penalties = []
    for y in (bias_act(x * x, b, activation=activation, clamp=0.98), by_definition(x * x, b, activation, None, 0.98)):
        (g,) = torch.autograd.grad(y.square().sum(), x, create_graph=True)
        penalties.append(torch.autograd.grad(g.square().sum(), (x, b), allow_unused=True))
    for got, wanted in zip(*penalties, strict=True):
        torch.testing.assert_close(got, wanted)


@pytest.mark.parametrize("bias", [True, False])
@each_activation
def test_the_input_is_left_as_it_was(activation: str, bias: bool) -> None:
    x, b = inputs()
    before = x.clone()
    bias_act(x, b if bias else None, activation=activation, gain=0.5, clamp=0.98)
    assert torch.equal(x, before)


@pytest.mark.parametrize("clamp", [None, 0.98])
@each_activation
def test_bfloat16_is_float32_rounded(activation: str, clamp: float | None) -> None:
    x, b = inputs(torch.bfloat16)
    y = bias_act(x, b, activation=activation, clamp=clamp)
    assert y.dtype == torch.bfloat16
    assert_near(y.float(), by_definition(x.float(), b.float(), activation, None, clamp), 3 * 2**-8)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16], ids=str)
def test_no_gradient_passes_where_the_clamp_holds(dtype: torch.dtype) -> None:
    x = torch.tensor([[-9999.0, -2.0, 3.0, 9999.0]], dtype=dtype, requires_grad=True)
    bias_act(x, activation="lrelu", clamp=256 * 0.5**0.5).sum().backward()
    assert x.grad is not None
    torch.testing.assert_close(x.grad.float(), 2**0.5 * torch.tensor([[0, 0.2, 1, 0]]), rtol=2**-7, atol=0)


@pytest.mark.parametrize("activation", ["relu", "lrelu", "linear"])
def test_keeps_one_tensor_for_the_backward_pass(activation: str) -> None:
    kept: list[Tensor] = []

    def keep(x: Tensor) -> Tensor:
        kept.append(x)
        return x

    x, b = (t.requires_grad_() for t in inputs())
    with torch.autograd.graph.saved_tensors_hooks(keep, lambda x: x):
        bias_act(x, b, activation=activation, gain=0.5, clamp=0.98)
    assert len(kept) == 1


@each_activation
def test_a_gain_may_be_split_into_one_before_and_one_after(activation: str) -> None:
    x, b = inputs()
    before, after = split_gain(activation, 1.7)
    split = bias_act(before * x, before * b, activation=activation, gain=after, clamp=0.98)
    torch.testing.assert_close(split, bias_act(x, b, activation=activation, gain=1.7, clamp=0.98))


def test_takes_vectors_and_images() -> None:
    x, b = torch.randn(2, 3), torch.randn(3)
    torch.testing.assert_close(bias_act(x, b), x + b)
    torch.testing.assert_close(bias_act(x[:, :, None, None], b)[:, :, 0, 0], x + b)


def test_default_gains_keep_the_variance_of_a_normal_input() -> None:
    x = torch.randn(1, 1, 400, 400)
    for activation in ("linear", "relu", "lrelu"):
        second_moment = bias_act(x, activation=activation).square().mean().item()
        assert second_moment == pytest.approx(1.0 if activation != "lrelu" else 1.04, rel=0.02)
