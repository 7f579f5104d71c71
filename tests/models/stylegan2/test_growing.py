"""The growing form of StyleGAN2 (configurations B to D of table 1); its laws are in `tests/models/test_growth.py`."""

import dataclasses
from typing import Any

import pytest
import torch

from allaprima.errors import ConfigError
from allaprima.models.precision import set_half
from allaprima.models.stylegan2 import Discriminator, Generator
from tests.conftest import assert_near, read_reference
from tests.models.stylegan2.small import (
    reference_discriminator,
    reference_generator,
    small_discriminator,
    small_generator,
)


def grown(network: Any) -> Any:
    """The growing form of a network, with its weights."""
    growing = type(network)(dataclasses.replace(network.spec, growing=True))
    missing, unexpected = growing.load_state_dict(network.state_dict(), strict=False)
    assert unexpected == []
    finest = network.spec.geometry.resolutions[-1]
    assert all("rgb" in name or name.endswith("lod") for name in missing)
    assert f"b{finest}." not in "".join(missing)
    return growing


def test_at_full_resolution_it_is_the_reference_of_orig() -> None:
    reference = read_reference("stylegan2_generator_orig_3ch")
    G, t = grown(reference_generator(reference)), reference.tensors
    with torch.no_grad():
        assert_near(G(t["z"], t["c"], noise_mode="const"), t["image_noise_const"], 1e-5)
    reference = read_reference("stylegan2_discriminator_orig_3ch")
    D, t = grown(reference_discriminator(reference)), reference.tensors
    with torch.no_grad():
        assert_near(D(t["images"], t["c"]), t["logits"], 1e-5)


@pytest.mark.parametrize(("height", "width"), [(24, 16), (13, 18), (4, 4), (3, 9)])
def test_at_full_resolution_it_equals_orig_with_the_same_weights(height: int, width: int) -> None:
    G = Generator(small_generator(height, width, architecture="orig", c_dim=3))
    D = Discriminator(small_discriminator(height, width, architecture="orig", c_dim=3))
    z, c, images = torch.randn(3, 8), torch.eye(3), torch.randn(3, 3, height, width)
    with torch.no_grad():
        assert torch.equal(grown(G)(z, c, noise_mode="const"), G(z, c, noise_mode="const"))
        assert torch.equal(grown(D)(images, c), D(images, c))


def test_a_coarse_image_is_modulated_by_the_style_that_the_next_block_begins_with() -> None:
    G, calls = Generator(small_generator(16, 16, architecture="orig", growing=True)), {}
    for name, module in G.synthesis.named_modules():
        if name.endswith("torgb"):
            module.register_forward_pre_hook(lambda _, args, name=name: calls.update({name: args[1][0, 0].item()}))
    G.set_lod(0.5)
    G.synthesis(torch.arange(6.0)[None, :, None].expand(1, 6, 8))
    assert calls == {"b16.torgb": 5, "b8.torgb": 3}


def test_bfloat16_is_near_float32_at_any_lod() -> None:
    fields: dict[str, Any] = {"architecture": "orig", "growing": True, "num_fp16_res": 4, "conv_clamp": 256}
    G, D = Generator(small_generator(32, 24, **fields)), Discriminator(small_discriminator(32, 24, **fields))
    z, images = torch.randn(4, 8), torch.randn(4, 3, 32, 24)
    with torch.no_grad():
        for lod in (0, 0.5, 1):
            G.set_lod(lod)
            D.set_lod(lod)
            both = []
            for half in (None, torch.bfloat16):
                set_half(G, half)
                set_half(D, half)
                both.append((G(z, noise_mode="const"), D(images)))
            for exact, near in zip(*both, strict=True):
                assert near.dtype == torch.float32
                assert not torch.equal(near, exact), "nothing ran in half precision"
                assert_near(near, exact, 0.03)


@pytest.mark.parametrize("make", [small_generator, small_discriminator])
@pytest.mark.parametrize("architecture", ["skip", "resnet"])
def test_only_orig_can_grow(make: Any, architecture: str) -> None:
    with pytest.raises(ConfigError, match="growing is True: it must be False unless architecture is orig"):
        make(16, 16, architecture=architecture, growing=True)


def test_what_does_not_grow_has_no_lod() -> None:
    for network in (Generator(small_generator(16, 16)), Discriminator(small_discriminator(16, 16))):
        assert network.lod is None
        assert not [name for name in network.state_dict() if name.endswith("lod")]
        with pytest.raises(ValueError, match="this network does not grow"):
            network.set_lod(1)


def test_synthesis_has_the_keyword_of_all_generators() -> None:
    G = Generator(small_generator(16, 16))
    ws = G.mapping(torch.randn(1, 8))
    with torch.no_grad():
        assert torch.equal(G.synthesis(ws, noise_mode="const", update_emas=True), G.synthesis(ws, noise_mode="const"))
