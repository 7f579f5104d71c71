"""Products of stacks of matrices, and linear maps of few rows, are what their definitions say in float64."""

import pytest
import torch
import torch.nn.functional as F
from einops import rearrange
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor, nn
from torch.autograd import gradcheck, gradgradcheck

from allaprima.ops import KeptKernels, fast, scaled_linear
from allaprima.ops.fast import library, mapping
from tests.conftest import assert_near
from tests.ops.fast.test_tiles import REFUSED, assert_nothing_else_was_written, stack, unfilled

compiled = pytest.mark.skipif(not fast.available(), reason="NOT SHOWN: passes.c was not compiled here")
NAN = float("nan")
ROUNDING = 1e-6  # of sums of some dozens
ROWS = 14  # that the passes keep in registers together, at most


def kernels(p: int, panels: int, i: int) -> Tensor:
    return torch.randn(p, panels, i, library.panel())


def multiplied(x: Tensor, kernels: Tensor) -> Tensor:
    """The definition, in float64."""
    return torch.einsum("pti,pnio->ptno", x.double(), kernels.double()).flatten(2)


@compiled
@given(st.integers(1, 4), st.integers(1, 3 * ROWS), st.integers(1, 40), st.integers(1, 3))
def test_each_matrix_is_multiplied_with_its_kernel(p: int, t: int, i: int, panels: int) -> None:
    x, weight, out = stack(torch.randn(p, t, i), NAN), kernels(p, panels, i), unfilled(p, t, panels * library.panel())
    fast.multiply(x, weight, out)
    assert_near(out, multiplied(x, weight), ROUNDING)
    assert_nothing_else_was_written(out)


@compiled
@pytest.mark.parametrize("others", [1, 5, ROWS, 100])
def test_a_row_is_multiplied_alike_whatever_others_there_are(others: int) -> None:
    x, weight = torch.randn(3, 1 + others, 70), kernels(3, 2, 70)
    together, alone = torch.empty(3, 1 + others, 2 * library.panel()), torch.empty(3, 1, 2 * library.panel())
    fast.multiply(x, weight, together)
    fast.multiply(x[:, 1:2].contiguous(), weight, alone)
    assert torch.equal(together[:, 1:2], alone)


@compiled
def test_kernels_may_lie_in_another_order_of_matrices_and_panels() -> None:
    x, weight, wide = torch.randn(4, 5, 6), kernels(3, 4, 6).transpose(0, 1), library.panel()
    out = unfilled(4, 5, 3 * wide)
    fast.multiply(x, weight, out)
    assert_near(out, multiplied(x, weight), ROUNDING)
    assert_nothing_else_was_written(out)


@compiled
@given(st.integers(1, 70), st.integers(1, 9))
def test_panels_are_the_kernels_filled_up_with_zeros(o: int, i: int) -> None:
    weight = torch.randn(o, i, 3, 3)
    found = rearrange(fast.in_panels(weight), "panels taps i wide -> taps i (panels wide)")
    assert torch.equal(found[:, :, :o], rearrange(weight, "o i k l -> (k l) i o"))
    assert found.shape[2] == fast.in_whole_panels(o)
    assert not found[:, :, o:].any()


@compiled
@pytest.mark.parametrize("rows", [1, 13, 14, 15, 40])
@pytest.mark.parametrize(("v", "h", "i"), [(6, 6, 20), (4, 1, 20), (1, 4, 20), (1, 1, 20), (2, 3, 1040)])
def test_products_of_kernels_that_are_transformed_meanwhile(v: int, h: int, i: int, rows: int) -> None:
    o = 2 * library.panel() - 3
    weight, vertical, horizontal = torch.randn(o, i, 3, 3), torch.randn(v, 3), torch.randn(3, h).T
    sizes = (v * h, rows, i), (v * h, rows, fast.in_whole_panels(o))
    x, out = fast.apart(torch.randn(fast.numbers_of(*sizes)), *sizes)
    fast.multiply_transformed(x, fast.in_panels(weight), vertical, horizontal, out)
    kernels = torch.einsum("va,hb,oiab->vhio", vertical.double(), horizontal.double(), weight.double()).flatten(0, 1)
    assert_near(out[:, :, :o], x.double() @ kernels, ROUNDING if i < 100 else 5 * ROUNDING)  # … or of a thousand
    assert not out[:, :, o:].any()


