"""Bare weights: the state dict of any network of ours that has the reference's names tells what it is of."""

from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor

from allaprima.errors import ModelFileError
from allaprima.interchange import read_pickle_bytes
from allaprima.interchange.imported import ImportedModel, assemble
from allaprima.interchange.torch_stylegan import spec_of_weights, state_dict_model
from allaprima.models import (
    Spec,
    StyleGAN2Discriminator,
    StyleGAN2Generator,
    StyleGAN3Generator,
    build,
    is_generator,
)
from allaprima.ops import setup_filter
from tests.conftest import assert_near, read_reference
from tests.interchange.samples import saved
from tests.interchange.torch_stylegan.published import weights_of
from tests.models.r3gan import small as small_r3gan
from tests.models.stylegan2.small import small_discriminator, small_generator
from tests.models.stylegan3 import small as small_stylegan3

SPECS: list[Spec] = [
    small_generator(32, 32),
    small_generator(24, 40, 4, architecture="resnet", doublings=2, c_dim=3, embed_dim=5, map_hidden=6),
    small_generator(28, 14, 1, doublings=1, use_noise=False, resample_filter=(1, 5, 10, 10, 5, 1)),
    small_generator(16, 16, architecture="orig", channel_base=100, channel_max=9, w_dim=6, map_depth=1),
    small_generator(16, 16, architecture="orig", growing=True, label_input="concat", c_dim=2),
    small_generator(4, 4, 5),
    small_discriminator(32, 32, architecture="skip", mbstd_num_channels=2),
    small_discriminator(16, 16, 4, c_dim=3, cmap_dim=6, embed_dim=5, map_hidden=4),
    small_discriminator(24, 24, c_dim=4, label_output="logits", architecture="orig"),
    small_discriminator(28, 28, 1, c_dim=3, map_depth=0, mbstd_num_channels=0, channel_base=60),
    small_discriminator(16, 16, architecture="orig", growing=True),
    small_stylegan3.small_generator(32, 32, c_dim=2),
    small_stylegan3.small_generator(24, 24, 1, **small_stylegan3.CONFIGURATIONS["R"], num_critical=3, num_layers=7),
    small_stylegan3.small_generator(64, 64, 4, num_layers=9, channel_base=300, channel_max=60, margin_size=6),
    small_stylegan3.small_generator(32, 32, filter_size=4, num_critical=1, num_layers=2),
    small_r3gan.small_generator(24, 40, c_dim=3, blocks_per_stage=1),
    small_r3gan.small_generator(16, 16, 1, widths=(6, 8, 4), cardinalities=(2, 4, 1), expansion=3),
    small_r3gan.small_discriminator(40, 24, c_dim=3, embed_dim=5),
    small_r3gan.small_discriminator(4, 4, 2, resample_filter=(1, 2, 1)),
]


@torch.no_grad()
def output_of(network: Any) -> Tensor:
    generator = torch.Generator().manual_seed(3)
    c = torch.eye(network.c_dim)[:1].repeat(2, 1) if network.c_dim else None
    if is_generator(network.spec):
        image: Tensor = network(torch.randn(2, network.z_dim, generator=generator), c, noise_mode="const")
        return image
    shape = (2, network.img_channels, network.img_height, network.img_width)
    logits: Tensor = network(torch.randn(shape, generator=generator), c)
    return logits


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: f"{type(spec).__name__}{spec.height}x{spec.width}")
def test_weights_tell_what_they_are_of(spec: Any) -> None:
    network = build(spec).eval()
    weights = weights_of(network)
    network.load_state_dict(weights)
    rebuilt: Any = assemble(spec_of_weights(weights), weights)
    assert torch.equal(output_of(rebuilt), output_of(network))
    shapes = {name: t.shape for name, t in rebuilt.state_dict().items()}
    assert shapes == {name: t.shape for name, t in weights.items()}
    got = (rebuilt.img_height, rebuilt.img_width, rebuilt.spec.geometry) if hasattr(spec, "geometry") else ()
    assert got == ((spec.height, spec.width, spec.geometry) if got else ())


