"""Maps along the axes, whole and in blocks."""

import pytest
import torch
from torch import Tensor

from allaprima.augment.resampling import BLOCK, AxisMap, resample
from allaprima.augment.wavelet import doubling, halving
from tests.conftest import assert_near


@pytest.mark.parametrize("matrix", [doubling(20, 3, 4), halving(30), doubling(200, 10, 50), halving(300)])
def test_equals_the_products(matrix: Tensor) -> None:
    x = torch.randn(2, 3, matrix.shape[1], matrix.shape[1], dtype=torch.float64, requires_grad=True)
    axis = AxisMap(matrix, x)
    y, wanted = resample(x, axis, axis), matrix @ x @ matrix.T
    assert_near(y, wanted, 1e-12)
    weight = torch.randn_like(y)
    (got,), (gradient,) = (torch.autograd.grad((image * weight).sum(), x) for image in (y, wanted))
    assert_near(got, gradient, 1e-12)


def test_large_matrices_are_multiplied_where_they_are_not_zero() -> None:
    axis = AxisMap(doubling(1000, 0, 0), torch.zeros(1))
    assert len(axis.blocks) == -(-2000 // BLOCK)
    assert all(block.columns.stop - block.columns.start < BLOCK for block in axis.blocks)
    assert all(block.columns.stop - block.columns.start < 3 * BLOCK for block in axis.adjoint_blocks)


def test_rows_of_zeros_give_zeros() -> None:
    matrix = torch.zeros(400, 5)
    matrix[390, 2] = 1
    x = torch.randn(1, 1, 5, 5)
    y = resample(x, AxisMap(matrix, x), AxisMap(torch.eye(5), x))
    assert torch.equal(y[:, :, 390], x[:, :, 2])
    assert y.abs().sum() == x[:, :, 2].abs().sum()


def test_rows_and_columns_are_not_confused() -> None:
    x = torch.randn(1, 2, 4, 6)
    y = resample(x, AxisMap(torch.eye(4)[:2], x), AxisMap(torch.eye(6)[3:], x))
    assert torch.equal(y, x[:, :, :2, 3:])


def test_second_gradient() -> None:
    x = torch.randn(1, 1, 4, 6, dtype=torch.float64, requires_grad=True)
    rows, columns = AxisMap(doubling(4, 1, 2), x), AxisMap(doubling(6, 0, 3), x)
    assert torch.autograd.gradgradcheck(lambda x: resample(x, rows, columns).pow(3), (x,), fast_mode=True)