@compiled
def test_matrices_lie_apart_in_one_block_and_not_a_power_of_two_from_each_other() -> None:
    sizes = (3, 4, 8), (2, 16)
    first, second = fast.apart(torch.zeros(fast.numbers_of(*sizes)), *sizes)
    assert first.shape == (3, 4, 8)
    assert second.shape == (2, 16)
    first.fill_(1)
    second.fill_(2)
    assert first.eq(1).all()
    assert first.untyped_storage().data_ptr() == second.untyped_storage().data_ptr()
    (large,) = fast.apart(torch.zeros(fast.numbers_of((2, 64, 512))), (2, 64, 512))
    assert large.stride(0) * 4 % 4096 not in {0, 1024, 2048, 3072}


@compiled
@pytest.mark.parametrize(
    ("x", "weight", "out"),
    [
        ((2, 3, 5), (1, 1, 5), (2, 3, 1)),
        ((2, 3, 5), (2, 1, 4), (2, 3, 1)),
        ((2, 3, 5), (2, 1, 5), (2, 2, 1)),
        ((2, 3, 5), (2, 1, 5), (1, 3, 1)),
        ((2, 3, 5), (2, 1, 5), (2, 3, 2)),
    ],
    ids=["kernels", "inputs", "rows", "matrices", "panels"],
)
def test_products_that_do_not_fit_are_refused(
    x: tuple[int, ...], weight: tuple[int, ...], out: tuple[int, ...]
) -> None:
    *size, panels = out
    with pytest.raises(REFUSED):
        fast.multiply(torch.zeros(x), kernels(*weight), torch.zeros(*size, panels * library.panel()))


@compiled
def test_matrices_in_another_order_are_refused() -> None:
    wide = 2 * library.panel()
    x, weight, out = torch.zeros(2, 3, 5), kernels(2, 2, 5), torch.zeros(2, 3, wide)
    fast.multiply(x, weight, out)
    for wrong in (
        (torch.zeros(2, 5, 3).transpose(1, 2), weight, out),
        (x, kernels(2, 5, 2).transpose(1, 2), out),
        (x, weight, torch.zeros(2, wide, 3).transpose(1, 2)),
    ):
        with pytest.raises(AssertionError):
            fast.multiply(*wrong)


@compiled
def test_products_of_transformed_kernels_that_do_not_fit_are_refused() -> None:
    def multiply(x: tuple[int, ...], inputs: int, points: tuple[int, int], out: tuple[int, ...]) -> None:
        taps, (vertical, horizontal) = kernels(2, 9, inputs), (torch.zeros(length, 3) for length in points)
        panels = torch.zeros(*out[:-1], out[-1] * library.panel())
        fast.multiply_transformed(torch.zeros(x), taps, vertical, horizontal, panels)

    multiply((6, 3, 5), 5, (2, 3), (6, 3, 2))
    for wrong in (
        ((4, 3, 5), 5, (2, 3), (4, 3, 2)),
        ((6, 3, 5), 4, (2, 3), (6, 3, 2)),
        ((6, 3, 5), 5, (2, 3), (6, 4, 2)),
        ((6, 3, 5), 5, (2, 3), (6, 3, 1)),
        ((7, 3, 5), 5, (1, 7), (7, 3, 2)),  # more points than there is room for
    ):
        with pytest.raises(REFUSED):
            multiply(*wrong)


# ---- linear maps


def painted(x: Tensor, weight: Tensor, bias: Tensor | None = None, *, gain: float = 1, bias_gain: float = 1) -> Tensor:
    """As a network computes it where kernels are kept."""
    with KeptKernels(), torch.no_grad():
        return scaled_linear(x, nn.Parameter(weight), bias, gain=gain, bias_gain=bias_gain)


def mapped(x: Tensor, weight: Tensor, bias: Tensor | None, gain: float, bias_gain: float) -> Tensor:
    """The definition, in float64."""
    y = x.double() @ weight.double().T * gain
    return y if bias is None else y + bias.double() * bias_gain


GAINS = st.sampled_from([0.0, 1.0, -0.5, 1.7])


