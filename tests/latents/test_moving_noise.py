"""Noise that moves starts at the model's own, comes back to it, and is noise all the while."""

from typing import Any

import pytest
import torch

from allaprima.errors import ConfigError
from allaprima.latents.moving_noise import MovingNoise
from allaprima.latents.paths import moments
from allaprima.models import build, noise_maps, paint_with_noise
from tests.models.lucidrains.small import small_generator, trained
from tests.surgery.small import generator


def lucidrains() -> Any:
    return trained(build(small_generator())).eval().requires_grad_(requires_grad=False)


@pytest.mark.parametrize("kind", ["skip", "resnet", "stylegan", "lucidrains"])
def test_it_starts_at_the_models_noise_and_can_be_painted(kind: str) -> None:
    G = lucidrains() if kind == "lucidrains" else generator(kind, 16, 24)
    maps = MovingNoise(G).at(moments(4, closed=True))
    ws = G.mapping(torch.randn(1, G.z_dim)).expand(4, -1, -1)
    images = paint_with_noise(G, ws, maps)
    torch.testing.assert_close(images[:1], G.synthesis(ws[:1], noise_mode="const"), atol=1e-4, rtol=1e-4)
    assert (images[1] - images[0]).abs().max() > 1e-3
    for name, own in noise_maps(G).items():
        assert maps[name].shape[0] == 4
        torch.testing.assert_close(maps[name][0].view_as(own), own)


def test_all_of_it_is_noise() -> None:
    G = generator("skip", 64, 64)
    largest = MovingNoise(G).at(moments(8, closed=True))["b64.conv1"]
    assert (largest.std(dim=(1, 2, 3)) - 1).abs().max() < 0.05
    uniform = MovingNoise(lucidrains()).at(moments(8, closed=True))[""]
    assert (uniform.mean(dim=(1, 2)) - 0.5).abs().max() < 0.06
    assert (uniform.std(dim=(1, 2)) - 12**-0.5).abs().max() < 0.06


def test_another_seed_is_another_way() -> None:
    G = generator("skip")
    t = torch.tensor([0.25])
    one, same, other = (MovingNoise(G, seed=seed).at(t)["b16.conv1"] for seed in (0, 0, 1))
    assert torch.equal(one, same)
    assert not torch.allclose(one, other)


@pytest.mark.parametrize("kind", ["progan", "r3gan", "stylegan3"])
def test_models_without_noise_say_so(kind: str) -> None:
    with pytest.raises(ConfigError, match=r"^this model adds no noise, so there is none that could move$"):
        MovingNoise(generator(kind))
