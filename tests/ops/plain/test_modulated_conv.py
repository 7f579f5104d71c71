"""The plain modulated convolution equals a loop over images, and the fast one in its derivatives."""

from functools import partial

import pytest
import torch

from allaprima import ops
from allaprima.ops import plain, setup_filter
from tests.ops.test_modulated_conv import batch, each_kernel, kernel_of_one_image, with_and_without

in_both_forms = pytest.mark.parametrize("grouped", [True, False])


@in_both_forms
@with_and_without
@each_kernel
def test_equals_a_loop_over_images(k: int, demodulate: bool, grouped: bool) -> None:
    x, weight, style = batch(k)
    kernels = [kernel_of_one_image(weight, s, demodulate=demodulate) for s in style]
    wanted = 0.3 * torch.cat([plain.conv2d(x[i : i + 1], kernel) for i, kernel in enumerate(kernels)])
    for gain in (0.3, torch.tensor(0.3, dtype=torch.float64)):
        y = plain.modulated_conv2d(x, weight, style, demodulate=demodulate, gain=gain, grouped=grouped)
        torch.testing.assert_close(y, wanted)


@in_both_forms
@with_and_without
@each_kernel
@pytest.mark.parametrize("name", ["upsampling_conv2d", "downsampling_conv2d"])
def test_values_and_derivatives_equal_those_of_the_fast_twin(
    name: str, k: int, demodulate: bool, grouped: bool
) -> None:
    f = setup_filter([1, 2, 4, 3])
    inputs = [t.requires_grad_() for t in batch(k)]
    found = []
    slow = partial(plain.modulated_conv2d, convolve=partial(getattr(plain, name), f=f), grouped=grouped)
    fast = partial(ops.modulated_conv2d, convolve=partial(getattr(ops, name), f=f))
    for twin in (fast, slow):
        y = twin(*inputs, demodulate=demodulate)
        first = torch.autograd.grad(y.pow(3).sum(), inputs, create_graph=True)
        second = torch.autograd.grad(sum(g.square().sum() for g in first), inputs)
        found.append([y, *first, *second])
    for got, wanted in zip(*found, strict=True):
        torch.testing.assert_close(got, wanted)
