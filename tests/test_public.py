"""The interface that people's scripts were written against."""

from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import allaprima
from allaprima.models import build
from tests.models.stylegan2.small import small_discriminator, small_generator


@pytest.fixture
def G(tmp_path: Path) -> Any:
    """A generator with labels, saved and loaded, 24 high and 16 wide."""
    allaprima.save(build(small_generator(24, 16, c_dim=2, map_depth=1)), tmp_path / "model.safetensors")
    return allaprima.load(tmp_path / "model.safetensors")


def test_the_public_names_are_these_and_come_from_their_homes() -> None:
    hub = ["from_pretrained", "push_to_hub", "save_pretrained"]
    assert allaprima.__all__ == sorted(["Networks", "__version__", "generate", "load", "load_networks", "save", *hub])
    for name, home in allaprima._HOMES.items():
        assert getattr(allaprima, name) is getattr(import_module(home), name)


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match=r"^module 'allaprima' has no attribute 'lode'$"):
        _ = allaprima.lode
    with pytest.raises(ImportError, match="cannot import name 'lode'"):
        from allaprima import lode  # noqa: F401


def test_a_generator_has_the_attributes_of_the_reference(G: Any) -> None:
    assert (G.z_dim, G.c_dim, G.w_dim, G.num_ws) == (8, 2, 8, 6)
    assert (G.img_resolution, G.img_channels, G.img_height, G.img_width) == (24, 3, 24, 16)


def test_a_square_models_resolution_is_its_side() -> None:
    G = build(small_generator(16, 16))
    assert G.img_resolution == G.img_height == G.img_width == 16


def test_a_discriminator_has_the_attributes_of_the_reference() -> None:
    D = build(small_discriminator(24, 16, c_dim=2))
    assert (D.c_dim, D.img_resolution, D.img_channels, D.img_height, D.img_width) == (2, 24, 3, 24, 16)
    assert D(torch.zeros(2, 3, 24, 16), torch.eye(2)).shape == (2, 1)


def test_mapping_and_synthesis_are_called_as_ever(G: Any) -> None:
    z = torch.from_numpy(np.random.RandomState(7).randn(1, G.z_dim))  # float64, as NumPy draws it
    c = torch.zeros(1, G.c_dim)
    c[:, 1] = 1
    ws = G.mapping(z, c, truncation_psi=0.7, truncation_cutoff=None)
    assert ws.shape == (1, G.num_ws, G.w_dim)
    img = G.synthesis(ws, noise_mode="const")
    assert img.shape == (1, 3, 24, 16)
    assert img.dtype == torch.float32
    both = G(z, c, truncation_psi=0.7, truncation_cutoff=None, noise_mode="const")
    torch.testing.assert_close(both, img)
    assert G(z, c, truncation_psi=1, truncation_cutoff=None, noise_mode="random").shape == img.shape
    assert G(z, c).shape == img.shape
    pixels = (img.permute(0, 2, 3, 1) * 127.5 + 128).clamp(0, 255).to(torch.uint8)
    (painted,) = allaprima.generate(G, seeds=[7], c=c, truncation_psi=0.7)
    assert np.abs(pixels[0].numpy().astype(int) - painted.astype(int)).max() <= 1


def test_without_labels_c_may_be_none_or_empty() -> None:
    G, z = build(small_generator(16, 16)), torch.randn(2, 8)
    nothing = G(z, None, noise_mode="const")
    assert torch.equal(G(z, torch.zeros(2, G.c_dim), noise_mode="const"), nothing)
    assert torch.equal(G(z, noise_mode="const"), nothing)


def test_average_and_state_have_the_names_of_the_reference(G: Any) -> None:
    assert G.mapping.w_avg.shape == (G.w_dim,)
    names = set(G.state_dict())
    assert {"synthesis.b4.const", "synthesis.b4.conv1.noise_const", "mapping.fc0.weight", "mapping.w_avg"} <= names


def test_all_networks_go_to_a_file_and_come_back(tmp_path: Path) -> None:
    G, D = build(small_generator(16, 16)), build(small_discriminator(16, 16))
    allaprima.save(allaprima.Networks(G_ema=G, D=D, provenance={"data": "cats.zip"}), tmp_path / "model.safetensors")
    nets = allaprima.load_networks(tmp_path / "model.safetensors")
    assert nets.spec == nets.G_ema.spec == G.spec
    assert nets.D.spec == D.spec
    assert nets.G is None
    assert nets.provenance == {"data": "cats.zip"}
    allaprima.save(nets, tmp_path / "directory")
    assert allaprima.load(tmp_path / "directory").spec == G.spec


def test_generate_is_an_iterator_with_a_length_over_byte_arrays(G: Any) -> None:
    images = allaprima.generate(G, seeds=range(8), class_index=0, truncation_psi=0.7)
    assert len(images) == 8
    for image in images:
        assert (image.shape, image.dtype) == ((24, 16, 3), np.uint8)
