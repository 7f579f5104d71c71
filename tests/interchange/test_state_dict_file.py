"""Exported state dicts have the published names, all of them, and bring every number back."""

import json
import os
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file

from allaprima.errors import ConfigError, OutputError
from allaprima.interchange import read_pickle
from allaprima.interchange.state_dict_file import OWN_NAMES, export_state_dict, published_state
from allaprima.models import Spec, StyleGAN3Generator, build, spec_from_dict
from allaprima.models.progan import ProGANGenerator
from tests.conftest import read_reference
from tests.models.r3gan.small import reference_discriminator as r3gan_discriminator
from tests.models.r3gan.small import reference_generator as r3gan_generator
from tests.models.stylegan2.small import (
    DISCRIMINATOR_FILES,
    GENERATOR_FILES,
    reference_discriminator,
    reference_generator,
    small_discriminator,
    small_generator,
)

STYLED = ["affine.weight", "affine.bias", "weight", "bias", "noise_const", "noise_strength", "resample_filter"]
COLOURS = ["affine.weight", "affine.bias", "weight", "bias"]


def generator_names(resolutions: list[int], architecture: str, c_dim: int, map_depth: int) -> set[str]:
    """Names of a generator, as the table of the published program has them."""
    names = {"mapping.w_avg", "synthesis.b4.const"}
    names |= {f"mapping.fc{i}.{kind}" for i in range(map_depth) for kind in ("weight", "bias")}
    names |= {f"mapping.embed.{kind}" for kind in ("weight", "bias") if c_dim}
    for r in resolutions:
        block = f"synthesis.b{r}"
        names.add(f"{block}.resample_filter")
        names |= {f"{block}.{layer}.{part}" for layer in ("conv0", "conv1")[r == 4 :] for part in STYLED}
        if architecture == "skip" or r == resolutions[-1]:
            names |= {f"{block}.torgb.{part}" for part in COLOURS}
        if architecture == "resnet" and r > 4:
            names |= {f"{block}.skip.weight", f"{block}.skip.resample_filter"}
    return names


def discriminator_names(resolutions: list[int], architecture: str, c_dim: int, map_depth: int) -> set[str]:
    """Names of a discriminator, idem."""
    layer = ("weight", "bias", "resample_filter")
    names = {f"b4.conv.{part}" for part in layer}
    names |= {f"b4.{name}.{part}" for name in ("fc", "out") for part in ("weight", "bias")}
    mapping = ["embed", *(f"fc{i}" for i in range(map_depth))] if c_dim else []
    names |= {f"mapping.{name}.{part}" for name in mapping for part in ("weight", "bias")}
    for r in resolutions:
        if architecture == "skip" or r == resolutions[-1]:
            names |= {f"b{r}.fromrgb.{part}" for part in layer}
        if r > 4:
            names.add(f"b{r}.resample_filter")
            names |= {f"b{r}.{name}.{part}" for name in ("conv0", "conv1") for part in layer}
            names |= {f"b{r}.skip.{part}" for part in ("weight", "resample_filter") if architecture == "resnet"}
    return names


def arguments_of(network: Any) -> tuple[list[int], str, int, int]:
    spec = network.spec
    return list(spec.geometry.resolutions), spec.architecture, spec.c_dim, spec.map_depth


@pytest.mark.parametrize("name", GENERATOR_FILES)
def test_a_generator_has_exactly_the_published_tensors(name: str) -> None:
    reference = read_reference(name)
    state = published_state(reference_generator(reference))
    assert state.keys() == generator_names(*arguments_of(reference_generator(reference)))
    assert all(torch.equal(state[key], tensor) for key, tensor in reference.part("G.").items())


@pytest.mark.parametrize("name", DISCRIMINATOR_FILES)
def test_a_discriminator_has_exactly_the_published_tensors(name: str) -> None:
    reference = read_reference(name)
    state = published_state(reference_discriminator(reference))
    assert state.keys() == discriminator_names(*arguments_of(reference_discriminator(reference)))
    assert all(torch.equal(state[key], tensor) for key, tensor in reference.part("D.").items())


@pytest.mark.parametrize(("kernel", "radial", "wide"), [(3, False, 1), (1, True, 2)])
def test_stylegan3_has_exactly_the_published_tensors(kernel: int, radial: bool, wide: int) -> None:
    T_256 = (
        "L0_36_512 L1_36_512 L2_36_512 L3_52_512 L4_52_512 L5_84_512 L6_84_512 L7_148_512 L8_148_512 L9_148_362"
        " L10_276_256 L11_276_181 L12_276_128 L13_256_128 L14_256_3"
    )
    R_256 = T_256.replace("_512", "_1024").replace("_362", "_724").replace("_181", "_362").replace("_256 ", "_512 ")
    R_256 = R_256.replace("276_128", "276_256").replace("256_128", "256_256")
    names = {"mapping.w_avg", *(f"mapping.fc{i}.{kind}" for i in range(2) for kind in ("weight", "bias"))}
    parts = ("weight", "affine.weight", "affine.bias", "transform", "freqs", "phases")
    names |= {f"synthesis.input.{part}" for part in parts}
    for layer in (R_256 if radial else T_256).split():
        own = ("affine.weight", "affine.bias", "weight", "bias", "magnitude_ema", "up_filter", "down_filter")
        names |= {f"synthesis.{layer}.{part}" for part in own[: 5 if layer.startswith("L14_") else 7]}
    spec = StyleGAN3Generator(
        height=256,
        width=256,
        img_channels=3,
        conv_kernel=kernel,
        use_radial_filters=radial,
        channel_base=32768 * wide,
        channel_max=512 * wide,
    )
    with torch.device("meta"):
        assert set(build(spec).state_dict()) == names


