"""What every kind of network can do: all that trains, saves, paints and explains relies on it. A new kind is tested by
being in the table `allaprima.models.spec.NETWORKS`; where it has to say no, it does so in a sentence.
"""

import json
from pathlib import Path
from typing import Any, get_args

import pytest
import torch

import allaprima
from allaprima.models import (
    DiscriminatorSpec,
    GeneratorSpec,
    Spec,
    feature_layers,
    is_generator,
    recording,
    set_half,
    spec_from_dict,
    spec_to_dict,
    style_layers,
)
from allaprima.models.checkpointing import set_checkpointing
from allaprima.models.judging import company_size
from allaprima.models.spec import NETWORKS
from tests.conftest import assert_near
from tests.models.every import DISCRIMINATORS, GENERATORS, SHAPES, inputs, small, small_spec, takes

each = pytest.mark.parametrize("name", NETWORKS)
each_generator = pytest.mark.parametrize("name", GENERATORS)
each_discriminator = pytest.mark.parametrize("name", DISCRIMINATORS)


def test_the_table_and_the_types_name_the_same_kinds() -> None:
    assert {NETWORKS[name][0] for name in GENERATORS} == set(get_args(GeneratorSpec))
    assert {NETWORKS[name][0] for name in DISCRIMINATORS} == set(get_args(DiscriminatorSpec))
    assert len({kind for kind, _ in NETWORKS.values()}) == len(NETWORKS) == len(get_args(Spec))


@each
def test_its_spec_survives_json(name: str) -> None:
    spec = small_spec(name)
    assert spec_to_dict(spec)["type"] == name
    assert spec_from_dict(json.loads(json.dumps(spec_to_dict(spec)))) == spec
    assert is_generator(spec) == (name in GENERATORS)


@each
@pytest.mark.parametrize(("height", "width", "channels"), SHAPES)
def test_it_says_its_sizes_and_keeps_to_them(name: str, height: int, width: int, channels: int) -> None:
    if not takes(name, height, width):
        return
    network = small(name, height, width, channels, c_dim=2).eval()
    assert (network.img_channels, network.img_height, network.img_width) == (channels, height, width)
    assert network.img_resolution == max(height, width)
    first, c = inputs(network, 2)
    out = network(first, c)
    assert out.dtype == torch.float32
    if name in GENERATORS:
        assert out.shape == (2, channels, height, width)
        assert network.mapping(first, c).shape == (2, network.num_ws, network.w_dim)
    else:
        assert out.shape[0] == 2


@each
def test_it_refuses_what_does_not_fit(name: str) -> None:
    network = small(name).eval()
    first, c = inputs(network, 2)
    with pytest.raises(ValueError, match="must be"):
        network(first[:, :-1], c)
    if name in GENERATORS:
        with pytest.raises(ValueError, match="ws must be"):
            network.synthesis(torch.zeros(2, network.num_ws + 1, network.w_dim))


@each_generator
def test_it_tells_classes_apart(name: str) -> None:
    G = small(name, c_dim=3).eval()
    if not G.c_dim:
        return  # a kind without labels: its spec has no such field
    z, _ = inputs(G, 1)
    images = [G(z, torch.eye(3)[[i]], noise_mode="const") for i in range(3)]
    assert not torch.equal(images[0], images[1])
    with pytest.raises(ValueError, match="labels"):
        G(z, None)


@each_generator
def test_an_image_does_not_depend_on_others(name: str) -> None:
    """Also in training: a batch comes in parts, and from several processes, and makes the same step."""
    G = small(name).train()
    z, c = inputs(G, 4)
    assert_near(G(z, c, noise_mode="const")[:2], G(z[:2], c[:2], noise_mode="const"), 1e-4)
    sources = [torch.Generator().manual_seed(seed) for seed in (1, 2, 3, 4)]
    again = [torch.Generator().manual_seed(seed) for seed in (1, 2)]
    assert_near(G(z, c, generators=sources)[:2], G(z[:2], c[:2], generators=again), 1e-4)


@each_discriminator
def test_a_score_depends_on_the_images_of_its_group_alone(name: str) -> None:
    """A group is every n-th image, as in `allaprima.training.critic.group_order`."""
    D = small(name).train()
    images, c = inputs(D, 2 * (company_size(D) + 1))
    assert_near(D(images, c)[::2], D(images[::2], c[::2]), 1e-4)


