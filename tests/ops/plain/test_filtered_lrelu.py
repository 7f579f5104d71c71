"""The plain filtered leaky ReLU equals its steps, and the fast one in its derivatives."""

from typing import Any

import torch

from allaprima import ops
from allaprima.ops import plain
from tests.conftest import assert_near, read_reference
from tests.ops.test_filtered_lrelu import each_case, in_steps, taps


@each_case
def test_values_and_derivatives_equal_those_of_the_fast_twin(fu: Any, fd: Any, keywords: Any) -> None:
    x = torch.randn(2, 3, 7, 9, dtype=torch.float64, requires_grad=True)
    bias = torch.randn(3, dtype=torch.float64, requires_grad=True)
    fu, fd = taps(fu), taps(fd)
    found = []
    for twin in (ops.filtered_lrelu, plain.filtered_lrelu):
        y = twin(x, fu, fd, bias, **keywords)
        (first,) = torch.autograd.grad((y * y.detach().cos()).sum(), x, create_graph=True)
        found.append((y, first, *torch.autograd.grad(y.square().sum() + first.square().sum(), [x, bias])))
    for got, wanted in zip(*found, strict=True):
        torch.testing.assert_close(got, wanted)
    torch.testing.assert_close(found[1][0], in_steps(x, fu, fd, bias, **keywords))


def test_equals_the_reference() -> None:
    reference = read_reference("ops_filtered_lrelu")
    t, params = reference.tensors, reference.metadata["params"]
    y = plain.filtered_lrelu(t["x"], t["fu"], t["fd"], t["b"], **{**params, "padding": tuple(params["padding"])})
    assert_near(y, t["y"], 1e-5)
