"""The plain convolutions equal their definitions; groups are convolutions side by side."""

import pytest
import torch

from allaprima.ops import plain, setup_filter
from tests.ops.test_resampled_conv import (
    correlate,
    downsampled_by_definition,
    each_filter,
    each_kernel,
    each_size,
    pad,
    tensors,
    upsampled_by_definition,
)


@each_filter
@each_size
@each_kernel
def test_resampling_equals_its_definition(k: int, size: tuple[int, int], taps: list[int]) -> None:
    x, weight, f = tensors(k, size, taps)
    torch.testing.assert_close(plain.upsampling_conv2d(x, weight, f), upsampled_by_definition(x, weight, f))
    torch.testing.assert_close(plain.downsampling_conv2d(x, weight, f), downsampled_by_definition(x, weight, f))


@each_kernel
def test_convolution_is_a_correlation_that_keeps_the_size(k: int) -> None:
    x, weight, _ = tensors(k, (4, 5), [1, 1])
    wanted = torch.from_numpy(correlate(pad(x.numpy(), k // 2, k // 2), weight.numpy()))
    torch.testing.assert_close(plain.conv2d(x, weight), wanted)


@each_kernel
@pytest.mark.parametrize("name", ["upsampling_conv2d", "downsampling_conv2d"])
def test_groups_are_convolutions_side_by_side(name: str, k: int) -> None:
    convolve, f = getattr(plain, name), setup_filter([1, 2, 4, 3])
    x, weight = torch.randn(1, 6, 5, 4, dtype=torch.float64), torch.randn(10, 3, k, k, dtype=torch.float64)
    parts = [convolve(x[:, 3 * i : 3 * i + 3], weight[5 * i : 5 * i + 5], f) for i in range(2)]
    torch.testing.assert_close(convolve(x, weight, f, groups=2), torch.cat(parts, dim=1))