R: dict[str, Any] = {"conv_kernel": 1, "use_radial_filters": True}
PUBLISHED: list[Spec] = [
    StyleGAN2Generator(height=1024, width=1024, img_channels=3),
    StyleGAN2Generator(height=256, width=256, img_channels=3, channel_base=16384),
    StyleGAN2Discriminator(height=512, width=512, img_channels=3),
    StyleGAN3Generator(height=256, width=256, img_channels=3),
    StyleGAN3Generator(height=256, width=256, img_channels=3, channel_base=16384),
    StyleGAN3Generator(height=1024, width=1024, img_channels=3),
    StyleGAN3Generator(height=512, width=512, img_channels=3, channel_base=65536, channel_max=1024, **R),
    StyleGAN3Generator(height=1024, width=1024, img_channels=3, channel_base=65536, channel_max=1024, **R),
]


@pytest.mark.parametrize("spec", PUBLISHED, ids=lambda spec: f"{type(spec).__name__}{spec.height}")
def test_published_sizes_tell_their_whole_spec(spec: Spec) -> None:
    with torch.device("meta"):
        weights: dict[str, Tensor] = build(spec).state_dict()
    for name in weights:
        if name.endswith("resample_filter"):
            weights[name] = setup_filter((1, 3, 3, 1))
    assert spec_of_weights(weights) == spec


def model_of(value: Any) -> ImportedModel:
    model = state_dict_model(value)
    assert model is not None
    return model


def two_networks() -> dict[str, dict[str, Tensor]]:
    sizes: dict[str, Any] = {"height": 32, "width": 16, "doublings": 2}
    specs: dict[str, Spec] = {"G_ema": small_generator(**sizes), "D": small_discriminator(**sizes)}
    return {role: weights_of(build(spec)) for role, spec in specs.items()}


def test_every_way_of_writing_roles_gives_the_same() -> None:
    nested = two_networks()
    flat = {f"{role}.{name}": t for role, part in nested.items() for name, t in part.items()}
    for value in (nested, flat, {"state_dict": nested, "epoch": 3}, {"state_dict": flat}, {**nested, "G": None}):
        model = model_of(value)
        assert list(model.networks) == ["G_ema", "D"]
        for role, network in model.networks.items():
            assert {name: t.data_ptr() for name, t in network.weights.items()} == {
                name: t.data_ptr() for name, t in nested[role].items()
            }
    specs: list[Any] = [network.spec for network in model.networks.values()]
    assert [(s.height, s.width, s.geometry.base) for s in specs] == [(32, 16, (8, 4))] * 2
    assert output_of(model.networks["D"].build()).shape == (2, 1)


def test_one_generator_is_the_average() -> None:
    weights = two_networks()["G_ema"]
    for value in (weights, {"G": weights}, {f"G.{name}": t for name, t in weights.items()}):
        assert list(model_of(value).networks) == ["G_ema"]
    model = model_of(read_pickle_bytes(saved(weights, is_zip=True)))
    assert model.origin == "StyleGAN2, weights without a description"
    assert model.all_notes() == [
        "G_ema: not told by its weights, and assumed: a mapping network with a learning rate of 0.01, no conv_clamp"
    ]


@pytest.mark.parametrize("name", ["stylegan2_generator_resnet_3ch", "stylegan3_r", "r3gan_16_labels"])
def test_reference_weights_give_the_reference(name: str) -> None:
    reference = read_reference(name)
    t = reference.tensors
    G: Any = model_of({k: v for k, v in t.items() if k.startswith(("G.", "D."))}).networks["G_ema"].build()
    wanted = next(t[k] for k in ("image_noise_const", "image", "fake_images") if k in t)
    assert_near(G(t["z"], t.get("c"), noise_mode="const"), wanted, 1e-5)


def test_what_was_never_learned_may_be_missing() -> None:
    weights = two_networks()["G_ema"]
    state = torch.random.get_rng_state()
    model = model_of({k: t for k, t in weights.items() if not k.endswith(("resample_filter", "w_avg"))})
    assert torch.equal(torch.random.get_rng_state(), state)
    _, filters, average = model.networks["G_ema"].notes
    assert filters.startswith("filters that the file lacks were computed: synthesis.b4.resample_filter, ")
    assert average == "the file has no average of w: it was computed from 10,000 latents"
    got = model.networks["G_ema"].weights
    assert all(torch.equal(got[k], t) for k, t in weights.items() if not k.endswith("w_avg"))


def test_a_filter_that_nothing_is_filtered_by_may_have_any_size() -> None:
    network = build(small_generator(16, 16, resample_filter=(1, 1)))
    weights = weights_of(network)
    network.load_state_dict(weights)
    for k in [4, 8, 16]:
        weights[f"synthesis.b{k}.conv1.resample_filter"] = torch.ones(4, 4) / 16  # as in published files
    G = model_of(weights).networks["G_ema"]
    assert G.spec == replace(network.spec, channel_base=128)
    assert torch.equal(output_of(G.build()), output_of(network))


