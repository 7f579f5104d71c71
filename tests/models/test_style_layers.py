"""What each row of ws paints."""

import pytest
import torch

from allaprima.models import build, style_layers
from tests.models.lucidrains.small import small_generator as small_lucidrains
from tests.surgery import small


@pytest.mark.parametrize("kind", small.GENERATORS)
@pytest.mark.parametrize("size", [(16, 16), (24, 40), (8, 8)])
def test_there_is_one_for_each_style(kind, size):
    G = small.generator(kind, *size)
    layers = style_layers(G)
    assert len(layers) == G.num_ws
    assert [layer.resolution for layer in layers] == sorted(layer.resolution for layer in layers)


@pytest.mark.parametrize("kind", ["skip", "resnet", "orig", "growing", "stylegan", "stylegan3"])
def test_the_named_layer_reads_the_style_first(kind):
    """A change of style number i changes the output of layer i, and of no layer before it."""
    G = small.generator(kind, 32, 16)
    layers = style_layers(G)
    ws = G.mapping(torch.randn(1, G.z_dim))
    outputs: list[str] = []
    for layer in layers:
        module = G.synthesis.get_submodule(layer.name)
        module.register_forward_hook(lambda _m, _i, out, name=layer.name: seen.__setitem__(name, out.clone()))
    for index, layer in enumerate(layers):
        seen: dict[str, torch.Tensor] = {}
        G.synthesis(ws, noise_mode="const")
        before, seen = seen, {}
        changed = ws.clone()
        changed[:, index] += 1
        G.synthesis(changed, noise_mode="const")
        outputs = [name for name in before if not torch.equal(before[name], seen[name])]
        assert outputs[0] == layer.name


def test_lucidrains_has_one_style_for_each_resolution():
    G = build(small_lucidrains(32))
    assert [layer.name for layer in style_layers(G)] == ["b4", "b8", "b16", "b32"]


def test_depths_are_the_papers():
    G = small.generator("skip", 128, 128)
    depths = {int(layer.resolution): layer.depth for layer in style_layers(G)}
    assert depths == {4: "coarse", 8: "coarse", 16: "middle", 32: "middle", 64: "fine", 128: "fine"}


def test_stylegan3_goes_by_the_cutoff():
    layers = style_layers(small.generator("stylegan3", 64, 64))
    assert layers[0].name == "input"
    assert layers[0].depth == "coarse"
    assert layers[-1].resolution == 64
    assert layers[-1].depth == "fine"
