"""Published shapes follow from the formulas; what cannot work is refused with the field, its value and the range."""

import dataclasses
import json
from typing import Any

import pytest
import torch

from allaprima.errors import ConfigError
from allaprima.models import count_parameters
from allaprima.models.r3gan import Discriminator, Generator, R3GANDiscriminator, R3GANGenerator
from tests.models.r3gan.small import small_discriminator, small_generator

PUBLISHED = [  # facts: resolution, channel_base, channel_max, cardinality, widths, groups
    (32, 24576, 768, 96, (768,) * 4, (96,) * 4),
    (64, 24576, 768, 96, (768,) * 4 + (384,), (96,) * 4 + (48,)),
    (256, 24576, 768, 96, (768, 768, 768, 768, 384, 192, 96), (96, 96, 96, 96, 48, 24, 12)),
    (32, 49152, 1536, 96, (1536,) * 4, (96,) * 4),
    (64, 98304, 1536, 96, (1536,) * 5, (96,) * 5),
]


@pytest.mark.parametrize(("size", "base", "most", "cardinality", "widths", "groups"), PUBLISHED)
def test_the_published_widths(
    size: int, base: int, most: int, cardinality: int, widths: tuple[int, ...], groups: tuple[int, ...]
) -> None:
    fields: dict[str, Any] = {"channel_base": base, "channel_max": most, "cardinality": cardinality}
    for kind in (R3GANGenerator, R3GANDiscriminator):
        spec = kind(height=size, width=size, img_channels=3, **fields)
        assert tuple(spec.channels(r) for r in spec.geometry.resolutions) == widths
        assert tuple(spec.groups(r) for r in spec.geometry.resolutions) == groups
        assert spec.num_blocks == 2 * len(widths)


def test_the_two_networks_mirror_each_other() -> None:
    with torch.device("meta"):
        G = Generator(R3GANGenerator(height=256, width=256, img_channels=3))
        D = Discriminator(R3GANDiscriminator(height=256, width=256, img_channels=3))
    assert count_parameters(G) - count_parameters(D) == 768 * (64 - 1), "z on one side, one logit on the other"
    assert round(count_parameters(G) / 1e6, 1) == 23.1


@pytest.mark.parametrize(
    ("fields", "wanted"),
    [
        ({"channel_max": 8, "cardinality": 4}, 4),
        ({"channel_max": 9, "channel_base": 100, "cardinality": 4}, 3),  # 18 has no divisor 4
        ({"channel_max": 64, "channel_base": 32, "cardinality": 3}, 1),  # 8 of 64 channels: 0.375 groups
        ({"channel_max": 4, "channel_base": 100, "cardinality": 1000}, 8),  # one channel a group
        ({"widths": (5,), "cardinality": 10, "expansion": 3}, 5),
    ],
)
def test_groups_divide_the_expanded_width(fields: dict[str, Any], wanted: int) -> None:
    spec = small_generator(4, 4, **fields)
    assert spec.groups(4) == wanted
    assert Generator(spec)(torch.randn(1, 6)).shape == (1, 3, 4, 4)


def test_widths_and_cardinalities_are_listed_from_the_base_grid_upward() -> None:
    fields: dict[str, Any] = {"widths": (12, 10, 5), "cardinalities": (6, 4, 2)}
    G, D = Generator(small_generator(16, 16, **fields)), Discriminator(small_discriminator(16, 16, **fields))
    assert [stage.Layers[1].LinearLayer1.Layer.weight.shape[1] for stage in G.MainLayers] == [12, 10, 5]
    assert [stage.Layers[1].LinearLayer2.groups for stage in G.MainLayers] == [6, 4, 2]
    assert [stage.Layers[0].LinearLayer1.Layer.weight.shape[1] for stage in D.MainLayers] == [5, 10, 12]
    assert [stage.Layers[0].LinearLayer2.groups for stage in D.MainLayers] == [2, 4, 6]


def test_sizes_of_latent_and_embedded_label() -> None:
    assert (small_generator(8, 8).embedded, small_generator(8, 8).w_dim) == (0, 6)
    assert (small_generator(8, 8, c_dim=3).embedded, small_generator(8, 8, c_dim=3).w_dim) == (6, 12)
    assert small_generator(8, 8, c_dim=3, embed_dim=5).w_dim == 11
    assert small_generator(8, 8, embed_dim=5).w_dim == 6
    assert small_discriminator(8, 8, c_dim=3).embedded == 8
    assert small_discriminator(8, 8, c_dim=3, embed_dim=5).embedded == 5


def test_half_precision_is_of_the_finest_and_never_of_the_base_grid() -> None:
    halves = [small_generator(32, 32, num_fp16_res=n) for n in (0, 1, 3, 9)]
    assert [[r for r in (4, 8, 16, 32) if spec.is_half(r)] for spec in halves] == [[], [32], [8, 16, 32], [8, 16, 32]]


@pytest.mark.parametrize("spec", [small_generator(8, 8, widths=(4, 6), c_dim=2), small_discriminator(8, 8)])
def test_a_spec_survives_json(spec: Any) -> None:
    data = json.loads(json.dumps(dataclasses.asdict(spec)))
    assert type(spec)(**{key: tuple(v) if isinstance(v, list) else v for key, v in data.items()}) == spec


WRONG = [
    ("height", 0, "an image of 0×8 pixels"),
    ("img_channels", 0, "img_channels is 0: it must be at least 1"),
    ("c_dim", -1, "c_dim is -1: it must be at least 0"),
    ("embed_dim", 0, "embed_dim is 0: it must be at least 1"),
    ("channel_base", 0, "channel_base is 0: it must be at least 1"),
    ("channel_max", 0, "channel_max is 0: it must be at least 1"),
    ("cardinality", 0, "cardinality is 0: it must be at least 1"),
    ("blocks_per_stage", 0, "blocks_per_stage is 0: it must be at least 1"),
    ("expansion", 0, "expansion is 0: it must be at least 1"),
    ("num_fp16_res", -1, "num_fp16_res is -1: it must be at least 0"),
    ("widths", (4,), r"widths is \(4,\): it must be 2 numbers of at least 1, one for each resolution"),
    ("cardinalities", (1, 0), r"cardinalities is \(1, 0\): it must be 2 numbers of at least 1"),
    ("cardinalities", (2, 3), r"must be divisors of the expanded widths \(16, 16\)"),
    ("resample_filter", (1, 1), r"resample_filter is \(1, 1\): it must be an odd number of taps"),
    ("resample_filter", (1, -2, 1), "of a sum other than 0"),
]


@pytest.mark.parametrize(("field", "value", "message"), WRONG)
@pytest.mark.parametrize("make", [small_generator, small_discriminator])
def test_wrong_fields_are_named(make: Any, field: str, value: Any, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        make(**{"height": 8, "width": 8, "img_channels": 1, field: value})


def test_a_latent_of_no_numbers_is_refused() -> None:
    with pytest.raises(ConfigError, match="z_dim is 0: it must be at least 1"):
        small_generator(8, 8, z_dim=0)
