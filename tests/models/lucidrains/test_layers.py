"""Each layer equals a slow definition in float64."""

import torch
import torch.nn.functional as F
from torch import Tensor

from allaprima.models.lucidrains.layers import BLUR, SlowLinear, StyledConv2d, ToRGB, blur, double
from allaprima.ops import setup_filter
from tests.conftest import assert_near
from tests.models.lucidrains.small import trained

FILTER = setup_filter(BLUR).double()


def convolve(x: Tensor, weight: Tensor, styles: Tensor, *, demodulate: bool) -> Tensor:
    """Each image with its own kernel: weight × (style + 1), each output channel's divided by its length."""
    images = []
    for image, style in zip(x, styles, strict=True):
        kernel = weight.clone()
        for i in range(weight.shape[1]):
            kernel[:, i] *= style[i] + 1
        if demodulate:
            for o in range(weight.shape[0]):
                kernel[o] /= (kernel[o] ** 2).sum().add(1e-8).sqrt()
        images.append(F.conv2d(image[None], kernel, padding=weight.shape[-1] // 2))
    return torch.cat(images)


def blurred(x: Tensor) -> Tensor:
    """Three taps along each axis; the neighbour of an edge pixel is the one on its other side."""
    for axis in (2, 3):
        n = x.shape[axis]
        before = [abs(i - 1) for i in range(n)]
        after = [n - 1 - abs(n - 1 - (i + 1)) for i in range(n)]
        one, other = (x.index_select(axis, torch.tensor(rows)) for rows in (before, after))
        x = (one + 2 * x + other) / 4
    return x


def test_styled_convolution_equals_its_definition() -> None:
    layer = trained(StyledConv2d(3, 4, w_dim=5)).double()
    x, w, noise = torch.randn(2, 3, 6, 6).double(), torch.randn(2, 5).double(), torch.rand(2, 1, 6, 6).double()
    plain = convolve(x, layer.weight.detach(), layer.affine(w).detach(), demodulate=True)
    for pixels in (noise, noise[:1]):
        wanted = plain + pixels * layer.noise_strength[:, None, None] + layer.bias[:, None, None]
        assert_near(layer(x, w, pixels), F.leaky_relu(wanted, 0.2), 1e-6)
    assert_near(layer(x, w, None), F.leaky_relu(plain + layer.bias[:, None, None], 0.2), 1e-6)


def test_the_scale_of_a_style_does_not_matter() -> None:
    layer, x, w = StyledConv2d(3, 4, w_dim=5).double(), torch.randn(2, 3, 6, 6).double(), torch.randn(2, 5).double()
    before = layer(x, w, None)
    layer.affine.weight.data.mul_(7)
    layer.affine.bias.data.mul_(7).add_(6)  # style + 1, seven times
    assert_near(layer(x, w, None), before, 1e-6)


def test_colours_are_added_first_and_then_doubled() -> None:
    layer = ToRGB(3, 2, w_dim=5, up=True).double()
    x, w, image = torch.randn(2, 3, 4, 4).double(), torch.randn(2, 5).double(), torch.randn(2, 2, 4, 4).double()
    colours = convolve(x, layer.weight.detach(), layer.affine(w).detach(), demodulate=False)
    sums = F.interpolate(image + colours, scale_factor=2, mode="bilinear")
    assert_near(layer(x, image, w), blurred(sums), 1e-6)
    alone = F.interpolate(colours, scale_factor=2, mode="bilinear")
    assert_near(layer(x, None, w), blurred(alone), 1e-6)


def test_the_last_colours_are_not_doubled() -> None:
    layer = ToRGB(3, 2, w_dim=5, up=False).double()
    x, w, image = torch.randn(2, 3, 4, 4).double(), torch.randn(2, 5).double(), torch.randn(2, 2, 4, 4).double()
    colours = convolve(x, layer.weight.detach(), layer.affine(w).detach(), demodulate=False)
    assert_near(layer(x, image, w), image + colours, 1e-6)
    assert not list(layer.buffers())


def test_blur_equals_its_definition_and_keeps_what_is_even() -> None:
    x = torch.randn(2, 3, 5, 4).double()
    assert_near(blur(x, FILTER), blurred(x), 1e-12)
    assert_near(blur(torch.ones_like(x), FILTER), torch.ones_like(x), 1e-12)


def test_doubling_keeps_a_slope_between_the_outer_pixels() -> None:
    x = torch.arange(4.0).reshape(1, 1, 1, 4)
    wanted = [0, 0.25, 0.75, 1.25, 1.75, 2.25, 2.75, 3]
    assert double(x)[0, 0].tolist() == [wanted, wanted]


def test_slow_layer_equals_its_definition() -> None:
    layer, x = trained(SlowLinear(3, 4, lr_multiplier=0.1)), torch.randn(2, 3)
    assert_near(layer(x), F.leaky_relu(0.1 * (x @ layer.weight.T + layer.bias), 0.2), 1e-6)


def test_blur_can_be_differentiated_twice() -> None:
    x = torch.randn(1, 2, 4, 4).double().requires_grad_()
    assert torch.autograd.gradgradcheck(lambda t: blur(double(t), FILTER).square(), x)
