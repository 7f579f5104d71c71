"""A recipe's systems: what is said of them in one place is so in all others."""

from typing import Any, get_args

import pytest
import torch

from allaprima.checkpoint.model_card import SYSTEMS as IN_PAPERS
from allaprima.errors import ConfigError
from allaprima.models import build
from allaprima.models.checkpointing import set_checkpointing
from allaprima.training import RECIPES, run
from allaprima.training.networks import PAIRS, specs
from allaprima.training.recipe import GROWING, WITHOUT_W, System, decide
from tests.training import systems, test_systems
from tests.training.small import small_run, tiny

each_system = pytest.mark.parametrize("system", get_args(System))


def networks(system: str, **shape: int) -> tuple[Any, Any]:
    recipe = decide(tiny(system=system, pl_weight=0.0), height=16, width=8)
    G, D = specs(recipe, **{"height": 16, "width": 8, "channels": 2, "c_dim": 3, **shape})
    with torch.device("meta"):
        return build(G), build(D)


def test_every_system_has_networks_a_recipe_a_name_and_tests() -> None:
    known = set(get_args(System))
    assert set(PAIRS) == known
    assert {recipe.system for recipe in RECIPES.values()} == known
    assert {fields.get("system", "stylegan2") for fields in systems.SYSTEMS.values()} == known
    assert {fields.get("system", "stylegan2") for fields in test_systems.SYSTEMS.values()} == known
    assert {system.removesuffix("-t").removesuffix("-r") for system in known} <= IN_PAPERS.keys()


@each_system
def test_its_networks_have_the_shape_that_is_asked_for(system: str) -> None:
    for network in networks(system):
        assert (network.img_height, network.img_width, network.img_channels, network.c_dim) == (16, 8, 2, 3)


@each_system
def test_what_recipes_know_of_it_is_what_its_networks_do(system: str) -> None:
    G, D = networks(system)
    assert G.has_w == (system not in WITHOUT_W)
    assert ([getattr(network, "lod", None) is not None for network in (G, D)] == [True] * 2) == (system in GROWING)


def test_checkpointing_that_would_do_nothing_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    assert small_run(checkpointing=True).recipe.checkpointing
    monkeypatch.setattr(run, "set_checkpointing", lambda network, on: set_checkpointing(torch.nn.Linear(1, 1), on))
    small_run()
    with pytest.raises(ConfigError, match="checkpointing is true, but the networks of stylegan2 cannot recompute"):
        small_run(checkpointing=True)
