"""Every named recipe is what it is said to be, can be decided, built, trained, saved and read again."""

import dataclasses
from pathlib import Path
from typing import Any

import pytest
import torch

from allaprima.models import build, count_parameters
from allaprima.training import RECIPES, Recipe, open_session, recipe_of
from allaprima.training.networks import specs
from allaprima.training.recipe import decide
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
    left = {field for field, value in dataclasses.asdict(auto).items() if value is None and not field.endswith("_end")}
    assert left - {"decay_kimg"} == {"cbase", "batch", "batch_gpu", "glr", "dlr", "gamma", "mbstd_group", "ema_kimg"}
    assert (auto.ema_rampup, auto.map_depth, auto.kimg) == (0.05, 2, 25000)
    assert {field: getattr(auto, field) for field in COMMON} == COMMON


ADAPTIVE = [*PUBLISHED, "auto", "cifarbaseline", "stylegan3-t", "stylegan3-r"]
OTHERS: dict[str, dict[str, Any]] = {  # facts.md, sections 1.6.2 to 1.6.5
    "cifarbaseline": {
        "cbase": 16384,
        "map_depth": 8,
        "pl_weight": 2.0,
        "style_mixing": 0.9,
        "d_architecture": "resnet",
    },
    "stylegan3-t": {"system": "stylegan3-t", "map_depth": 2, "glr": 0.0025, "dlr": 0.002, "r1_interval": 16},
    "stylegan3-r": {"system": "stylegan3-r", "blur_init_sigma": 10.0, "blur_fade_kimg": 200.0, "pl_weight": 0.0},
    "stylegan3-t-metfacesu1024": {"gamma": 16.4, "kimg": 5000.0, "snap": 10, "mirror": True},
    "stylegan3-r-ffhqu256": {"gamma": 1.0, "batch": 64, "dlr": 0.0025, "aug": "noaug", "blur_fade_kimg": 400.0},
    "stylegan3-2-ffhqu256": {"gamma": 1.0, "glr": 0.0025, "mbstd_group": 8, "cbase": 16384},
    "progan-1gpu": {
        "batch": 4,
        "loss": "wasserstein",
        "penalty": "wgan-gp",
        "gamma": 10.0,
        "drift": 0.001,
        "glr": 0.001,
    },
    "progan-8gpu": {"batch": 32, "lod_initial_resolution": 4, "lod_training_kimg": 600.0, "lod_transition_kimg": 600.0},
    "progan-v1": {"batch": 16, "mbstd_group": 16, "lod_training_kimg": 800.0, "kimg": 19000.0},
    "stylegan": {"gamma": 10.0, "lod_initial_resolution": 8, "kimg": 25000.0, "ema_kimg": 10.0, "style_mixing": 0.9},
    "stylegan-wgangp": {"loss": "wasserstein", "lr_by_res": ((128, 0.0015), (256, 0.002), (512, 0.002), (1024, 0.002))},
    "stylegan2-a": {"system": "stylegan", "r1_interval": 1, "cbase": 16384},
    "stylegan2-b": {"growing": True, "r1_interval": 1, "pl_weight": 0.0, "g_architecture": "orig"},
    "stylegan2-c": {"growing": True, "r1_interval": 16, "pl_weight": 0.0, "d_architecture": "orig"},
    "stylegan2-d": {"growing": True, "r1_interval": 16, "pl_weight": 2.0, "cbase": 16384, "glr": 0.001},
    "stylegan2-e": {"growing": False, "cbase": 16384, "gamma": 100.0, "g_architecture": "skip"},
    "stylegan2-f": {"growing": False, "cbase": 32768, "gamma": 10.0, "d_architecture": "resnet", "aug": "noaug"},
    "r3gan-cifar10": {"gamma": 0.05, "gamma_end": 0.005, "p_end": 0.55, "beta2": 0.9, "beta2_end": 0.99, "glr": 2e-4},
    "r3gan-ffhq256": {"gamma": 150.0, "gamma_end": 15.0, "p_end": 0.3, "ema_kimg_end": 500.0, "decay_kimg": 20000.0},
    "eps-auto": {"map_depth": 8, "gamma": None, "gamma_scale": 0.0002, "batch": None, "ema_kimg": None},
    "eps": {"glr": 0.001, "dlr": 0.001, "ema_kimg": 10.0, "ema_rampup": 0.05, "gamma_scale": 1e-5, "map_depth": 8},
    "eps-big": {"batch": 4, "cbase": 32768, "glr": 0.002, "gamma": 10.0, "ema_kimg": 10.0},
    "rosinality": {"glr": 0.002, "dlr": 0.002, "ema_kimg": 10.0, "ada_kimg": 500.0, "ada_interval": 16, "batch": 16},
    "r3gan-imagenet64": {"cmax": 1536, "gamma": 1.0, "p_end": 0.4, "decay_kimg": 200000.0, "r1_interval": 1},
}


