"""Laws of the generator, and the reference numbers."""

from typing import Any

import pytest
import torch
from torch import Tensor

from allaprima.losses import path_lengths
from allaprima.models import count_parameters, set_half
from allaprima.models.stylegan3 import Generator, StyleGAN3Generator
from tests.conftest import assert_near, read_reference
from tests.models.stylegan3.small import CONFIGURATIONS, SHAPES, reference_generator, settled, small_generator

each_reference = pytest.mark.parametrize("name", ["stylegan3_t", "stylegan3_r"])
each_configuration = pytest.mark.parametrize("fields", CONFIGURATIONS.values(), ids=CONFIGURATIONS)


@each_reference
@torch.no_grad()
def test_equals_the_reference(name: str) -> None:
    reference = read_reference(name)
    G, t = reference_generator(reference), reference.tensors
    assert_near(G(t["z"]), t["image"], 1e-5)
    assert_near(G.mapping(t["z"], truncation_psi=0.7), t["ws_trunc07"], 1e-5)
    G.synthesis.input.transform.copy_(t["transform"])
    assert_near(G(t["z"]), t["image_transformed"], 1e-5)


@each_reference
@torch.no_grad()
def test_averages_follow_the_reference(name: str) -> None:
    reference = read_reference(name)
    G, t = reference_generator(reference), reference.tensors
    assert_near(G(t["z"], update_emas=True), t["image_update_emas"], 1e-5)
    after = reference.part("after_update.")
    assert len(after) == len(G.synthesis.layer_names) + 1
    for buffer, wanted in after.items():
        assert_near(G.get_buffer(buffer), wanted, 1e-5)


@each_reference
def test_new_filters_are_the_stored_ones(name: str) -> None:
    reference = read_reference(name)
    new = Generator(reference_generator(reference).spec).state_dict()
    for key, stored in reference.part("G.").items():
        if "filter" in key:
            torch.testing.assert_close(new[key], stored, atol=1e-7, rtol=0)


@each_reference
def test_the_state_dict_has_the_published_names_and_the_published_order(name: str) -> None:
    reference = read_reference(name)
    G = reference_generator(reference)
    assert set(G.state_dict()) == set(reference.part("G."))
    parts = [key.partition(".")[0] for key, _ in G.named_parameters()]
    assert parts == sorted(parts, reverse=True), "synthesis before mapping"


@each_reference
@torch.no_grad()
def test_a_network_of_the_meta_device_is_filled_by_loading(name: str) -> None:
    reference = read_reference(name)
    spec = reference_generator(reference).spec
    with torch.device("meta"):
        G = Generator(spec)
    G.load_state_dict(reference.part("G."), strict=True, assign=True)
    assert_near(G(reference.tensors["z"]), reference.tensors["image"], 1e-5)


@pytest.mark.parametrize(("height", "width", "channels"), SHAPES)
@each_configuration
@torch.no_grad()
def test_paints_images_of_the_shape(fields: Any, height: int, width: int, channels: int) -> None:
    G = settled(small_generator(height, width, channels, **fields))
    image = G(torch.randn(2, 8))
    assert image.shape == (2, channels, height, width)
    assert image.isfinite().all()
    assert (G.img_channels, G.img_height, G.img_width) == (channels, height, width)
    assert G.img_resolution == max(height, width)
    assert G.mapping(torch.randn(1, 8)).shape == (1, G.num_ws, 8) == (1, 8, 8)


@pytest.mark.parametrize(("height", "width"), [(16, 16), (24, 24), (64, 48), (101, 67)])
@each_configuration
@torch.no_grad()
def test_layers_keep_about_unit_magnitude(fields: Any, height: int, width: int) -> None:
    G, magnitudes = settled(small_generator(height, width, channel_base=10**6, channel_max=24, **fields)), []
    for layer in G.synthesis.layers():
        layer.register_forward_hook(lambda _, args, out: magnitudes.append(out.square().mean().sqrt().item()))
    image = G(torch.randn(4, 8))
    assert all(0.4 < magnitude < 1.6 for magnitude in magnitudes), magnitudes
    assert abs(image.square().mean().sqrt() - magnitudes[-1] / 4) < 1e-6


@pytest.mark.parametrize("count", [1, 2, 3, 5])
@torch.no_grad()
def test_any_batch_size_with_labels(count: int) -> None:
    G = Generator(small_generator(16, 12, c_dim=3))
    assert G(torch.randn(count, 8), torch.eye(3)[[0] * count]).shape == (count, 3, 16, 12)


@each_configuration
@torch.no_grad()
def test_an_image_does_not_depend_on_its_batch(fields: Any) -> None:
    G, z = settled(small_generator(24, 16, **fields)), torch.randn(5, 8)
    alone = torch.cat([G(z[i : i + 1]) for i in range(5)])
    assert_near(G(z), alone, 1e-5)
    assert_near(torch.cat([G(z[:3]), G(z[3:])]), alone, 1e-5)


@torch.no_grad()
def test_there_is_no_noise() -> None:
    G, z = settled(small_generator(16, 16)), torch.randn(2, 8)
    image = G(z)
    assert torch.equal(G(z, noise_mode="const"), image)
    assert torch.equal(G(z, noise_mode="random", generators=torch.Generator()), image)


