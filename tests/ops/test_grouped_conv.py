"""Laws of the grouped convolution: PyTorch's, to any derivative, in a few calls."""

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

from allaprima.ops import grouped_conv2d


def operands(groups: int, kernel: int = 3) -> tuple[Tensor, Tensor]:
    x = torch.randn(2, 2 * groups, 3, 4, dtype=torch.float64, requires_grad=True)
    weight = torch.randn(groups, 2, kernel, kernel, dtype=torch.float64, requires_grad=True)
    return x, weight


@pytest.mark.parametrize(("groups", "kernel"), [(1, 3), (3, 3), (4, 1), (2, 5)])
def test_equals_one_convolution_for_each_group(groups: int, kernel: int) -> None:
    x, weight = operands(groups, kernel)
    pairs = zip(x.chunk(groups, dim=1), weight.chunk(groups), strict=True)
    wanted = torch.cat([F.conv2d(part, kernels, padding=kernel // 2) for part, kernels in pairs], dim=1)
    torch.testing.assert_close(grouped_conv2d(x, weight, groups=groups), wanted)


@pytest.mark.parametrize(("groups", "kernel"), [(3, 3), (4, 1)])
def test_first_and_second_derivatives_equal_finite_differences(groups: int, kernel: int) -> None:
    x, weight = operands(groups, kernel)
    assert torch.autograd.gradcheck(lambda x, w: grouped_conv2d(x, w, groups=groups), (x, weight))
    assert torch.autograd.gradgradcheck(lambda x, w: grouped_conv2d(x, w, groups=groups), (x, weight))


def test_third_derivatives_equal_pytorchs() -> None:
    x, weight = operands(3)

    def third(convolve: object) -> list[Tensor]:
        value = convolve(x, weight, groups=3).exp().sum()  # type: ignore[operator]
        for _ in range(2):
            value = sum(g.sin().sum() for g in torch.autograd.grad(value, (x, weight), create_graph=True))
        return list(torch.autograd.grad(value, (x, weight)))

    torch.testing.assert_close(third(grouped_conv2d), third(lambda x, w, groups: F.conv2d(x, w, padding=1, groups=3)))


def test_no_work_for_what_needs_no_gradient() -> None:
    x, weight = operands(3)
    y = grouped_conv2d(x.detach(), weight, groups=3)
    (gradient,) = torch.autograd.grad(y.sum(), weight)
    assert gradient.shape == weight.shape
    assert not grouped_conv2d(x.detach(), weight.detach(), groups=3).requires_grad


class Convolutions(TorchDispatchMode):
    """Counts convolutions."""

    count = 0

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):  # type: ignore[no-untyped-def]
        self.count += "convolution" in str(function)
        return function(*args, **(kwargs or {}))


def test_the_second_derivative_does_not_loop_over_the_groups() -> None:
    x, weight = operands(32)
    with Convolutions() as convolutions:
        (gradient,) = torch.autograd.grad(grouped_conv2d(x, weight, groups=32).exp().sum(), x, create_graph=True)
        gradient.square().sum().backward()
    assert convolutions.count < 10