@each_generator
def test_no_truncation_leaves_as_it_is_and_all_of_it_makes_all_alike(name: str) -> None:
    G = small(name).eval()
    z, c = inputs(G, 2)
    assert torch.equal(G.mapping(z, c, truncation_psi=1.0), G.mapping(z, c))
    ws = G.mapping(z, c, truncation_psi=0.0)
    assert_near(ws[0], ws[1], 1e-6)


@each_generator
def test_it_knows_whether_its_w_is_but_its_z(name: str) -> None:
    """Walks, truncation and path lengths go by it."""
    G = small(name).eval()
    z, c = inputs(G, 4)
    w = G.mapping(z, c)[:, 0, : z.shape[1]]
    along = torch.nn.functional.cosine_similarity(w, z)
    assert G.has_w == (along.min() < 0.999)


@each
def test_its_weights_are_numbers_that_a_file_gives_back(name: str, tmp_path: Path) -> None:
    """A counter among them, such as that of PyTorch's batch normalisation, would make files that nobody can open."""
    network = small(name).eval()
    whole = small(name.replace("discriminator", "generator")) if name in DISCRIMINATORS else network
    allaprima.save(
        allaprima.Networks(G_ema=whole, D=network if name in DISCRIMINATORS else None), tmp_path / "m.safetensors"
    )
    read = allaprima.load_networks(tmp_path / "m.safetensors")
    again = read.D if name in DISCRIMINATORS else read.G_ema
    first, c = inputs(network, 2)
    how: dict[str, Any] = {"noise_mode": "const"} if name in GENERATORS else {}
    assert torch.equal(again(first, c, **how), network(first, c, **how))


@each
def test_half_precision_is_near_and_can_be_undone(name: str) -> None:
    network = small(name, num_fp16_res=8).eval()
    first, c = inputs(network, 2)
    how: dict[str, Any] = {"noise_mode": "const"} if name in GENERATORS else {}
    exact = network(first, c, **how)
    set_half(network, torch.bfloat16)
    able = any(getattr(module, "may_be_half", False) for module in network.modules())
    assert able == hasattr(network.spec, "num_fp16_res")
    half = network(first, c, **how)
    assert half.dtype == torch.float32
    assert torch.equal(half, exact) != able
    assert (half - exact).abs().max() < 0.2 * exact.abs().max()
    if name in GENERATORS:
        assert torch.equal(network(first, c, **how, force_fp32=True), exact)


@each
def test_what_is_computed_twice_is_the_same(name: str) -> None:
    gradients = []
    for on in (False, True):
        network = small(name).requires_grad_()
        first, c = inputs(network, 2)
        able = set_checkpointing(network, on)
        network(first, c, **({"noise_mode": "const"} if name in GENERATORS else {})).square().sum().backward()
        gradients.append({n: p.grad for n, p in network.named_parameters() if p.grad is not None})
    assert gradients[0].keys() == gradients[1].keys()
    assert all(torch.equal(gradients[1][n], gradient) for n, gradient in gradients[0].items())
    assert able or name.startswith("lucidrains"), "its blocks recompute where a recipe says so"


@each
def test_gradients_have_gradients(name: str) -> None:
    """R1 wants those of a discriminator by the image, path lengths those of a generator by w."""
    network = small(name).requires_grad_()
    first, c = inputs(network, 2)
    if name in GENERATORS:
        start = network.mapping(first, c).detach().requires_grad_()
        out = network.synthesis(start, noise_mode="const")
    else:
        start = first.requires_grad_()
        out = network(start, c)[:, 0]
    (gradient,) = torch.autograd.grad(out.square().sum(), start, create_graph=True)
    gradient.square().sum().backward()
    found = [p.grad for p in network.parameters() if p.grad is not None]
    assert any(bool(grad.any()) for grad in found)
    assert all(bool(grad.isfinite().all()) for grad in found)


@each_generator
def test_there_is_a_layer_for_each_style(name: str) -> None:
    G = small(name)
    layers = style_layers(G)
    assert len(layers) == G.num_ws, "allaprima.models.style_layers lists them"
    modules = dict(G.synthesis.named_modules()) if isinstance(G.synthesis, torch.nn.Module) else {}
    assert [layer.name for layer in layers] == ["all"] or all(layer.name in modules for layer in layers)


@each
def test_its_feature_maps_can_be_looked_at(name: str) -> None:
    network = small(name).eval()
    names = feature_layers(network)
    assert len(names) >= 2, "allaprima.models.taps names the classes of such layers"
    with recording(network, names) as kept:
        network(*inputs(network, 2))
    assert list(kept) == names, "in the order of computation"
    assert all(maps.ndim == 4 and len(maps) == 2 for maps in kept.values())
