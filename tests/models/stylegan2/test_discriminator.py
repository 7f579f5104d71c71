"""Laws of the discriminator, and the reference numbers."""

import pytest
import torch

from allaprima.models import build, set_half
from tests.conftest import assert_near, read_reference
from tests.models.stylegan2.small import (
    ARCHITECTURES,
    DISCRIMINATOR_FILES,
    SHAPES,
    reference_discriminator,
    small_discriminator,
    small_generator,
)

each_architecture = pytest.mark.parametrize("architecture", ARCHITECTURES)
each_shape = pytest.mark.parametrize(("height", "width", "channels"), SHAPES)


@pytest.mark.parametrize("name", DISCRIMINATOR_FILES)
def test_equals_the_reference_to_the_gradients_of_the_penalty(name: str) -> None:
    reference = read_reference(name)
    D, t = reference_discriminator(reference), reference.tensors
    images = t["images"].requires_grad_()
    logits = D(images, t["c"])
    assert_near(logits, t["logits"], 1e-5)
    (gradient,) = torch.autograd.grad(logits.sum(), images, create_graph=True)
    r1 = gradient.square().sum(dim=(1, 2, 3))
    assert_near(r1, t["r1_penalty"], 1e-5)
    (r1 / 2).mean().backward()
    wanted = reference.part("grad_of_half_mean_r1.")
    for parameter, value in wanted.items():
        got = D.get_parameter(parameter).grad
        assert got is not None, parameter
        assert_near(got, value, 1e-3)
    for parameter, value in D.named_parameters():
        assert parameter in wanted or value.grad is None or not value.grad.any(), parameter


@each_shape
@each_architecture
def test_judges_exactly_what_a_generator_paints(architecture: str, height: int, width: int, channels: int) -> None:
    D = build(small_discriminator(height, width, channels, architecture=architecture))
    G = build(small_generator(height, width, channels))
    assert D(G(torch.randn(2, 8))).shape == (2, 1)
    assert (D.img_channels, D.img_height, D.img_width) == (channels, height, width)
    assert D.img_resolution == max(height, width)


@pytest.mark.parametrize("count", [1, 2, 3, 5])
def test_any_batch_size(count: int) -> None:
    D = build(small_discriminator(24, 16, c_dim=3))
    assert D(torch.randn(count, 3, 24, 16), torch.eye(3)[[0] * count]).shape == (count, 1)


def test_without_minibatch_std_an_image_does_not_depend_on_its_batch() -> None:
    D, images = build(small_discriminator(24, 16, mbstd_num_channels=0)), torch.randn(4, 3, 24, 16)
    assert_near(torch.cat([D(image[None]) for image in images]), D(images), 1e-5)


def test_with_minibatch_std_it_does() -> None:
    D, images = build(small_discriminator(24, 16)), torch.randn(4, 3, 24, 16)
    assert not torch.allclose(torch.cat([D(image[None]) for image in images]), D(images))


def test_labels_matter() -> None:
    D, images = build(small_discriminator(16, 16, c_dim=3)), torch.randn(2, 3, 16, 16)
    assert not torch.allclose(D(images, torch.eye(3)[[0, 0]]), D(images, torch.eye(3)[[0, 1]]))
    with pytest.raises(ValueError, match=r"c must be \[n, 3\], got None"):
        D(images)


@pytest.mark.parametrize(("height", "width"), [(16, 16), (13, 18), (3, 9)])
@each_architecture
def test_a_gradient_reaches_every_parameter(architecture: str, height: int, width: int) -> None:
    D = build(small_discriminator(height, width, architecture=architecture, c_dim=3))
    (D(torch.randn(4, 3, height, width), torch.eye(3)[[0, 1, 2, 0]]) * torch.randn(4, 1)).sum().backward()
    for name, parameter in D.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.isfinite().all(), name
        assert parameter.grad.abs().max() > 0, name


@pytest.mark.parametrize(("height", "width"), [(13, 18), (101, 67)])
@each_architecture
def test_every_pixel_is_seen(architecture: str, height: int, width: int) -> None:
    D = build(small_discriminator(height, width, architecture=architecture))
    images = torch.randn(2, 3, height, width, requires_grad=True)
    D(images).sum().backward()
    assert images.grad is not None
    assert (images.grad.abs().amax(dim=(0, 1)) > 0).all()


@each_architecture
def test_bfloat16_is_near_float32(architecture: str) -> None:
    D = build(small_discriminator(32, 24, architecture=architecture, num_fp16_res=4, conv_clamp=256))
    images = torch.randn(4, 3, 32, 24)
    with torch.no_grad():
        wanted = D(images)
        set_half(D, torch.bfloat16)
        got = D(images)
        assert got.dtype == torch.float32
        assert not torch.equal(got, wanted), "nothing ran in half precision"
        assert_near(got, wanted, 0.03)
        set_half(D, None)
        assert torch.equal(D(images), wanted)


def test_a_filter_of_many_taps_works_too() -> None:
    D = build(small_discriminator(16, 16, resample_filter=(1, 2, 4, 6, 6, 4, 2, 1)))
    assert D(torch.randn(2, 3, 16, 16)).shape == (2, 1)


def test_wrong_images_are_named() -> None:
    D = build(small_discriminator(24, 16))
    with pytest.raises(ValueError, match=r"images must be \[n, 3, 24, 16\], got \[2, 3, 16, 24\]"):
        D(torch.zeros(2, 3, 16, 24))
    with pytest.raises(ValueError, match=r"images must be \[n, 3, 24, 16\], got \[2, 4, 24, 16\]"):
        D(torch.zeros(2, 4, 24, 16))


def test_the_label_chooses_among_the_logits_of_the_classes() -> None:
    D = build(small_discriminator(16, 16, c_dim=3, label_output="logits"))
    images = torch.randn(2, 3, 16, 16)
    assert tuple(D.b4.out.weight.shape) == (3, 8)
    each = torch.cat([D(images, torch.eye(3)[[k, k]]) for k in range(3)], dim=1)
    some = torch.tensor([[0.5, 0.0, 2.0], [0.0, 1.0, 0.0]])
    torch.testing.assert_close(D(images, some), (each * some).sum(dim=1, keepdim=True))
    assert not hasattr(D, "mapping")
    with pytest.raises(ValueError, match="this model has labels"):
        D(images)


def test_the_labels_network_may_have_any_sizes() -> None:
    D = build(small_discriminator(16, 16, c_dim=3, cmap_dim=6, embed_dim=5, map_hidden=7, map_lr_multiplier=0.1))
    shapes = [tuple(D.get_parameter(f"mapping.{name}.weight").shape) for name in ("embed", "fc0", "fc1")]
    assert shapes == [(5, 3), (7, 5), (6, 7)]
    assert D.mapping.fc0.bias_gain == 0.1
    assert D(torch.randn(2, 3, 16, 16), torch.eye(3)[:2]).shape == (2, 1)


@each_architecture
def test_another_base_grid_is_only_another_way_to_halve(architecture: str) -> None:
    G = build(small_generator(24, 40, 3, doublings=3, architecture=architecture))
    D = build(small_discriminator(24, 40, 3, doublings=3, architecture=architecture))
    assert tuple(G.synthesis.b4.const.shape[1:]) == (3, 5)
    assert D.b4.fc.weight.shape[1] == D.spec.channels(4) * 15
    assert D(G(torch.randn(2, 8))).shape == (2, 1)
