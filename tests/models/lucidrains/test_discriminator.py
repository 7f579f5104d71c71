"""Laws of the discriminator. The scores of the published package are in ``tests/interchange/test_lucidrains.py``."""

from typing import Any

import pytest
import torch

from allaprima.models import build
from allaprima.models.lucidrains.discriminator import DiscriminatorBlock, quantize
from tests.conftest import assert_near
from tests.models.lucidrains.small import small_discriminator

each_kind = pytest.mark.parametrize("fq_layers", [(), (1, 3)])


@each_kind
@pytest.mark.parametrize(("side", "channels"), [(8, 1), (16, 4), (32, 3)])
def test_one_logit_for_each_image(side: int, channels: int, fq_layers: tuple[int, ...]) -> None:
    D = build(small_discriminator(side, channels, fq_layers=fq_layers))
    images = torch.rand(3, channels, side, side) * 2 - 1
    logits = D(images, torch.zeros(3, 0))
    assert logits.shape == (3, 1)
    assert_near(torch.cat([D(image[None]) for image in images]), logits, 1e-5)
    assert (D.c_dim, D.img_channels, D.img_height, D.img_width, D.img_resolution) == (0, channels, side, side, side)


def test_the_smallest() -> None:
    assert build(small_discriminator(4))(torch.zeros(2, 3, 4, 4)).shape == (2, 1)


def test_layers_are_registered_in_the_order_of_their_use() -> None:
    D, order = build(small_discriminator(16)), []
    for name, module in D.named_children():
        module.register_forward_hook(lambda *_, name=name: order.append(name))
    D(torch.zeros(1, 3, 16, 16))
    assert order == [name for name, _ in D.named_children()] == ["b16", "b8", "b4", "b2", "conv", "out"]


@each_kind
def test_a_gradient_reaches_every_parameter(fq_layers: tuple[int, ...]) -> None:
    D = build(small_discriminator(16, fq_layers=fq_layers))
    (D(torch.randn(4, 3, 16, 16)) * torch.randn(4, 1)).sum().backward()
    for name, parameter in D.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.isfinite().all(), name
        assert parameter.grad.abs().max() > 0, name


@pytest.mark.parametrize("down", [True, False])
def test_a_block_can_be_differentiated_twice(down: bool) -> None:
    block: Any = DiscriminatorBlock(2, 3, down=down, dictionary=None).double()
    x = torch.randn(1, 2, 4, 4).double().requires_grad_()
    assert torch.autograd.gradgradcheck(lambda t: block(t).square(), x)


def test_quantised_pixels_are_the_nearest_vectors() -> None:
    x, codebook = torch.randn(2, 3, 4, 5), torch.randn(3, 7)
    got = quantize(x, codebook)
    for n in range(2):
        for h in range(4):
            for w in range(5):
                distances = (codebook - x[n, :, h, w, None]).square().sum(dim=0)
                assert_near(got[n, :, h, w], codebook[:, distances.argmin()], 1e-5)


def test_the_gradient_passes_quantisation_as_if_there_were_none() -> None:
    x, factors = torch.randn(2, 3, 4, 4, requires_grad=True), torch.randn(2, 3, 4, 4)
    (gradient,) = torch.autograd.grad((quantize(x, torch.randn(3, 7)) * factors).sum(), x)
    assert torch.equal(gradient, factors)


def test_wrong_images_are_named() -> None:
    with pytest.raises(ValueError, match=r"images must be \[n, 3, 16, 16\], got \[1, 4, 16, 16\]"):
        build(small_discriminator(16))(torch.zeros(1, 4, 16, 16))
