"""Every named recipe is what it is said to be, can be decided, built, trained, saved and read again."""

import dataclasses
from pathlib import Path
from typing import Any

import pytest
import torch

from allaprima.models import build, count_parameters
from allaprima.training import RECIPES, Recipe, open_session, recipe_of
from allaprima.training.recipe import decide
from allaprima.training.run import specs
from allaprima.training.state import same
from tests.training.small import CPU, train

each_recipe = pytest.mark.parametrize("name", RECIPES)

PUBLISHED: dict[str, dict[str, Any]] = {  # facts.md, section 1.6.1
    "stylegan2": {"kimg": 25000, "batch": 32, "mbstd_group": 4, "cbase": 32768, "glr": 0.002, "gamma": 10.0},
    "paper256": {"kimg": 25000, "batch": 64, "mbstd_group": 8, "cbase": 16384, "glr": 0.0025, "gamma": 1.0},
    "paper512": {"kimg": 25000, "batch": 64, "mbstd_group": 8, "cbase": 32768, "glr": 0.0025, "gamma": 0.5},
    "paper1024": {"kimg": 25000, "batch": 32, "mbstd_group": 4, "cbase": 32768, "glr": 0.002, "gamma": 2.0},
    "cifar": {"kimg": 100000, "batch": 64, "mbstd_group": 32, "cbase": 32768, "glr": 0.0025, "gamma": 0.01},
}
AVERAGES = {  # half-life in kimg, ramp, layers of the mapping network
    "stylegan2": (10.0, None, 8),
    "paper256": (20.0, None, 8),
    "paper512": (20.0, None, 8),
    "paper1024": (10.0, None, 8),
    "cifar": (500.0, 0.05, 2),
}
COMMON = {
    "cmax": 512,
    "z_dim": 512,
    "w_dim": 512,
    "num_fp16_res": 4,
    "conv_clamp": 256.0,
    "pl_interval": 4,
    "pl_batch_shrink": 2,
    "r1_interval": 16,
    "g_architecture": "skip",
    "noise": True,
    "mirror": False,
    "cond": False,
}


@pytest.mark.parametrize("name", PUBLISHED)
def test_published_recipes_are_the_published_ones(name: str) -> None:
    recipe = RECIPES[name]
    own = {"pl_weight": 0.0, "style_mixing": 0.0, "d_architecture": "orig"} if name == "cifar" else {}
    usual = {"pl_weight": 2.0, "style_mixing": 0.9, "d_architecture": "resnet"}
    wanted = COMMON | PUBLISHED[name] | usual | own
    assert {field: getattr(recipe, field) for field in wanted} == wanted
    assert recipe.dlr == recipe.glr
    assert (recipe.ema_kimg, recipe.ema_rampup, recipe.map_depth) == AVERAGES[name]


def test_auto_is_open_where_the_reference_chooses() -> None:
    auto = RECIPES["auto"]
    left = {field for field, value in dataclasses.asdict(auto).items() if value is None}
    assert left == {"cbase", "batch", "batch_gpu", "glr", "dlr", "gamma", "mbstd_group", "ema_kimg"}
    assert (auto.ema_rampup, auto.map_depth, auto.kimg) == (0.05, 2, 25000)
    assert {field: getattr(auto, field) for field in COMMON} == COMMON


@each_recipe
@pytest.mark.parametrize("size", [(24, 24), (64, 64), (128, 64), (101, 67), (256, 256), (1024, 1024)])
def test_every_recipe_can_be_decided_and_built_for_any_size(name: str, size: tuple[int, int]) -> None:
    decided = decide(RECIPES[name], height=size[0], width=size[1])
    assert decided.batch is not None
    with torch.device("meta"):
        networks = [build(spec) for spec in specs(decided, height=size[0], width=size[1], channels=4, c_dim=10)]
    assert all(count_parameters(network) > 1000 for network in networks)


def test_the_laptop_recipe_is_small() -> None:
    decided = decide(RECIPES["laptop"], height=64, width=64)
    with torch.device("meta"):
        networks = [build(spec) for spec in specs(decided, height=64, width=64, channels=4, c_dim=0)]
    assert sum(count_parameters(network) for network in networks) < 3_000_000


@each_recipe
def test_every_recipe_trains_is_saved_and_read_again(name: str, data: Path, tmp_path: Path) -> None:
    recipe: Recipe = dataclasses.replace(
        RECIPES[name], cbase=64, cmax=8, z_dim=8, w_dim=8, batch=4, batch_gpu=2, kimg=0.004, precision="fp32", workers=0
    )
    session, _ = train(data, tmp_path / "run", recipe)
    stored = recipe_of(tmp_path / "run")
    assert stored == session.run.recipe == decide(recipe, height=8, width=8)
    assert same(session.run, open_session(data, tmp_path / "run", recipe, device=CPU).run)
