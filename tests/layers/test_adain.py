"""Adaptive instance normalisation."""

import torch
from torch.autograd import gradgradcheck

from allaprima.layers import AdaIN, instance_norm


def test_instance_norm_gives_mean_0_and_variance_1() -> None:
    y = instance_norm(torch.randn(2, 3, 5, 4, dtype=torch.float64) * 5 + 2)
    zero, one = torch.zeros(2, 3, dtype=torch.float64), torch.ones(2, 3, dtype=torch.float64)
    torch.testing.assert_close(y.mean(dim=(2, 3)), zero)
    torch.testing.assert_close(y.var(dim=(2, 3), unbiased=False), one)


def test_instance_norm_forgets_scale_and_offset_of_each_map() -> None:
    x = torch.randn(2, 3, 5, 4, dtype=torch.float64)
    scale, offset = torch.rand(2, 3, 1, 1, dtype=torch.float64) + 1, torch.randn(2, 3, 1, 1, dtype=torch.float64)
    torch.testing.assert_close(instance_norm(x * scale + offset), instance_norm(x), rtol=1e-7, atol=1e-7)


def test_a_flat_map_becomes_zero() -> None:
    assert torch.equal(instance_norm(torch.ones(1, 2, 4, 4)), torch.zeros(1, 2, 4, 4))


def test_equals_equation_1() -> None:
    layer, x, w = AdaIN(3, w_dim=5).double(), torch.randn(2, 3, 6, 4).double(), torch.randn(2, 5).double()
    torch.nn.init.normal_(layer.affine.bias)
    style = layer.affine(w)
    y = layer(x, w)
    for n in range(2):
        for i in range(3):
            mean, deviation = x[n, i].mean(), x[n, i].var(unbiased=False).sqrt()
            wanted = (style[n, i] + 1) * (x[n, i] - mean) / deviation + style[n, 3 + i]
            torch.testing.assert_close(y[n, i], wanted, rtol=1e-6, atol=1e-6)


def test_a_style_of_zero_changes_nothing() -> None:
    x = torch.randn(2, 3, 5, 4)
    torch.testing.assert_close(AdaIN(3, w_dim=5)(x, torch.zeros(2, 5)), instance_norm(x))
    torch.testing.assert_close(AdaIN(3, w_dim=5, normalize=False)(x, torch.zeros(2, 5)), x)


def test_gradients_of_gradients() -> None:
    layer = AdaIN(2, w_dim=3).double()
    x = torch.randn(2, 2, 3, 2, dtype=torch.float64, requires_grad=True)
    w = torch.randn(2, 3, dtype=torch.float64, requires_grad=True)
    assert gradgradcheck(layer, (x, w))


def test_bfloat16_is_near_float32() -> None:
    layer, x, w = AdaIN(3, w_dim=5), torch.randn(2, 3, 8, 8) + 3, torch.randn(2, 5)
    half = layer(x.bfloat16(), w)
    assert half.dtype == torch.bfloat16
    torch.testing.assert_close(half.float(), layer(x, w), rtol=0.1, atol=0.1)