@pytest.mark.parametrize("name", OTHERS)
def test_other_published_recipes_are_the_published_ones(name: str) -> None:
    assert {field: getattr(RECIPES[name], field) for field in OTHERS[name]} == OTHERS[name]


@pytest.mark.parametrize("name", ADAPTIVE)
def test_presets_of_ada_and_after_augment_adaptively(name: str) -> None:
    recipe = RECIPES[name]
    assert (recipe.aug, recipe.augpipe, recipe.target, recipe.ada_kimg, recipe.p) == ("ada", "bgc", 0.6, 500, 0)


@pytest.mark.parametrize(("side", "gamma"), [(128, 0.5), (256, 2.0), (512, 8.0), (1024, 32.0)])
def test_the_gamma_of_stylegan3_is_the_published_one(side: int, gamma: float) -> None:
    for name in ("stylegan3-t", "stylegan3-r"):
        assert decide(RECIPES[name], height=side, width=side).gamma == gamma


def test_the_rotating_generator_is_twice_as_wide_and_its_discriminator_is_not() -> None:
    decided = decide(RECIPES["stylegan3-r"], height=256, width=256)
    G, D = specs(decided, height=256, width=256, channels=3, c_dim=0)
    assert (G.channel_base, G.channel_max, G.conv_kernel) == (65536, 1024, 1)
    assert (D.channel_base, D.channel_max) == (32768, 512)
    assert G.magnitude_ema_beta == pytest.approx(0.5 ** (32 / 20000))


@pytest.mark.parametrize(
    ("name", "side", "widths"),
    [
        ("r3gan-cifar10", 32, [768] * 4),
        ("r3gan-ffhq64", 64, [768] * 4 + [384]),
        ("r3gan-ffhq256", 256, [768] * 4 + [384, 192, 96]),
        ("r3gan-imagenet32", 32, [1536] * 4),
        ("r3gan-imagenet64", 64, [1536] * 5),
    ],
)
def test_r3gan_has_the_published_widths(name: str, side: int, widths: list[int]) -> None:
    for spec in specs(decide(RECIPES[name], height=side, width=side), height=side, width=side, channels=3, c_dim=0):
        assert [spec.channels(resolution) for resolution in spec.geometry.resolutions] == widths
    if name == "r3gan-ffhq256":
        assert [spec.groups(resolution) for resolution in (32, 64, 128, 256)] == [96, 48, 24, 12]


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
    small = {"cbase": 64, "cmax": 8, "z_dim": 8, "w_dim": 8, "precision": "fp32", "workers": 0}
    recipe: Recipe = dataclasses.replace(RECIPES[name], **small, batch=4, batch_by_res=(), batch_gpu=2, kimg=0.004)
    session, _ = train(data, tmp_path / "run", recipe)
    stored = recipe_of(tmp_path / "run")
    assert stored == session.run.recipe == decide(recipe, height=8, width=8)
    assert same(session.run, open_session(data, tmp_path / "run", recipe, device=CPU).run)
