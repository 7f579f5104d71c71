"""What cannot work is refused with the field, its value and the range; sizes follow the published rules."""

import json
from typing import Any

import pytest

from allaprima.errors import ConfigError
from allaprima.models import is_generator, spec_from_dict, spec_to_dict
from allaprima.models.lucidrains import LucidrainsDiscriminator, LucidrainsGenerator
from tests.models.lucidrains.small import small_discriminator, small_generator

BOTH: list[tuple[str, Any, str]] = [
    ("img_channels", 0, "img_channels is 0: it must be at least 1"),
    ("network_capacity", 0, "network_capacity is 0: it must be at least 1"),
    ("channel_max", 0, "channel_max is 0: it must be at least 1"),
]
OF_GENERATORS: list[tuple[str, Any, str]] = [
    ("z_dim", 0, "z_dim is 0: it must be at least 1"),
    ("map_depth", 0, "map_depth is 0: it must be at least 1"),
    ("map_lr_multiplier", 0, "map_lr_multiplier is 0: it must be more than 0"),
]
OF_DISCRIMINATORS: list[tuple[str, Any, str]] = [
    ("fq_layers", (0,), "fq_layers is (0,): it must be numbers of blocks, from 1, the finest, to 4"),
    ("fq_layers", (1, 5), "fq_layers is (1, 5): it must be numbers of blocks, from 1, the finest, to 4"),
    ("fq_dict_size", 0, "fq_dict_size is 0: it must be at least 1"),
]


@pytest.mark.parametrize(("field", "value", "sentence"), BOTH + OF_GENERATORS)
def test_fields_of_a_generator(field: str, value: Any, sentence: str) -> None:
    with pytest.raises(ConfigError) as error:
        small_generator(**{field: value})
    assert sentence in str(error.value)


@pytest.mark.parametrize(("field", "value", "sentence"), BOTH + OF_DISCRIMINATORS)
def test_fields_of_a_discriminator(field: str, value: Any, sentence: str) -> None:
    with pytest.raises(ConfigError) as error:
        small_discriminator(**{field: value})
    assert sentence in str(error.value)


@pytest.mark.parametrize("kind", [LucidrainsGenerator, LucidrainsDiscriminator])
@pytest.mark.parametrize(("height", "width"), [(24, 24), (16, 32), (2, 2), (0, 0), (-4, -4), (101, 67)])
def test_only_squares_of_a_power_of_two(kind: Any, height: int, width: int) -> None:
    sentence = f"an image of {height}×{width} pixels .height × width. is not for this architecture: it paints squares"
    with pytest.raises(ConfigError, match=sentence):
        kind(height=height, width=width, img_channels=3)


def test_the_published_widths_of_256() -> None:
    G = LucidrainsGenerator(height=256, width=256, img_channels=3)
    assert [G.channels(r) for r in G.geometry.resolutions] == [512, 512, 512, 256, 128, 64, 32]
    assert (G.num_ws, G.w_dim, G.c_dim) == (7, 512, 0)
    D = LucidrainsDiscriminator(height=256, width=256, img_channels=3)
    assert [D.channels(r) for r in D.resolutions] == [64, 128, 256, 512, 512, 512, 512, 512]


@pytest.mark.parametrize("spec", [small_generator(const_input=False), small_discriminator(fq_layers=(1, 3))])
def test_json_and_back_is_the_same_spec(spec: Any) -> None:
    assert spec_from_dict(json.loads(json.dumps(spec_to_dict(spec)))) == spec
    assert is_generator(spec) == isinstance(spec, LucidrainsGenerator)
