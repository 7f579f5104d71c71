"""Laws of recipes: their fields, their overrides, what is decided for them."""

import dataclasses
import json
from typing import Any, Literal, get_origin, get_type_hints

import pytest

from allaprima.errors import ConfigError
from allaprima.training import Recipe, with_overrides
from allaprima.training.fields import Table, from_json
from allaprima.training.recipe import RANGES, decide
from tests.training.small import tiny


def sentence(overrides: list[str], recipe: Recipe | None = None) -> str:
    with pytest.raises(ConfigError) as error:
        with_overrides(recipe or Recipe(), overrides)
    text = str(error.value)
    assert "\n" not in text
    return text


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("batch=8", 8),
        ("batch=none", None),
        ("batch=auto", None),
        ("gamma=0.5", 0.5),
        ("gamma=2", 2.0),
        ("gamma=none", None),
        ("kimg=1e3", 1000.0),
        ("kimg=0.064", 0.064),
        ("mirror=true", True),
        ("mirror=0", False),
        ("mirror=No", False),
        ("conv_clamp=none", None),
        ("precision=auto", "auto"),
        ("g_architecture=orig", "orig"),
        ("seed=7", 7),
        ("batch_by_res=4:128 8:64", ((4, 128.0), (8, 64.0))),
        ("batch_by_res=", ()),
        ("gamma_end=none", None),
        ("aug=ada", "ada"),
    ],
)
def test_an_override_has_the_type_of_its_field(text: str, value: Any) -> None:
    name = text.partition("=")[0]
    got = getattr(with_overrides(Recipe(), [text]), name)
    assert got == value
    assert type(got) is type(value)


def test_overrides_change_nothing_else_and_the_last_one_holds() -> None:
    changed = with_overrides(Recipe(), ["batch=8", "seed=3", "batch=16"])
    assert changed == dataclasses.replace(Recipe(), batch=16, seed=3)


def test_no_overrides_change_nothing() -> None:
    assert with_overrides(Recipe(), []) == Recipe()


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("colour=red", "a recipe has no field 'colour'; its fields are system, cbase, cmax,"),
        ("Batch=4", "a recipe has no field 'Batch'"),
        ("batch", "--set takes FIELD=VALUE, got 'batch'"),
        ("", "--set takes FIELD=VALUE, got ''"),
        ("batch=many", "batch is 'many': it must be a whole number"),
        ("batch=4.5", "batch is '4.5': it must be a whole number"),
        ("batch=", "batch is '': it must be a whole number"),
        ("gamma=x", "gamma is 'x': it must be a number"),
        ("mirror=maybe", "mirror is 'maybe': it must be true or false"),
        ("seed=none", "seed is 'none': it must be a whole number"),
        ("batch=0", "batch is 0: it must be between 1 and 1e+09"),
        ("kimg=-1", "kimg is -1.0: it must be between 0 and"),
        ("gamma=nan", "gamma is nan: it must be between 0 and"),
        ("gamma=inf", "gamma is inf: it must be between 0 and"),
        ("style_mixing=1.1", "style_mixing is 1.1: it must be between 0 and 1"),
        ("precision=int8", "precision is 'int8': it must be one of auto, fp32, bf16, fp16"),
        ("d_architecture=cubist", "d_architecture is 'cubist': it must be one of skip, resnet, orig"),
        ("batch_by_res=4-128", "batch_by_res is '4-128': it must be pairs of a resolution and a number"),
        ("growing=true", "growing is true, but stylegan2 does not grow: "),
        ("gamma_end=1", "a field with a second value (…_end) needs decay_kimg"),
        ("p=1.1", "p is 1.1: it must be between 0 and 1"),
        ("system=vae", "system is 'vae': it must be one of stylegan2, progan, "),
        ("system=r3gan", "pl_weight is 2, but r3gan has no w to measure path lengths in: set it to 0"),
        ("batch_gpu=5", "batch_gpu is 5: it must divide the batch of 32"),
        ("batch_gpu=64", "batch_gpu is 64: it must divide the batch of 32"),
    ],
)
def test_a_wrong_override_is_one_sentence(text: str, wanted: str) -> None:
    assert sentence([text]).startswith(wanted)


def test_a_batch_that_is_decided_later_must_divide_too() -> None:
    open_batch = Recipe(batch=None, batch_gpu=5)
    with pytest.raises(ConfigError, match="batch_gpu is 5: it must divide the batch of 32"):
        decide(open_batch, height=64, width=64)