@given(st.integers(1, 20), st.integers(1, 70), st.integers(1, 40), st.booleans(), GAINS, GAINS)
def test_rows_are_mapped(n: int, i: int, o: int, biased: bool, gain: float, bias_gain: float) -> None:
    x, weight, bias = torch.randn(n, i), torch.randn(o, i), torch.randn(o) if biased else None
    expected = mapped(x, weight, bias, gain, bias_gain)
    summands = mapped(x.abs(), weight.abs(), None if bias is None else bias.abs(), abs(gain), abs(bias_gain))
    for found in (
        painted(x, weight, bias, gain=gain, bias_gain=bias_gain),
        scaled_linear(x, weight, bias, gain=gain, bias_gain=bias_gain),
    ):
        assert (found - expected).abs().le(ROUNDING * summands).all()


@compiled
def test_the_pass_is_for_painting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Elsewhere a network computes alike, to the last digit, with derivatives and without."""
    called: list[str] = []
    monkeypatch.setattr(mapping, "call", lambda name, arguments: called.append(name))
    x, weight = torch.randn(1, 4), nn.Parameter(torch.randn(3, 4))
    with torch.no_grad():
        scaled_linear(x, weight)
    with KeptKernels():
        scaled_linear(x, weight)
    assert not called
    painted(x, weight)
    assert called == ["map_rows"]


@compiled
@pytest.mark.parametrize(("i", "o"), [(512, 512), (700, 301), (3, 9000), (40_000, 3)], ids=str)
def test_a_row_is_mapped_alike_whatever_others_there_are(i: int, o: int) -> None:
    x, weight, bias = torch.randn(mapping.MOST_ROWS, i), torch.randn(o, i), torch.randn(o)
    together = painted(x, weight, bias, gain=0.3)
    assert fast.serves_rows(x, weight, bias)
    assert all(torch.equal(painted(x[[j]], weight, bias, gain=0.3), together[[j]]) for j in range(len(x)))
    summed_up = i * 2 // library.panel()  # by each part of a register
    assert_near(together, mapped(x, weight, bias, 0.3, 1), ROUNDING * max(1, summed_up / 2500))


@compiled
def test_rows_may_lie_in_memory_as_they_like_and_none_is_written_beside() -> None:
    x, weight, bias = torch.randn(9, 3).T, torch.randn(5, 9), torch.randn(10)[::2]
    assert_near(painted(x, weight, bias), mapped(x, weight, bias, 1, 1), ROUNDING)


X, WEIGHT = torch.zeros(2, 4), torch.zeros(3, 4)
OTHERS = {
    "many rows": (torch.zeros(mapping.MOST_ROWS + 1, 4), WEIGHT, None),
    "no rows": (X[:0], WEIGHT, None),
    "more axes": (X[None], WEIGHT, None),
    "float64": (X.double(), WEIGHT.double(), None),
    "a transposed weight": (X, torch.zeros(4, 3).T, None),
    "a bias of one number": (X, WEIGHT, torch.zeros(1)),
    "a bias of float64": (X, WEIGHT, torch.zeros(3).double()),
    "a weight of another size": (X, torch.zeros(3, 5), None),
}


@pytest.mark.parametrize("tensors", OTHERS.values(), ids=OTHERS)
def test_others_are_left_to_pytorch(tensors: tuple[Tensor, Tensor, Tensor | None]) -> None:
    assert not fast.serves_rows(*tensors)


@pytest.mark.parametrize("bias", [None, torch.randn(3, dtype=torch.float64)], ids=["no bias", "bias"])
def test_derivatives_of_linear_maps(bias: Tensor | None) -> None:
    inputs = [torch.randn(2, 4, dtype=torch.float64), torch.randn(3, 4, dtype=torch.float64)]
    inputs += [] if bias is None else [bias]
    inputs = [tensor.clone().requires_grad_() for tensor in inputs]
    assert gradcheck(lambda *tensors: scaled_linear(*tensors, gain=0.7, bias_gain=1.3), inputs)
    assert gradgradcheck(lambda *tensors: scaled_linear(*tensors, gain=0.7, bias_gain=1.3), inputs)


@pytest.mark.parametrize("which", range(3))
def test_whoever_wants_derivatives_in_float32_gets_them(which: int) -> None:
    inputs = [torch.randn(2, 4), torch.randn(3, 4), torch.randn(3)]
    inputs[which].requires_grad_()
    (found,) = torch.autograd.grad(scaled_linear(*inputs, gain=0.7).sum(), inputs[which])
    (wanted,) = torch.autograd.grad(F.linear(inputs[0], inputs[1] * 0.7, inputs[2]).sum(), inputs[which])
    torch.testing.assert_close(found, wanted)
