"""Rosinality's files paint and judge as the networks that they were made of; hostile ones are refused."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from allaprima.errors import ModelFileError
from allaprima.interchange import average
from allaprima.interchange.imported import ImportedModel
from allaprima.interchange.rosinality import rosinality
from allaprima.interchange.rosinality.importing import NEW_NOISE
from allaprima.models import StyleGAN2Generator, build
from tests.conftest import assert_near
from tests.interchange.rosinality.written import (
    KERNEL,
    discriminator_file,
    discriminator_reference,
    generator_file,
    generator_reference,
    opened,
    training_file,
)
from tests.models.stylegan2.small import small_generator

Content = dict[str, Any]


def converted_file() -> Content:
    """What a conversion from TensorFlow leaves: the average generator, and the average of w."""
    weights = generator_reference().part("G.")
    return {"g_ema": generator_file(weights), "latent_avg": weights["mapping.w_avg"]}


def read(value: Any) -> ImportedModel:
    model = rosinality(value)
    assert model is not None
    return model


def test_a_converted_file_paints_as_the_reference(tmp_path: Path) -> None:
    model = opened(converted_file(), tmp_path / "model.pt")
    assert model is not None
    assert model.all_notes() == []
    assert list(model.networks) == ["G_ema"]
    t = generator_reference().tensors
    G = model.networks["G_ema"].build()
    with torch.no_grad():
        assert_near(G(t["z"], t["c"], noise_mode="const"), t["image_noise_const"], 1e-4)
    assert_near(G.get_buffer("mapping.w_avg"), t["G.mapping.w_avg"], 0)


def test_a_training_is_read_with_all_its_networks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(average, "SAMPLES", 500)
    model = opened(training_file(), tmp_path / "010000.pt")
    assert model is not None
    assert set(model.networks) == {"G_ema", "G", "D"}
    assert model.facts == {"ada_aug_p": 0.25}
    assert model.networks["G_ema"].facts["made_with"]["path_regularize"] == 2.0
    notes = " ".join(model.all_notes())
    assert "optimizers" in notes
    assert "average of w" in notes
    assert "unknown" not in notes
    D, t = model.networks["D"].build(), discriminator_reference().tensors
    with torch.no_grad():
        assert_near(D(t["images"], t["c"]), t["logits"], 1e-4)
    live, averaged = (model.networks[role].weights["mapping.fc0.weight"] for role in ("G", "G_ema"))
    assert torch.equal(live, averaged * 1.5)


def test_an_average_of_w_is_computed_if_there_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(average, "SAMPLES", 2000)
    content = converted_file()
    del content["latent_avg"]
    G = read(content).networks["G_ema"].build()
    with torch.no_grad():
        centre = G.get_submodule("mapping")(torch.randn(4000, 16))[:, 0].mean(dim=0)
    torch.testing.assert_close(G.get_buffer("mapping.w_avg"), centre, atol=0.1, rtol=0)


def test_the_bare_state_dict_of_a_generator_is_read() -> None:
    assert list(read(converted_file()["g_ema"]).networks) == ["G_ema"]


def test_a_file_with_the_live_generator_alone_has_it_as_g_ema() -> None:
    content = converted_file()
    assert list(read({"g": content["g_ema"], "latent_avg": content["latent_avg"]}).networks) == ["G_ema"]


def test_arguments_tell_the_learning_rate_of_the_mapping_network() -> None:
    spec = read(converted_file() | {"args": {"lr_mlp": 0.1}}).networks["G_ema"].spec
    assert isinstance(spec, StyleGAN2Generator)
    assert spec.map_lr_multiplier == 0.1


def test_unknown_tensors_are_named_and_change_nothing() -> None:
    content = converted_file()
    content["g_ema"]["attention.weight"] = torch.ones(3)
    model = read(content)
    assert "attention.weight" in " ".join(model.all_notes())
    assert model.networks["G_ema"].weights.keys() == read(converted_file()).networks["G_ema"].weights.keys()


def test_files_of_the_first_version_have_no_noise_and_get_some() -> None:
    content = converted_file()
    content["g_ema"] = {name: t for name, t in content["g_ema"].items() if not name.startswith("noises.")}
    network = read(content).networks["G_ema"]
    assert NEW_NOISE in network.notes
    first, second = (read(content).networks["G_ema"].weights["synthesis.b8.conv0.noise_const"] for _ in range(2))
    assert first.std() > 0.5
    assert torch.equal(first, second)


def test_files_without_filters_have_the_usual_ones() -> None:
    content = converted_file()
    content["g_ema"] = {name: t for name, t in content["g_ema"].items() if not name.endswith("kernel")}
    network, usual = read(content).networks["G_ema"], read(converted_file()).networks["G_ema"]
    assert network.spec == usual.spec
    assert all(torch.equal(network.weights[name], usual.weights[name]) for name in usual.weights)


def test_another_filter_is_kept() -> None:
    content = converted_file()
    taps = torch.tensor([1.0, 2, 2, 1]) / 6
    content["g_ema"] |= {n: 4 * torch.outer(taps, taps) for n in content["g_ema"] if n.endswith("kernel")}
    network = read(content).networks["G_ema"]
    assert isinstance(network.spec, StyleGAN2Generator)
    assert network.spec.resample_filter == pytest.approx((1 / 6, 1 / 3, 1 / 3, 1 / 6))
    assert_near(network.build().get_buffer("synthesis.b8.resample_filter"), torch.outer(taps, taps), 1e-6)


def test_a_constant_that_is_not_square_gives_images_that_are_not() -> None:
    spec = small_generator(16, 64, doublings=2, map_depth=1)
    model = read({"g_ema": generator_file(build(spec).state_dict()), "latent_avg": torch.zeros(8)})
    network = model.networks["G_ema"]
    assert (network.spec.height, network.spec.width) == (16, 64)
    assert network.build()(torch.randn(1, 8)).shape == (1, 3, 16, 64)


@pytest.mark.parametrize("value", [None, 3, [], {}, {"g_ema": 3}, {"g_ema": {}}, {"G_ema": {"input.input": 1}}])
def test_other_formats_are_left_to_others(value: Any) -> None:
    assert rosinality(value) is None


def lacking(name: str) -> Callable[[Content], None]:
    return lambda content: content["g_ema"].pop(name)


def having(name: str, value: Any, role: str = "g_ema") -> Callable[[Content], None]:
    return lambda content: content[role].update({name: value})


def filtering(kernel: torch.Tensor) -> Callable[[Content], None]:
    return lambda content: content["g_ema"].update({n: kernel for n in content["g_ema"] if n.endswith("kernel")})


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lacking("style.2.bias"), "lacks the tensor style.2.bias"),
        (lacking("style.1.weight"), "lacks the tensor style.1.weight"),
        (lacking("noises.noise_3"), "lacks the tensor noises.noise_3"),
        (having("input.input", "text"), "is a str, not a tensor"),
        (having("input.input", torch.zeros(3)), r"has the shape \[3\]"),
        (having("input.input", torch.zeros(1, 0, 4, 4)), r"has the shape \[1, 0, 4, 4\]"),
        (having("input.input", torch.zeros(1, 2**20, 4, 4)), "feature maps"),
        (having("style.1.weight", torch.zeros(16, 17)), "16×17"),
        (having("style.1.weight", torch.zeros(16, 16, dtype=torch.int64)), "torch.int64"),
        (having("to_rgb1.bias", torch.zeros(4)), r"to_rgb1.bias of G_ema has the shape \[4\]"),
        (having("conv1.conv.modulation.bias", torch.zeros(5)), "do not fit"),
        (having("convs.0.conv.weight", torch.zeros(1, 7, 24, 3, 3)), "feature maps"),
        (having("convs.0.conv.blur.kernel", torch.full((4, 4), torch.nan)), "taps of sum 1"),
        (having("convs.0.conv.blur.kernel", torch.eye(4)), "taps of sum 1"),
        (having("convs.0.conv.blur.kernel", torch.ones(4)), "taps of sum 1"),
        (having("convs.0.conv.blur.kernel", torch.full((4, 4), 0.25)), "differ"),
        (filtering(torch.zeros(4, 4)), "resample_filter"),
        (filtering(torch.zeros(0, 0)), "resample_filter"),
        (filtering(torch.full((8, 8), 1 / 16)), "do not fit"),
        (having("convs.1.iwt.ll", KERNEL), "SWAGAN"),
        (having("to_rgb1.conv.weight", torch.zeros(1, 12, 24, 1, 1)), "SWAGAN"),
        (having("args", 1, "g_ema"), "args of G_ema is a int"),
        (lambda content: content.update(args={"arch": "swagan"}), "SWAGAN"),
        (lambda content: content.update(args={"lr_mlp": "fast"}), "lr_mlp"),
        (lambda content: content.update(args={"lr_mlp": -1}), "map_lr_multiplier"),
        (lambda content: content.update(d={}), "lacks the tensor convs.0.0.weight"),
        (having("final_conv.0.weight", torch.zeros(24, 3, 3, 3), "d"), "mbstd_num_channels"),
        (having("final_linear.0.weight", torch.zeros(24, 25), "d"), "do not fit"),
    ],
)
def test_what_cannot_be_is_refused(change: Callable[[Content], None], message: str) -> None:
    content = converted_file() | {"d": discriminator_file(discriminator_reference().part("D."), 32)}
    change(content)
    with pytest.raises(ModelFileError, match=message):
        rosinality(content)


def test_endless_series_of_layers_are_refused() -> None:
    content = converted_file()
    content["g_ema"] |= {f"convs.{i}.conv.weight": torch.zeros(1) for i in range(1000)}
    with pytest.raises(ModelFileError, match="more than"):
        rosinality(content)
