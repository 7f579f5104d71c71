"""Specs survive JSON, and what cannot work is refused in a sentence."""

import dataclasses
import json
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from allaprima.errors import ModelFileError
from allaprima.models import (
    R3GANGenerator,
    Spec,
    StyleGAN2Discriminator,
    StyleGAN2Generator,
    StyleGAN3Generator,
    build,
    count_parameters,
    spec_from_dict,
    spec_to_dict,
)
from allaprima.models.stylegan2 import Discriminator, Generator
from tests.models.stylegan2.small import small_discriminator, small_generator

shared = {
    "height": st.integers(1, 2000),
    "width": st.integers(1, 2000),
    "img_channels": st.integers(1, 9),
    "c_dim": st.integers(0, 1000),
    "channel_base": st.integers(1, 65536),
    "channel_max": st.integers(1, 1024),
    "architecture": st.sampled_from(["skip", "resnet", "orig"]),
    "resample_filter": st.sampled_from([(1, 3, 3, 1), (1.0, 1.0), (1, 2, 4, 6, 6, 4, 2, 1)]),
    "num_fp16_res": st.integers(0, 9),
    "conv_clamp": st.none() | st.floats(0.1, 1e4),
}
generators = st.builds(
    StyleGAN2Generator,
    z_dim=st.integers(1, 512),
    w_dim=st.integers(1, 512),
    map_depth=st.integers(1, 8),
    use_noise=st.booleans(),
    w_avg_beta=st.floats(0, 1),
    **shared,
)
discriminators = st.builds(
    StyleGAN2Discriminator,
    cmap_dim=st.none() | st.integers(1, 512),
    mbstd_group=st.none() | st.integers(1, 32),
    mbstd_num_channels=st.sampled_from([0, 1]),
    **shared,
)


@given(generators | discriminators)
def test_json_and_back_is_the_same_spec(spec: Spec) -> None:
    again = spec_from_dict(json.loads(json.dumps(spec_to_dict(spec))))
    assert again == spec
    assert type(again) is type(spec)
    assert hash(again) == hash(spec)


@given(generators | discriminators)
def test_every_field_is_in_the_json(spec: Spec) -> None:
    assert set(spec_to_dict(spec)) == {"type", *(field.name for field in dataclasses.fields(spec))}


def test_build_makes_the_network_of_the_type() -> None:
    G, D = build(small_generator(8, 8)), build(small_discriminator(8, 8))
    assert isinstance(G, Generator)
    assert isinstance(D, Discriminator)
    assert G.spec == small_generator(8, 8)


def test_new_weights_follow_the_global_seed() -> None:
    states = []
    for seed in (1, 1, 2):
        torch.manual_seed(seed)
        states.append(build(small_generator(8, 8)).synthesis.b4.const)
    assert torch.equal(states[0], states[1])
    assert not torch.equal(states[0], states[2])


def test_count_parameters() -> None:
    assert count_parameters(torch.nn.Linear(3, 4)) == 16


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"type": "stylegan9"}, "unknown network type 'stylegan9'; this version knows stylegan2-generator"),
        ({"type": None}, "unknown network type None"),
        ({"type": ["stylegan2-generator"]}, "unknown network type"),
        ({"zoom": 3}, "unknown field 'zoom' in a stylegan2-generator; it may come from a newer version"),
        ({"height": None}, "incomplete description of a stylegan2-generator"),
    ],
)
def test_foreign_and_newer_descriptions_are_refused(change: dict[str, Any], message: str) -> None:
    with pytest.raises(ModelFileError, match=message):
        spec_from_dict({**spec_to_dict(small_generator(8, 8)), **change})


def test_incomplete_descriptions_are_refused() -> None:
    with pytest.raises(ModelFileError, match=r"incomplete description of a stylegan2-generator: .*'img_channels'"):
        spec_from_dict({"type": "stylegan2-generator", "height": 8, "width": 8})


@pytest.mark.parametrize(
    ("kind", "field", "value"),
    [
        (StyleGAN2Generator, "map_depth", 10**9),
        (StyleGAN2Generator, "doublings", 60),
        (StyleGAN2Generator, "channel_base", 10**400),
        (StyleGAN2Generator, "height", 2**17),
        (StyleGAN2Generator, "conv_clamp", float("nan")),
        (StyleGAN2Generator, "resample_filter", [1.0] * 258),
        (StyleGAN3Generator, "num_layers", 10**6),
        (StyleGAN3Generator, "filter_size", 10**9),
        (StyleGAN3Generator, "num_fp16_res", 10**400),
        (R3GANGenerator, "blocks_per_stage", 10**6),
    ],
)
def test_a_file_cannot_ask_for_endless_networks(kind: Any, field: str, value: Any) -> None:
    told = spec_to_dict(kind(height=16, width=16, img_channels=3))
    with pytest.raises(ModelFileError, match=f"^{field} of a .* at most$"):
        spec_from_dict({**told, field: value})
