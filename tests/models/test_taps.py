"""Feature maps of layers, read while a network runs."""

import pytest
import torch

from allaprima.models import build, feature_layers, recording
from allaprima.models.stylegan2 import generator as stylegan2_generator
from tests.conftest import assert_near
from tests.models.lucidrains.small import small_discriminator, small_generator
from tests.surgery import small

GENERATORS = [*small.GENERATORS, "lucidrains"]
DISCRIMINATORS = [*small.DISCRIMINATORS, "lucidrains"]


def generator(kind):
    return build(small_generator(16)).eval() if kind == "lucidrains" else small.generator(kind, 16, 16)


def discriminator(kind):
    return build(small_discriminator(16)).eval() if kind == "lucidrains" else small.discriminator(kind, 16, 16)


def styles(G, count=3):
    return G.mapping(torch.randn(count, G.z_dim, generator=torch.Generator().manual_seed(1)))


@pytest.mark.parametrize("kind", GENERATORS)
def test_feature_maps_of_a_generator(kind):
    G = generator(kind)
    ws, names = styles(G), feature_layers(G)
    assert len(names) >= 3
    with recording(G, names) as kept:
        image = G.synthesis(ws, noise_mode="const")
    assert list(kept) == names, "in the order of computation"
    assert all(maps.ndim == 4 and len(maps) == 3 and maps.std() > 0 for maps in kept.values())
    assert torch.equal(image, G.synthesis(ws, noise_mode="const"))
    heights = [maps.shape[2] for maps in kept.values()]
    assert heights == sorted(heights) or kind == "stylegan3"


@pytest.mark.parametrize("kind", DISCRIMINATORS)
def test_feature_maps_of_a_discriminator(kind):
    D = discriminator(kind)
    images = small.some_images(16, 16, count=4)
    with recording(D, feature_layers(D)) as kept:
        D(images)
    assert list(kept) == feature_layers(D)
    heights = [maps.shape[2] for maps in kept.values()]
    assert heights == sorted(heights, reverse=True)
    assert all(maps.ndim == 4 and len(maps) == 4 for maps in kept.values())


@pytest.mark.parametrize("kind", GENERATORS)
def test_the_last_of_several_runs_counts(kind):
    G = generator(kind)
    names, ws = feature_layers(G), styles(G)
    with recording(G, names) as kept:
        G.synthesis(ws[:2], noise_mode="const")
        G.synthesis(ws[2:], noise_mode="const")
    assert all(len(maps) == 1 for maps in kept.values())


def test_maps_that_were_made_image_by_image_come_together(monkeypatch):
    G = small.generator("skip", 32, 32)
    names, ws = feature_layers(G), styles(G)
    with recording(G, names) as wanted:
        G.synthesis(ws, noise_mode="const")
    monkeypatch.setattr(stylegan2_generator, "LARGE", 1)
    with torch.no_grad(), recording(G, names) as kept:
        G.synthesis(ws, noise_mode="const")
    for name in names:
        assert_near(kept[name], wanted[name], 1e-5)


def test_gradients_pass_through():
    G = small.generator("skip", 16, 16)
    ws = styles(G, 1).requires_grad_()
    name = feature_layers(G)[1]
    with recording(G, [name]) as kept:
        G.synthesis(ws, noise_mode="const")
    kept[name].square().sum().backward()
    assert ws.grad is not None
    assert ws.grad[:, 1].abs().max() > 0
    assert not ws.grad[:, -1].any(), "later styles have no say in an earlier layer"


def test_what_was_not_run_is_missing():
    G = small.generator("progan", 16, 16)
    G.set_lod(1)
    with recording(G, feature_layers(G)) as kept:
        G.synthesis(styles(G))
    assert kept
    assert not any(name.startswith("synthesis.b16") for name in kept)


def test_no_hook_stays():
    G = small.generator("skip")
    with pytest.raises(KeyError), recording(G, feature_layers(G)):
        raise KeyError
    assert not any(module._forward_hooks or module._forward_pre_hooks for module in G.modules())
