"""Every form of StyleGAN2 in TensorFlow: reference numbers and laws, by way of pickles."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from allaprima.models import StyleGAN2Discriminator, StyleGAN2Generator, build
from tests.conftest import assert_near, read_reference
from tests.interchange.tensorflow import inverse
from tests.interchange.tensorflow.inverse import same_function, trained
from tests.interchange.tensorflow.published import imported, network
from tests.models.stylegan2.small import (
    DISCRIMINATOR_FILES,
    GENERATOR_FILES,
    reference_discriminator,
    reference_generator,
    small_discriminator,
    small_generator,
)


def generator(spec: StyleGAN2Generator) -> Any:
    return trained(build(spec)).eval()


def pickled(G: Any, version: int = 4, **keywords: Any) -> Any:
    return network(version, "G_main", inverse.stylegan2_generator(G), **keywords)


def pickled_discriminator(D: Any, version: int = 4, function: str = "D_stylegan2", **keywords: Any) -> Any:
    return network(version, function, inverse.stylegan2_discriminator(D), **keywords)


@pytest.mark.parametrize("name", GENERATOR_FILES)
def test_generators_equal_the_reference(name: str) -> None:
    reference = read_reference(name)
    G, t = reference_generator(reference), reference.tensors
    model = imported(pickled(G, version=5))
    assert list(model.networks) == ["G_ema"]
    got: Any = model.networks["G_ema"].build()
    assert got.spec.architecture == G.spec.architecture
    with torch.no_grad():
        assert_near(got(t["z"], t["c"], noise_mode="const"), t["image_noise_const"], 1e-5)


@pytest.mark.parametrize("name", DISCRIMINATOR_FILES)
def test_discriminators_equal_the_reference(name: str) -> None:
    reference = read_reference(name)
    D, t = reference_discriminator(reference), reference.tensors
    G = generator(small_generator(32, 32, c_dim=D.c_dim))
    keywords: dict[str, Any] = {
        "mapping_lrmul": 0.01,
        "mbstd_group_size": D.spec.mbstd_group,
        "mapping_layers": D.spec.map_depth,
    }
    model = imported((pickled(G, 5), pickled_discriminator(D, 5, **keywords)))
    assert model.notes == ()
    got: Any = model.networks["D"].build()
    assert got.spec.architecture == D.spec.architecture
    with torch.no_grad():
        assert_near(got(t["images"], t["c"]), t["logits"], 1e-5)


@pytest.mark.parametrize("architecture", ["skip", "resnet", "orig"])
@pytest.mark.parametrize("mate", ["skip", "resnet", "orig"])
def test_generators_and_discriminators_of_any_two_architectures(architecture: str, mate: str) -> None:
    G = generator(small_generator(16, 16, architecture=architecture))
    D = trained(build(small_discriminator(16, 16, architecture=mate)))
    model = imported([pickled(G), pickled_discriminator(D), pickled(G)])
    assert list(model.networks) == ["G", "D", "G_ema"]
    z, images = torch.randn(4, 8), torch.randn(4, 3, 16, 16)
    same_function(G, model.networks["G_ema"].build(), z, noise_mode="const", truncation_psi=0.5)
    same_function(D, model.networks["D"].build(), images)


def test_the_conditional_form_before_ada() -> None:
    G = generator(small_generator(16, 16, c_dim=3, label_input="concat", w_dim=6))
    D = trained(build(small_discriminator(16, 16, c_dim=3, label_output="logits")))
    model = imported((pickled(G, label_size=3), pickled_discriminator(D, label_size=3), pickled(G)))
    c = torch.eye(3)[[0, 1, 2, 0]]
    same_function(G, model.networks["G_ema"].build(), torch.randn(4, 8), c, noise_mode="const")
    same_function(D, model.networks["D"].build(), torch.randn(4, 3, 16, 16), c)


def test_ada_with_labels_and_sizes_of_its_own() -> None:
    fields = {"c_dim": 3, "embed_dim": 5, "map_hidden": 6, "conv_clamp": 256, "num_fp16_res": 2, "w_avg_beta": 1}
    G = generator(small_generator(16, 16, 1, **fields, map_depth=3, w_dim=7, map_lr_multiplier=0.02))
    D = trained(build(small_discriminator(16, 16, 1, c_dim=3, embed_dim=5, cmap_dim=5, map_depth=0, mbstd_group=None)))
    clamp = {"conv_clamp": 256, "num_fp16_res": 2}
    model = imported((pickled(G, 5, w_avg_beta=None, mapping_lrmul=0.02, **clamp), pickled_discriminator(D, 5)))
    assert model.origin == "StyleGAN2-ADA (TensorFlow)"
    got, judge = model.networks["G_ema"].spec, model.networks["D"].spec
    assert isinstance(got, StyleGAN2Generator)
    assert [getattr(got, name) for name in fields] == [*fields.values()]
    assert isinstance(judge, StyleGAN2Discriminator)
    assert (judge.mbstd_group, judge.map_lr_multiplier) == (None, 0.1)
    c = torch.eye(3)[[0, 1, 2, 0]]
    same_function(G, model.networks["G_ema"].build(), torch.randn(4, 8), c, noise_mode="const")
    same_function(D, model.networks["D"].build(), torch.randn(4, 1, 16, 16), c)


def test_a_mapped_label_of_a_discriminator() -> None:
    D = trained(build(small_discriminator(16, 16, c_dim=3, map_depth=2, map_hidden=6, map_lr_multiplier=0.1)))
    model = imported((pickled(generator(small_generator(16, 16)), 5), pickled_discriminator(D, 5, mbstd_group_size=4)))
    same_function(D, model.networks["D"].build(), torch.randn(4, 3, 16, 16), torch.eye(3)[[0, 1, 2, 0]])


@pytest.mark.parametrize("lod", [0.0, 0.25, 1.0])
def test_configurations_b_to_d_which_grow(lod: float) -> None:
    G = generator(small_generator(16, 16, architecture="orig", growing=True))
    D = trained(build(small_discriminator(16, 16, architecture="orig", growing=True)))
    G.set_lod(lod)
    D.set_lod(lod)
    rule = {"fmap_base": 64, "fmap_max": 8}
    model = imported((pickled(G, **rule), pickled_discriminator(D, function="D_stylegan", **rule)))
    assert model.networks["G_ema"].spec == replace(G.spec, w_avg_beta=0.995)
    assert model.networks["D"].spec == replace(D.spec, map_lr_multiplier=0.1, map_depth=8)
    same_function(G, model.networks["G_ema"].build(), torch.randn(4, 8), noise_mode="const")
    same_function(D, model.networks["D"].build(), torch.randn(4, 3, 16, 16))


@pytest.mark.parametrize(("height", "width", "doublings"), [(24, 16, None), (48, 32, 1), (32, 64, 3), (20, 12, None)])
def test_other_base_grids(height: int, width: int, doublings: int | None) -> None:
    fields: dict[str, Any] = {"doublings": doublings, "architecture": "resnet"}
    G, D = (
        generator(small_generator(height, width, **fields)),
        trained(build(small_discriminator(height, width, **fields))),
    )
    model = imported((pickled(G), pickled_discriminator(D), pickled(G)))
    assert model.all_notes() == []
    same_function(G, model.networks["G_ema"].build(), torch.randn(2, 8), noise_mode="const")
    same_function(D, model.networks["D"].build(), torch.randn(4, 3, height, width))


@pytest.mark.parametrize(("version", "said", "group"), [(4, {}, 4), (4, {"mbstd_group_size": 8}, 8), (5, {}, None)])
def test_groups_of_the_minibatch_standard_deviation(version: int, said: Any, group: int | None) -> None:
    D = build(small_discriminator(8, 8, mbstd_num_channels=2))
    content = pickled(generator(small_generator(8, 8)), version), pickled_discriminator(D, version, **said)
    spec = imported(content).networks["D"].spec
    assert isinstance(spec, StyleGAN2Discriminator)
    assert (spec.mbstd_group, spec.mbstd_num_channels) == (group, 2)


def test_without_minibatch_standard_deviation_or_noise() -> None:
    D = trained(build(small_discriminator(8, 8, mbstd_num_channels=0)))
    G = generator(small_generator(8, 8, use_noise=False))
    extra = {f"synthesis/noise{i}": np.zeros((1, 1, 4 << (i + 1) // 2, 4 << (i + 1) // 2)) for i in range(3)}
    variables = inverse.stylegan2_generator(G) | extra
    model = imported((network(4, "G_main", variables, use_noise=False), pickled_discriminator(D, mbstd_group_size=0)))
    assert model.all_notes() == []
    same_function(G, model.networks["G_ema"].build(), torch.randn(2, 8))
    same_function(D, model.networks["D"].build(), torch.randn(2, 3, 8, 8))


def test_a_filter_of_its_own() -> None:
    G = generator(small_generator(16, 16, resample_filter=(1, 2)))
    same_function(
        G, imported(pickled(G, resample_kernel=[1, 2])).networks["G_ema"].build(), torch.randn(2, 8), noise_mode="none"
    )


def test_channels_come_from_the_shapes_and_the_files_rule_if_it_fits() -> None:
    G = generator(small_generator(16, 16))
    right = imported(pickled(G, fmap_base=64, fmap_max=8)).networks["G_ema"].spec
    wrong = imported(pickled(G, fmap_base=9999, fmap_max=512)).networks["G_ema"].spec
    assert isinstance(right, StyleGAN2Generator)
    assert isinstance(wrong, StyleGAN2Generator)
    assert (right.channel_base, right.channel_max) == (128, 8)
    assert [wrong.channels(r) for r in (4, 8, 16)] == [right.channels(r) for r in (4, 8, 16)]


@pytest.mark.parametrize(
    ("version", "said", "psi"),
    [(4, {}, 0.5), (4, {"truncation_psi": 0.8}, 0.8), (4, {"truncation_psi": None}, None), (5, {}, None)],
)
def test_the_files_truncation(version: int, said: Any, psi: float | None) -> None:
    facts = imported(pickled(generator(small_generator(8, 8)), version, **said)).networks["G_ema"].facts
    assert facts.get("truncation_psi") == psi
    assert "truncation_cutoff" not in facts


def test_a_missing_average_of_w_is_computed() -> None:
    G = generator(small_generator(8, 8))
    variables = inverse.stylegan2_generator(G)
    del variables["dlatent_avg"]
    got = imported(network(4, "G_main", variables)).networks["G_ema"]
    assert got.notes == ("the file has no average of w: it was computed from 10,000 latents",)
    with torch.no_grad():
        mean = G.mapping(torch.randn(4000, 8))[:, 0].mean(dim=0)
    assert_near(got.weights["mapping.w_avg"], mean, 0.1)