@each_configuration
@pytest.mark.parametrize(("height", "width"), [(16, 16), (13, 18), (3, 9)])
def test_a_gradient_reaches_every_parameter(fields: Any, height: int, width: int) -> None:
    G = settled(small_generator(height, width, c_dim=3, **fields))
    (G(torch.randn(4, 8), torch.eye(3)[[0, 1, 2, 0]]) * torch.randn(4, 3, height, width)).sum().backward()
    for name, parameter in G.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.isfinite().all(), name
        assert parameter.grad.abs().max() > 0, name


@each_configuration
def test_averages_may_be_updated_between_forward_and_backward(fields: Any) -> None:
    G, z = settled(small_generator(16, 16, **fields)), torch.randn(2, 8)
    loss = G(z, update_emas=True).sum()
    G(z, update_emas=True)
    loss.backward()


@each_configuration
@torch.no_grad()
def test_bfloat16_is_near_float32(fields: Any) -> None:
    G, z = settled(small_generator(32, 24, **fields)), torch.randn(4, 8)
    wanted = G(z)
    set_half(G, torch.bfloat16)
    got = G(z)
    assert got.dtype == torch.float32
    assert not torch.equal(got, wanted), "nothing ran in half precision"
    assert_near(got, wanted, 0.05)
    assert torch.equal(G(z, force_fp32=True), wanted)
    set_half(G, None)
    assert torch.equal(G(z), wanted)


@torch.no_grad()
def test_a_magnitude_may_lie_beyond_the_range_of_half_precision() -> None:
    layer = settled(small_generator(32, 32)).synthesis.layers()[-1]
    layer.magnitude_ema_beta, layer.half_dtype = 0.0, torch.float16
    x = torch.full((1, layer.plan.source.channels, *layer.plan.source.size), 1000.0)
    layer(x, torch.randn(1, 8), update_emas=True)
    assert layer.magnitude_ema == 1e6


@torch.no_grad()
def test_half_precision_does_not_leave_its_range() -> None:
    G = settled(small_generator(32, 32, conv_clamp=None))
    for layer in G.synthesis.layers():
        layer.weight.mul_(1e3)
        layer.affine.weight.mul_(1e3)
    z = torch.randn(2, 8)
    wanted = G(z)
    set_half(G, torch.float16)
    torgb = G.synthesis.layers()[-1]
    torgb.may_be_half, torgb.half_dtype = False, None  # it does not demodulate: its output is truly that large
    assert_near(G(z), wanted, 0.02)


def test_the_path_length_has_the_gradient_of_finite_differences() -> None:
    G = settled(small_generator(8, 8, num_layers=3, num_critical=1, channel_max=4, conv_clamp=0.8)).double()
    for layer in G.synthesis.layers():
        layer.half_dtype = torch.float64  # float32 is too coarse for differences
    noise, weight = torch.randn(2, 3, 8, 8).double(), G.synthesis.layers()[1].weight
    ws = torch.randn(2, 5, 8).double().requires_grad_()

    def length(step: float) -> Tensor:
        with torch.no_grad():
            weight.add_(direction, alpha=step)
        x = G.synthesis.input(ws[:, 0])
        for layer, w in zip(G.synthesis.layers(), ws.unbind(dim=1)[1:], strict=True):
            x = layer(x, w)
        return path_lengths(x, ws, noise).sum()

    direction = torch.randn_like(weight)
    (gradient,) = torch.autograd.grad(length(0), weight)
    difference = length(1e-7) - length(-2e-7)
    torch.testing.assert_close(difference / 2e-7, (gradient * direction).sum(), rtol=1e-4, atol=0)


@each_configuration
def test_the_path_length_reaches_every_layer(fields: Any) -> None:
    G = settled(small_generator(16, 12, **fields))
    ws = G.mapping(torch.randn(2, 8))
    path_lengths(G.synthesis(ws), ws, torch.randn(2, 3, 16, 12)).sum().backward()
    for name, parameter in G.named_parameters():
        if name.endswith("weight"):
            assert parameter.grad is not None, name
            assert parameter.grad.abs().max() > 0, name


def test_each_style_reaches_the_image() -> None:
    G = settled(small_generator(16, 16))
    torch.nn.init.normal_(G.synthesis.input.affine.weight)  # starts at 0
    ws = torch.randn(1, G.num_ws, 8, requires_grad=True)
    G.synthesis(ws).square().sum().backward()
    assert ws.grad is not None
    assert (ws.grad.abs().amax(dim=2) > 0).all()


@torch.no_grad()
def test_truncation_passes_through() -> None:
    G, z = settled(small_generator(16, 16)), torch.randn(2, 8)
    average = G(z, truncation_psi=0)
    torch.testing.assert_close(average[0], average[1])


def test_wrong_styles_are_named() -> None:
    G = Generator(small_generator(16, 16))
    with pytest.raises(ValueError, match=r"ws must be \[n, 8, 8\], got \[2, 8, 512\]"):
        G.synthesis(torch.zeros(2, 8, 512))


@pytest.mark.parametrize(
    ("fields", "millions"),
    [({}, 22.31), ({**CONFIGURATIONS["R"], "channel_base": 65536, "channel_max": 1024}, 15.09)],
    ids=CONFIGURATIONS,
)
def test_the_size_of_the_presets(fields: Any, millions: float) -> None:
    with torch.device("meta"):
        G = Generator(StyleGAN3Generator(height=1024, width=1024, img_channels=3, **fields))
    assert round(count_parameters(G) / 1e6, 2) == millions
