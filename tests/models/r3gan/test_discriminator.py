"""Laws of the discriminator; its reference numbers are in test_reference_step.py."""

import pytest
import torch

from allaprima.losses import r1_penalty
from allaprima.models import set_half
from allaprima.models.r3gan import Discriminator, Generator
from tests.conftest import assert_near
from tests.models.r3gan.small import SHAPES, small_discriminator, small_generator, trained


@pytest.mark.parametrize(("height", "width", "channels"), SHAPES)
def test_judges_exactly_what_a_generator_paints(height: int, width: int, channels: int) -> None:
    D = Discriminator(small_discriminator(height, width, channels))
    G = Generator(small_generator(height, width, channels))
    assert D(G(torch.randn(2, 6))).shape == (2, 1)
    assert (D.img_channels, D.img_height, D.img_width) == (channels, height, width)
    assert (D.img_resolution, D.c_dim) == (max(height, width), 0)


def test_an_image_does_not_depend_on_its_batch() -> None:
    D, images = trained(Discriminator(small_discriminator(24, 16))), torch.randn(4, 3, 24, 16)
    assert_near(torch.cat([D(image[None]) for image in images]), D(images, torch.empty(4, 0)), 1e-5)


def test_labels_are_an_inner_product() -> None:
    D = trained(Discriminator(small_discriminator(16, 16, c_dim=3, embed_dim=5)))
    images, c = torch.randn(2, 3, 16, 16), torch.rand(2, 3)
    torch.testing.assert_close(D(images, 3 * c), 3 * D(images, c))
    by_class = torch.cat([D(images, label.expand(2, 3)) for label in torch.eye(3)], dim=1)
    torch.testing.assert_close((by_class * c).sum(dim=1, keepdim=True), D(images, c))
    with pytest.raises(ValueError, match=r"c must be \[n, 3\], got None"):
        D(images)


@pytest.mark.parametrize(("height", "width"), [(16, 16), (13, 18), (3, 9)])
def test_a_gradient_reaches_every_parameter_also_through_the_penalty(height: int, width: int) -> None:
    D, c = trained(Discriminator(small_discriminator(height, width, c_dim=3))), torch.eye(3)[[0, 1, 2, 0]]
    images = torch.randn(4, 3, height, width, requires_grad=True)
    logits = D(images, c)
    (logits * torch.randn(4, 1)).sum().backward(retain_graph=True)
    for name, parameter in D.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.abs().max() > 0, name
        parameter.grad = None
    r1_penalty(logits, images).mean().backward()
    for name, parameter in D.named_parameters():
        if not name.endswith("Bias"):  # they move the kinks only
            assert parameter.grad is not None, name
            assert parameter.grad.abs().max() > 0, name


def test_the_gradient_of_its_penalty_is_that_of_plain_convolutions(monkeypatch: pytest.MonkeyPatch) -> None:
    D = trained(Discriminator(small_discriminator(16, 12)))
    images = torch.randn(3, 3, 16, 12, requires_grad=True)

    def gradients() -> tuple[torch.Tensor, ...]:
        penalty = r1_penalty(D(images), images).mean()
        return torch.autograd.grad(penalty, list(D.parameters()), allow_unused=True, materialize_grads=True)

    got = gradients()
    monkeypatch.setattr("allaprima.models.r3gan.layers.grouped_conv2d", plain)
    torch.testing.assert_close(got, gradients(), rtol=1e-4, atol=1e-5)


def plain(x: torch.Tensor, weight: torch.Tensor, *, groups: int) -> torch.Tensor:
    return torch.nn.functional.conv2d(x, weight, padding=1, groups=groups)


@pytest.mark.parametrize(("height", "width"), [(13, 18), (101, 67)])
def test_every_pixel_is_seen(height: int, width: int) -> None:
    D = Discriminator(small_discriminator(height, width))
    images = torch.randn(2, 3, height, width, requires_grad=True)
    D(images).sum().backward()
    assert images.grad is not None
    assert (images.grad.abs().amax(dim=(0, 1)) > 0).all()


def test_a_new_network_judges_with_unit_variance_what_has_no_detail() -> None:
    D = Discriminator(small_discriminator(4, 4, channel_max=64, channel_base=256))
    with torch.no_grad():
        assert D(torch.randn(1000, 3, 4, 4)).std().item() == pytest.approx(1, rel=0.3)


def test_bfloat16_is_near_float32() -> None:
    D = trained(Discriminator(small_discriminator(32, 24, num_fp16_res=3)))
    images = torch.randn(4, 3, 32, 24)
    with torch.no_grad():
        wanted = D(images)
        set_half(D, torch.bfloat16)
        got = D(images)
        assert got.dtype == torch.float32
        assert not torch.equal(got, wanted), "nothing ran in half precision"
        assert_near(got, wanted, 0.05)
    leaf = images.requires_grad_()
    r1_penalty(D(leaf), leaf).sum().backward()
    assert all(p.grad is not None and p.grad.dtype == torch.float32 for p in D.ExtractionLayer.parameters())


def test_the_first_layer_is_of_the_finest_stages_precision() -> None:
    D, dtypes = Discriminator(small_discriminator(16, 16, num_fp16_res=1)), []
    D.ExtractionLayer.register_forward_hook(lambda _, __, output: dtypes.append(output.dtype))
    set_half(D, torch.bfloat16)
    D(torch.randn(1, 3, 16, 16))
    set_half(D, None)
    D(torch.randn(1, 3, 16, 16))
    assert dtypes == [torch.bfloat16, torch.float32]


def test_a_new_embedding_makes_the_inner_product_no_larger_than_its_factors() -> None:
    D = Discriminator(small_discriminator(4, 4, c_dim=50, embed_dim=400))
    assert D.EmbeddingLayer.weight.std().item() == pytest.approx(1 / (400 * 50) ** 0.5, rel=0.05)


def test_layers_are_registered_from_the_image_inwards() -> None:
    D = Discriminator(small_discriminator(16, 16, c_dim=3))
    names = [name for name, _ in D.named_parameters()]
    assert names[0] == "ExtractionLayer.Layer.weight"
    assert names[1].startswith("MainLayers.0.Layers.0.")
    assert names[-2:] == ["MainLayers.2.Layers.2.LinearLayer.weight", "EmbeddingLayer.weight"]


def test_wrong_images_are_named() -> None:
    D = Discriminator(small_discriminator(24, 16))
    with pytest.raises(ValueError, match=r"images must be \[n, 3, 24, 16\], got \[2, 3, 16, 24\]"):
        D(torch.zeros(2, 3, 16, 24))
