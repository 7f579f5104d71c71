"""Laws of the generator; its reference numbers are in test_reference_step.py."""

import copy

import pytest
import torch

from allaprima.models import set_half
from allaprima.models.r3gan import Generator
from tests.conftest import assert_near, read_reference
from tests.models.r3gan.small import FILES, SHAPES, reference_generator, small_generator, trained


@pytest.mark.parametrize(("height", "width", "channels"), SHAPES)
def test_paints_images_of_the_shape(height: int, width: int, channels: int) -> None:
    G = Generator(small_generator(height, width, channels))
    assert G(torch.randn(2, 6)).shape == (2, channels, height, width)
    assert (G.img_channels, G.img_height, G.img_width) == (channels, height, width)
    assert G.img_resolution == max(height, width)
    assert (G.z_dim, G.c_dim, G.w_dim, G.num_ws) == (6, 0, 6, 1)


@pytest.mark.parametrize("name", FILES)
def test_the_average_is_not_in_the_state_and_the_embedding_is_there_once(name: str) -> None:
    reference = read_reference(name)
    G = reference_generator(reference)
    assert G.state_dict().keys() == reference.part("G.").keys()
    modules = [name.partition(".")[0] for name, _ in G.named_parameters()]
    assert modules == sorted(modules, key=["MainLayers", "AggregationLayer", "EmbeddingLayer"].index)


def test_mapping_and_synthesis_are_the_two_halves() -> None:
    G, z, c = trained(Generator(small_generator(16, 24, c_dim=3))), torch.randn(3, 6), torch.eye(3)
    with torch.no_grad():
        assert torch.equal(G.synthesis(G.mapping(z, c)), G(z, c))
        assert torch.equal(G.synthesis(G.mapping(z, c, truncation_psi=0.5)), G(z, c, truncation_psi=0.5))
        assert torch.equal(G(z, c, truncation_psi=0.5, truncation_cutoff=0), G(z, c))
        ignored = {"noise_mode": "const", "generators": torch.Generator(), "update_emas": True}
        assert torch.equal(G(z, c, **ignored), G(z, c))
        assert torch.equal(G.synthesis(G.mapping(z, c), **ignored), G(z, c))


def test_the_latent_is_taken_as_it_is() -> None:
    G, z = trained(Generator(small_generator(8, 8))), torch.randn(2, 6)
    assert not torch.allclose(G(z), G(3 * z))


def test_an_image_does_not_depend_on_its_batch() -> None:
    G, z, c = trained(Generator(small_generator(24, 16, c_dim=3))), torch.randn(5, 6), torch.eye(3)[[0, 1, 2, 0, 1]]
    with torch.no_grad():
        assert_near(torch.cat([G(z[i : i + 1], c[i : i + 1]) for i in range(5)]), G(z, c), 1e-5)


@pytest.mark.parametrize(("height", "width"), [(16, 16), (13, 18), (3, 9)])
def test_a_gradient_reaches_every_parameter(height: int, width: int) -> None:
    G = trained(Generator(small_generator(height, width, c_dim=3)))
    (G(torch.randn(4, 6), torch.eye(3)[[0, 1, 2, 0]]) * torch.randn(4, 3, height, width)).sum().backward()
    for name, parameter in G.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.abs().max() > 0, name


def test_a_copy_maps_with_its_own_embedding() -> None:
    G = Generator(small_generator(8, 8, c_dim=3))
    twin = copy.deepcopy(G)
    torch.nn.init.zeros_(twin.EmbeddingLayer.weight)
    z, c = torch.randn(2, 6), torch.eye(3)[:2]
    assert not twin.mapping(z, c)[:, :, 6:].any()
    assert G.mapping(z, c)[:, :, 6:].any()
    assert twin.double().mapping.w_avg.dtype == torch.float64


def test_bfloat16_is_near_float32_and_can_be_overruled() -> None:
    G, z = trained(Generator(small_generator(32, 24, num_fp16_res=3))), torch.randn(4, 6)
    with torch.no_grad():
        wanted = G(z)
        set_half(G, torch.bfloat16)
        got = G(z)
        assert got.dtype == torch.float32
        assert not torch.equal(got, wanted), "nothing ran in half precision"
        assert_near(got, wanted, 0.03)
        assert torch.equal(G(z, force_fp32=True), wanted)
        assert torch.equal(G.synthesis(G.mapping(z), force_fp32=True), wanted)
        set_half(G, None)
        assert torch.equal(G(z), wanted)


def test_a_new_network_paints_with_the_variance_of_its_filters_alone() -> None:
    fields = {"channel_max": 64, "channel_base": 10**4, "z_dim": 64}
    with torch.no_grad():
        small, large = (Generator(small_generator(size, size, **fields))(torch.randn(200, 64)) for size in (4, 32))
    assert small.square().mean().sqrt().item() == pytest.approx(1, rel=0.2)
    assert 0.1 < large.square().mean().sqrt().item() < 1, "filters only take away"


def test_wrong_styles_are_named() -> None:
    G = Generator(small_generator(16, 16))
    with pytest.raises(ValueError, match=r"ws must be \[n, 1, 6\], got \[2, 1, 7\]"):
        G.synthesis(torch.zeros(2, 1, 7))
    with pytest.raises(ValueError, match=r"ws must be \[n, 1, 6\], got \[2, 14, 6\]"):
        G.synthesis(torch.zeros(2, 14, 6))
