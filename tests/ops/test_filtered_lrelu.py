"""Laws of the filtered leaky ReLU, first among them: equality with its three steps."""

import math
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor
from torch.autograd import gradcheck, gradgradcheck
from torch.autograd.graph import saved_tensors_hooks

from allaprima.ops import filtered_lrelu, strips, upfirdn2d
from tests.conftest import assert_near, read_reference

CASES = {  # taps of fu, taps of fd, keywords
    "separable": ((12,), (12,), {"up": 2, "down": 2, "padding": (9, 8, 9, 8)}),
    "doubling": ((24,), (12,), {"up": 4, "down": 2, "padding": (17, -1, -2, 19), "clamp": 0.7}),
    "radial": ((8,), (6, 6), {"up": 2, "down": 2, "padding": (5, 4, 3, 6), "clamp": 0.9, "gain": 0.8}),
    "only up": ((4, 5), None, {"up": 2, "padding": (3, 1), "slope": 0.0}),
    "only down": (None, (5,), {"down": 3, "padding": 2, "clamp": 0.5, "slope": 1.0}),
    "neither": (None, None, {"clamp": 1.0}),
}
each_case = pytest.mark.parametrize(("fu", "fd", "keywords"), CASES.values(), ids=CASES)


def taps(shape: tuple[int, ...] | None) -> Tensor | None:
    if shape is None:
        return None
    f = torch.rand(shape, dtype=torch.float64)
    return f / f.sum()


def in_steps(x: Tensor, fu: Tensor | None, fd: Tensor | None, bias: Tensor | None, **keywords: Any) -> Tensor:
    """As the paper says it, one step after the other."""
    up, clamp = keywords.get("up", 1), keywords.get("clamp")
    x = x if bias is None else x + bias[:, None, None]
    x = upfirdn2d(x, fu, up=up, padding=keywords.get("padding", 0), gain=up**2)
    x = F.leaky_relu(x, keywords.get("slope", 0.2)) * keywords.get("gain", 2**0.5)
    return upfirdn2d(x if clamp is None else x.clamp(-clamp, clamp), fd, down=keywords.get("down", 1))


def test_equals_the_reference() -> None:
    reference = read_reference("ops_filtered_lrelu")
    t, params = reference.tensors, reference.metadata["params"]
    y = filtered_lrelu(t["x"], t["fu"], t["fd"], t["b"], **{**params, "padding": tuple(params["padding"])})
    assert_near(y, t["y"], 1e-5)


@pytest.fixture(params=["whole", "in strips"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """How the fine grid, small as it is in these tests, is made."""
    monkeypatch.setattr(strips, "LEAST_SAMPLES", 0 if request.param == "in strips" else math.inf)
    monkeypatch.setattr(strips, "STRIP_BYTES", 4000)
    return str(request.param)


@each_case
@pytest.mark.usefixtures("way")
class TestEachCase:
    def test_equals_its_steps(self, fu: Any, fd: Any, keywords: Any) -> None:
        x, bias, fu, fd = torch.randn(2, 3, 7, 9).double(), torch.randn(3).double(), taps(fu), taps(fd)
        for b in (bias, None):
            torch.testing.assert_close(filtered_lrelu(x, fu, fd, b, **keywords), in_steps(x, fu, fd, b, **keywords))

    def test_first_and_second_derivative(self, fu: Any, fd: Any, keywords: Any) -> None:
        x = torch.randn(1, 2, 5, 6, dtype=torch.float64, requires_grad=True)
        bias = torch.randn(2, dtype=torch.float64, requires_grad=True)
        fu, fd = taps(fu), taps(fd)

        def call(x: Tensor, bias: Tensor) -> Tensor:
            return filtered_lrelu(x, fu, fd, bias, **keywords)

        assert gradcheck(call, (x, bias), fast_mode=True)
        assert gradgradcheck(call, (x, bias), fast_mode=True)

    def test_derivatives_equal_those_of_the_steps(self, fu: Any, fd: Any, keywords: Any) -> None:
        fu, fd = taps(fu), taps(fd)
        x, bias = torch.randn(2, 3, 7, 9).double().requires_grad_(), torch.randn(3).double().requires_grad_()
        found = []
        for function in (filtered_lrelu, in_steps):
            y = function(x, fu, fd, bias, **keywords)
            (first,) = torch.autograd.grad((y * y.detach().cos()).sum(), x, create_graph=True)
            found.append((first, *torch.autograd.grad((y.square().sum() + first.square().sum()), [x, bias])))
        for got, wanted in zip(*found, strict=True):
            torch.testing.assert_close(got, wanted)

    def test_bfloat16_is_near_float32(self, fu: Any, fd: Any, keywords: Any) -> None:
        fu, fd = (None if f is None else f.float() for f in (taps(fu), taps(fd)))
        x, bias = torch.randn(2, 3, 8, 9).bfloat16(), torch.randn(3)
        x = x.to(memory_format=torch.channels_last).requires_grad_()
        y = filtered_lrelu(x, fu, fd, bias, **keywords)
        assert y.dtype == torch.bfloat16
        wanted = in_steps(x.detach().float(), fu, fd, bias, **keywords)
        assert_near(y.float(), wanted, 0.02)
        y.sum().backward()
        assert x.grad is not None
        assert x.grad.dtype == torch.bfloat16


def keeping(kept: list[Tensor]) -> saved_tensors_hooks:
    """While this is entered, ``kept`` collects what is saved for derivatives."""

    def keep(tensor: Tensor) -> Tensor:
        kept.append(tensor)
        return tensor

    return saved_tensors_hooks(keep, lambda tensor: tensor)


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize("clamp", [None, 0.5])
def test_of_the_fine_grid_one_byte_a_number_is_kept(clamp: float | None) -> None:
    x, f = torch.randn(1, 4, 32, 32, requires_grad=True), torch.rand(12)
    kept: list[Tensor] = []
    with keeping(kept):
        filtered_lrelu(x, f, f, torch.zeros(4), up=2, down=2, padding=(6, 5, 6, 5), clamp=clamp)
    assert 64 * 64 * 4 <= sum(t.nbytes for t in kept) <= 64 * 64 * 4 + 2 * f.nbytes


@pytest.mark.usefixtures("way")
def test_the_gradient_at_a_clamped_place_is_zero_and_at_zero_that_of_the_negative_side() -> None:
    x = torch.tensor([-9.0, -1.0, 0.0, 1.0, 9.0])[None, None, None].requires_grad_()
    filtered_lrelu(x, None, None, None, gain=2.0, slope=0.25, clamp=4.0).sum().backward()
    assert x.grad is not None
    assert x.grad.flatten().tolist() == [0, 0.5, 0.5, 2, 0]


def test_twice_the_input_gives_twice_the_output() -> None:
    x, f = torch.randn(2, 3, 8, 8), torch.rand(12)
    once, twice = (filtered_lrelu(scale * x, f, f, None, up=2, down=2, padding=(9, 8, 9, 8)) for scale in (1, 2))
    torch.testing.assert_close(twice, 2 * once)
