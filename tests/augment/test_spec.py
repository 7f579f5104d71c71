"""What a spec accepts, and the named pipes."""

from itertools import pairwise
from typing import Any

import pytest

from allaprima.augment import PIPES, AugmentSpec
from allaprima.errors import ConfigError


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"xflip": -0.5}, r"^xflip is -0.5, but must be a finite number of at least 0$"),
        ({"noise_std": float("nan")}, r"^noise_std is nan, but must be"),
        ({"imgfilter_bands": (1.0, 1.0, -1.0, 1.0)}, r"^imgfilter_bands is \(1.0, 1.0, -1.0, 1.0\), but must be"),
        ({"imgfilter_bands": (1.0,)}, r"^imgfilter_bands has 1 numbers, but must have 4, one for each band$"),
    ],
)
def test_wrong_fields_are_named(fields: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        AugmentSpec(**fields)


def test_the_pipes_have_their_published_names() -> None:
    assert list(PIPES) == [
        "blit",
        "geom",
        "color",
        "filter",
        "noise",
        "cutout",
        "bg",
        "bgc",
        "bgcf",
        "bgcfn",
        "bgcfnc",
        "r3gan",
    ]


def test_longer_names_hold_more() -> None:
    names = ["blit", "bg", "bgc", "bgcf", "bgcfn", "bgcfnc"]
    for name, longer in pairwise(names):
        on, more = ({k for k in MULTIPLIERS if getattr(PIPES[pipe], k)} for pipe in (name, longer))
        assert on < more
    assert on | more == set(MULTIPLIERS)


MULTIPLIERS = (
    *("xflip", "rotate90", "xint", "scale", "rotate", "aniso", "xfrac"),
    *("brightness", "contrast", "lumaflip", "hue", "saturation", "imgfilter", "noise", "cutout"),
)


def test_r3gan_has_colours_at_half_the_probability_and_a_cutout() -> None:
    spec = PIPES["r3gan"]
    assert {getattr(spec, k) for k in MULTIPLIERS[:7]} == {1.0}
    assert {getattr(spec, k) for k in MULTIPLIERS[7:12]} == {0.5}
    assert (spec.imgfilter, spec.noise, spec.cutout) == (0.0, 0.0, 1.0)
