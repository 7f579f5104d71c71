"""Noise as tensors that can be given to a generator, one for all images or one for each."""

import pytest
import torch

from allaprima.models import build, noise_maps, paint_with_noise
from allaprima.models.stylegan2 import generator as stylegan2_generator
from tests.conftest import assert_near
from tests.models.lucidrains.small import small_generator as small_lucidrains
from tests.surgery import small

NOISY = ["skip", "resnet", "orig", "growing", "stylegan"]
SILENT = ["progan", "r3gan", "stylegan3"]


def styles(G, count=2):
    z = torch.randn(count, G.z_dim, generator=torch.Generator().manual_seed(1))
    return G.mapping(z)


@pytest.mark.parametrize("kind", NOISY)
def test_the_kept_noise_paints_what_the_generator_paints(kind):
    G = small.generator(kind, 24, 32, 4)
    ws = styles(G)
    assert torch.equal(paint_with_noise(G, ws, noise_maps(G)), G.synthesis(ws, noise_mode="const"))


@pytest.mark.parametrize("kind", NOISY)
def test_each_image_has_its_own_noise(kind):
    G = small.generator(kind, 32, 24)
    ws = styles(G)
    maps = {name: torch.randn(2, 1, *noise.shape) for name, noise in noise_maps(G).items()}
    together = paint_with_noise(G, ws, maps)
    alone = [paint_with_noise(G, ws[[n]], {name: noise[n, 0] for name, noise in maps.items()}) for n in range(2)]
    assert_near(together, torch.cat(alone), 1e-5)
    assert (together - G.synthesis(ws, noise_mode="const")).abs().max() > 0.01


def test_also_where_large_maps_go_image_by_image(monkeypatch):
    G = small.generator("skip", 32, 32)
    ws = styles(G)
    maps = {name: torch.randn(2, 1, *noise.shape) for name, noise in noise_maps(G).items()}
    wanted = paint_with_noise(G, ws, maps)
    monkeypatch.setattr(stylegan2_generator, "LARGE", 1)
    with torch.no_grad():
        assert_near(paint_with_noise(G, ws, maps), wanted, 1e-5)
        assert_near(G.synthesis(ws, noise_mode="const"), paint_with_noise(G, ws, noise_maps(G)), 1e-5)


@pytest.mark.parametrize("kind", NOISY)
def test_the_generator_keeps_its_own(kind):
    G = small.generator(kind)
    before = {name: noise.clone() for name, noise in noise_maps(G).items()}
    paint_with_noise(G, styles(G), {name: torch.zeros_like(noise) for name, noise in before.items()})
    assert before
    assert all(torch.equal(noise, before[name]) for name, noise in noise_maps(G).items())


@pytest.mark.parametrize("kind", NOISY)
def test_gradients_reach_every_map(kind):
    G = small.generator(kind, 16, 24)
    maps = {name: noise.clone().requires_grad_() for name, noise in noise_maps(G).items()}
    paint_with_noise(G, styles(G, 1), maps).square().sum().backward()
    assert all(noise.grad is not None and noise.grad.abs().max() > 0 for noise in maps.values())


def test_zeros_are_the_mode_none():
    G = small.generator("stylegan")
    ws = styles(G)
    zeros = {name: torch.zeros_like(noise) for name, noise in noise_maps(G).items()}
    assert_near(paint_with_noise(G, ws, zeros), G.synthesis(ws, noise_mode="none"), 1e-6)


@pytest.mark.parametrize("kind", SILENT)
def test_a_generator_without_noise(kind):
    G = small.generator(kind)
    assert noise_maps(G) == {}
    ws = styles(G)
    assert torch.equal(paint_with_noise(G, ws, {}), G.synthesis(ws))
    with pytest.raises(ValueError, match=r"b8\.conv0"):
        paint_with_noise(G, ws, {"b8.conv0": torch.zeros(8, 8)})


def test_the_single_map_of_lucidrains():
    G = build(small_lucidrains(16)).eval()
    ws = styles(G)
    (name,) = noise_maps(G)
    maps = torch.rand(2, 16, 16)
    together = paint_with_noise(G, ws, {name: maps})
    assert_near(together, torch.cat([paint_with_noise(G, ws[[n]], {name: maps[n]}) for n in range(2)]), 1e-5)