def test_half_precision_becomes_single() -> None:
    weights = {name: t.bfloat16() for name, t in two_networks()["G_ema"].items()}
    assert {t.dtype for t in model_of(weights).networks["G_ema"].weights.values()} == {torch.float32}


def test_what_is_no_such_file_is_left_to_others() -> None:
    D = two_networks()["D"]
    rosinality = {"g_ema": {"style.1.weight": torch.ones(3)}}
    others: list[Any] = [None, [], {}, {"state_dict": 3}, {1: 2}, {"G": {}}, rosinality, D, {"D": D}, {"G_ema": D}]
    for value in others:
        assert state_dict_model(value) is None


def test_other_networks_are_left_out() -> None:
    parts = {**two_networks(), "D": {"feature_network.weight": torch.ones(3)}}
    model = model_of(parts)
    assert list(model.networks) == ["G_ema"]
    assert model.notes == ("D is of no kind that is known here, and was left out",)


@pytest.mark.parametrize(
    ("role", "change", "words"),
    [
        ("G_ema", {"mapping.fc0.weight": None}, "no tensor mapping.fc0.weight"),
        ("G_ema", {"synthesis.b4.attention": torch.ones(3)}, "does not have: synthesis.b4.attention"),
        ("G_ema", {"synthesis.b4.const": 3}, "a int where the tensor synthesis.b4.const was expected"),
        ("G_ema", {"mapping.fc0.weight": torch.ones(0, 8)}, r"fc0.weight is \[0, 8\]"),
        ("D", {"b4.fc.weight": torch.ones(8, 8 * 15)}, "15 pixels is neither the generator's nor square"),
        ("D", {"b16.resample_filter": torch.full((4, 4), float("nan"))}, "cannot be"),
        ("D", {"b16.resample_filter": torch.ones(3, 3)}, "resample_filter is .* an even number"),
    ],
)
def test_weights_that_do_not_fit_are_refused(role: str, change: dict[str, Any], words: str) -> None:
    parts: dict[str, Any] = two_networks()
    parts[role] = {name: t for name, t in (parts[role] | change).items() if t is not None}
    with pytest.raises(ModelFileError, match=words):
        state_dict_model(parts)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"G.MainLayers.1.Layers.2.LinearLayer1.Layer.weight": None}, "differ in the number"),
        ({"G.MainLayers.0.Layers.0.Basis": torch.ones(24, 2, 2)}, "base grid is 2×2"),
        ({"G.MainLayers.1.Layers.1.LinearLayer1.Layer.weight": torch.ones(30, 24, 1, 1)}, "differ in .* expansion"),
    ],
)
def test_an_r3gan_that_cannot_be_is_refused(change: dict[str, Any], words: str) -> None:
    parts = {k: v for k, v in {**read_reference("r3gan_16").tensors, **change}.items() if v is not None}
    with pytest.raises(ModelFileError, match=words):
        state_dict_model({k: v for k, v in parts.items() if k.startswith("G.")})


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("L1_36_24", "L1_40_24", "of no StyleGAN3 that is known here"),
        ("L1_36_24", "L1_36_5", "24, 5, 23, 13, 8, 8 feature maps, which no channel_base"),
        ("L1_36_24", "L9_36_24", "7 layers .* make no network"),
    ],
)
def test_layers_of_no_plan_are_refused(old: str, new: str, words: str) -> None:
    weights = read_reference("stylegan3_t").part("G.")
    names = sorted(name.split(".")[1] for name in weights if name.endswith(".magnitude_ema"))
    assert old in names, names
    with pytest.raises(ModelFileError, match=words):
        spec_of_weights({name.replace(old, new): t for name, t in weights.items()})


def test_filters_of_absurd_length_are_refused_before_any_is_computed() -> None:
    weights = read_reference("stylegan3_t").part("G.")
    long = {name: torch.zeros(()).expand(10**9) for name in weights if "L0_" in name and name.endswith("up_filter")}
    with pytest.raises(ModelFileError, match="which no model needs"):
        spec_of_weights({**weights, **long})


def test_weights_of_nobody_are_refused() -> None:
    with pytest.raises(ModelFileError, match="those of no network"):
        spec_of_weights({"conv1.weight": torch.ones(3)})