@pytest.mark.parametrize("name", ["r3gan_16", "r3gan_16_labels"])
def test_r3gan_has_the_names_of_its_files(name: str) -> None:
    reference = read_reference(name)
    for role, network in (("G", r3gan_generator(reference)), ("D", r3gan_discriminator(reference))):
        wanted = {f"Model.{key}": tensor for key, tensor in reference.part(f"{role}.").items()}
        state = published_state(network)
        assert state.keys() == wanted.keys()
        assert all(torch.equal(state[key], wanted[key]) for key in wanted)


def both() -> dict[str, Any]:
    return {"G_ema": build(small_generator(16, 16, c_dim=2)), "D": build(small_discriminator(16, 16))}


def assert_equal(found: dict[str, Any], network: Any) -> None:
    state = network.state_dict()
    assert found.keys() == state.keys()
    assert all(torch.equal(found[name], state[name]) for name in state)


def test_one_network_has_its_names_alone_in_safetensors(tmp_path: Path) -> None:
    G = both()["G_ema"]
    assert export_state_dict({"G_ema": G}, tmp_path / "G.safetensors") == []
    assert_equal(load_file(tmp_path / "G.safetensors"), G)


def test_several_networks_have_their_roles_before_the_names(tmp_path: Path) -> None:
    networks, path = both(), tmp_path / "all.safetensors"
    export_state_dict(networks, path)
    tensors = load_file(path)
    for role, network in networks.items():
        found = {n.removeprefix(f"{role}."): t for n, t in tensors.items() if n.startswith(f"{role}.")}
        assert_equal(found, network)
    with safe_open(path, "pt") as file:
        metadata = file.metadata()
    assert "allaprima" not in metadata, "that key is of our own model files"
    specs = {role: spec_from_dict(told) for role, told in json.loads(metadata["specs"]).items()}
    assert specs == {role: network.spec for role, network in networks.items()}


@pytest.mark.parametrize("suffix", [".pt", ".pth"])
def test_torch_files_hold_state_dicts_by_role(suffix: str, tmp_path: Path) -> None:
    networks, path = both(), tmp_path / f"model{suffix}"
    export_state_dict(networks, path)
    for content in (torch.load(path, weights_only=True), read_pickle(path)):
        assert content.keys() == networks.keys() | {"specs"}
        for role, network in networks.items():
            assert_equal(content[role], network)


def test_the_file_has_no_memory_but_the_tensors(tmp_path: Path) -> None:
    G = build(small_generator(8, 8))
    G.mapping.w_avg = torch.zeros(1_000_000)[:8]
    export_state_dict({"G_ema": G}, tmp_path / "G.pt")
    assert (tmp_path / "G.pt").stat().st_size < 200_000


def test_half_precision_stays_what_it_is(tmp_path: Path) -> None:
    G = build(small_generator(8, 8)).half()
    export_state_dict({"G_ema": G}, tmp_path / "G.safetensors")
    assert_equal(load_file(tmp_path / "G.safetensors"), G)


@pytest.mark.parametrize(
    ("spec", "note"),
    [
        (small_generator(16, 16), ""),
        (small_generator(16, 16, growing=True, architecture="orig"), OWN_NAMES),
        (small_generator(16, 16, c_dim=2, label_input="concat"), OWN_NAMES),
        (small_discriminator(16, 16, growing=True, architecture="orig"), OWN_NAMES),
        (small_generator(24, 16), "images of 24×16 begin at 6×4"),
        (StyleGAN3Generator(height=16, width=32, img_channels=3, channel_base=64, channel_max=8), "are not square"),
        (ProGANGenerator(height=8, width=8, img_channels=3, channel_base=64, z_dim=8), OWN_NAMES),
    ],
)
def test_names_of_our_own_and_other_sizes_are_told(spec: Spec, note: str, tmp_path: Path) -> None:
    notes = export_state_dict({"G_ema": build(spec)}, tmp_path / "G.pt")
    assert len(notes) == bool(note)
    assert note in " ".join(notes)
    names = torch.load(tmp_path / "G.pt", weights_only=True)["G_ema"]
    assert any("b4." in name or "L0_" in name for name in names)


def test_other_suffixes_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"its suffix is '\.onnx', it must be \.safetensors"):
        export_state_dict(both(), tmp_path / "model.onnx")
    with pytest.raises(ConfigError, match="no network"):
        export_state_dict({}, tmp_path / "model.pt")


@pytest.mark.parametrize("suffix", [".pt", ".safetensors"])
def test_a_directory_that_is_not_there_is_an_output_error(suffix: str, tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="missing"):
        export_state_dict(both(), tmp_path / "missing" / f"model{suffix}")


@pytest.mark.skipif(os.name == "nt", reason="no such permissions there")
def test_the_file_is_as_readable_as_any_other(tmp_path: Path) -> None:
    export_state_dict(both(), tmp_path / "model.safetensors")
    (tmp_path / "other").touch()
    assert (tmp_path / "model.safetensors").stat().st_mode == (tmp_path / "other").stat().st_mode