@pytest.mark.parametrize("fields", [{"batch": 2.5}, {"batch": "4"}, {"batch": True}, {"mirror": 1}, {"seed": None}])
def test_a_field_of_the_wrong_type_is_refused(fields: dict[str, Any]) -> None:
    (name,) = fields
    with pytest.raises(ConfigError, match=f"{name} is .*: it must be "):
        Recipe(**fields)


def test_a_whole_number_is_a_number() -> None:
    assert Recipe(kimg=1000).kimg == 1000


def test_every_number_has_a_range_and_every_word_a_choice() -> None:
    fields = {field.name for field in dataclasses.fields(Recipe)}
    hints = get_type_hints(Recipe)
    chosen = {name for name, hint in hints.items() if get_origin(hint) is Literal}
    assert fields - RANGES.keys() - chosen == {name for name, hint in hints.items() if hint in (bool, Table)}
    assert (RANGES.keys() | chosen) <= fields


def test_json_holds_a_recipe() -> None:
    recipe = tiny(mirror=True, conv_clamp=None, ema_rampup=0.05, batch_by_res=((4, 8), (8, 4)))
    assert from_json(Recipe, json.loads(json.dumps(dataclasses.asdict(recipe)))) == recipe


# What `decide` chooses: facts.md, section 1.6.1, row "auto"


@pytest.mark.parametrize(
    ("side", "batch", "gamma", "rate", "cbase", "ema_kimg", "mbstd_group"),
    [
        (32, 32, 0.0064, 0.0025, 16384, 10.0, 4),
        (64, 32, 0.0256, 0.0025, 16384, 10.0, 4),
        (128, 32, 0.1024, 0.0025, 16384, 10.0, 4),
        (256, 16, 0.8192, 0.0025, 16384, 5.0, 4),
        (512, 8, 6.5536, 0.0025, 32768, 2.5, 4),
        (1024, 4, 52.4288, 0.002, 32768, 1.25, 4),
        (2048, 2, 419.4304, 0.002, 32768, 0.625, 2),
        (8192, 1, 13421.7728, 0.002, 32768, 0.3125, 1),
    ],
)
def test_auto_is_that_of_the_reference(
    side: int, batch: int, gamma: float, rate: float, cbase: int, ema_kimg: float, mbstd_group: int
) -> None:
    open_recipe = Recipe(
        cbase=None, batch=None, glr=None, dlr=None, gamma=None, mbstd_group=None, ema_kimg=None, ema_rampup=0.05
    )
    decided = decide(open_recipe, height=side, width=side)
    assert (decided.batch, decided.batch_gpu) == (batch, batch)
    assert decided.gamma == pytest.approx(gamma)
    assert (decided.glr, decided.dlr) == (rate, rate)
    assert (decided.cbase, decided.ema_kimg, decided.mbstd_group) == (cbase, ema_kimg, mbstd_group)


def test_other_shapes_are_decided_as_the_square_of_as_many_pixels() -> None:
    open_recipe = Recipe(cbase=None, batch=None, glr=None, dlr=None, mbstd_group=None, ema_kimg=None)
    square = decide(open_recipe, height=256, width=256)
    assert decide(open_recipe, height=512, width=128) == square
    assert decide(open_recipe, height=128, width=512) == square


@pytest.mark.parametrize("size", [(1, 1), (24, 24), (101, 67), (48, 80), (4000, 3000)])
def test_nothing_is_left_open_and_deciding_again_changes_nothing(size: tuple[int, int]) -> None:
    open_recipe = Recipe(cbase=None, batch=None, glr=None, dlr=None, gamma=None, mbstd_group=None, ema_kimg=None)
    decided = decide(open_recipe, height=size[0], width=size[1])
    left = {name for name, value in dataclasses.asdict(decided).items() if value is None}
    ends = {name for name in left if name.endswith("_end")}
    assert left - ends == {"ema_rampup", "decay_kimg"}  # None means: no ramp, no second value
    assert decide(decided, height=8, width=8) == decided


def test_what_is_said_is_not_decided() -> None:
    recipe = tiny(gamma=3.0, batch=12, batch_gpu=6, cbase=77, glr=0.5, mbstd_group=3, ema_kimg=1.5)
    assert decide(recipe, height=1024, width=1024) == recipe


def test_the_r1_weight_grows_with_the_pixels_and_shrinks_with_the_batch() -> None:
    def gamma(side: int, batch: int) -> float:
        value = decide(Recipe(batch=batch), height=side, width=side).gamma
        assert value is not None
        return value

    assert gamma(128, 32) == pytest.approx(4 * gamma(64, 32))
    assert gamma(64, 8) == pytest.approx(4 * gamma(64, 32))
