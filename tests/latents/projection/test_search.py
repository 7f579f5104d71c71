"""Laws of the search, for every architecture."""

from typing import Any

import pytest
import torch
from torch import Tensor

from allaprima.errors import ConfigError
from allaprima.images import to_network, to_pixels
from allaprima.latents.projection.distance import Measure, PyramidDistance
from allaprima.latents.projection.noise_regularization import noise_penalty
from allaprima.latents.projection.search import Search, Step, own_noise, search
from allaprima.latents.projection.start import mean_and_deviation
from allaprima.models import noise_maps, paint_with_noise
from tests.surgery.small import generator

KINDS = {
    "skip": (24, 16, 4),
    "orig": (16, 16, 3),
    "stylegan": (16, 16, 1),
    "progan": (16, 16, 3),
    "r3gan": (16, 24, 3),
    "stylegan3": (8, 12, 4),
}


def styles(G: Any, count: int, seed: int = 3) -> Tensor:
    z = torch.randn(count, G.z_dim, generator=torch.Generator().manual_seed(seed))
    ws: Tensor = G.mapping(z, None)
    return ws


def goal(G: Any, ws: Tensor) -> Tensor:
    return to_network(to_pixels(G.synthesis(ws, noise_mode="const")))


def last(G: Any, measure: Measure, start: Tensor, how: Search, deviation: float = 1.0) -> Step:
    steps = list(search(G, measure, start, how, deviation=deviation))
    assert [step.done for step in steps] == list(range(1, how.steps + 1))
    return steps[-1]


@pytest.mark.parametrize("space", ["w", "w+"])
@pytest.mark.parametrize("kind", list(KINDS))
def test_every_architecture_comes_nearer_to_its_own_image(kind: str, space: Any) -> None:
    G = generator(kind, *KINDS[kind])
    measure = PyramidDistance().to(goal(G, styles(G, 2)))
    mean, deviation = mean_and_deviation(G)
    how = Search(space=space, steps=25, exploration=0.0, noise_weight=None)
    found = last(G, measure, mean.expand(2, -1, -1), how, deviation)
    with torch.no_grad():
        before = measure(G.synthesis(mean.expand(2, -1, -1), noise_mode="const"))
        after = measure(G.synthesis(found.ws, noise_mode="const"))
    assert (after < 0.85 * before).all()
    assert found.ws.shape == (2, G.num_ws, G.w_dim)
    if space == "w":
        torch.testing.assert_close(found.ws, found.ws[:, :1].expand_as(found.ws))
    elif G.num_ws > 1:
        assert not torch.allclose(found.ws[:, 0], found.ws[:, -1])


def test_from_nearby_it_finds_the_latent_itself() -> None:
    G = generator("skip", 16, 16, 3, w_dim=4, z_dim=4)
    ws = styles(G, 2)
    how = Search(space="w", steps=60, exploration=0.0, noise_weight=None, learning_rate=0.1)
    measure = PyramidDistance().to(G.synthesis(ws, noise_mode="const"))
    found = last(G, measure, ws + 0.2, how)
    torch.testing.assert_close(found.ws, ws, atol=0.03, rtol=0)


@pytest.mark.parametrize("kind", ["skip", "stylegan3"])
def test_a_target_has_no_influence_on_another(kind: str) -> None:
    G = generator(kind, *KINDS[kind])
    ws = styles(G, 3)
    target, start = goal(G, ws), ws.flip(0).clone()
    how = Search(steps=3, seed=4)
    together = last(G, PyramidDistance().to(target), start, how)
    for i in range(3):
        one = slice(i, i + 1)
        alone = last(G, PyramidDistance().to(target[one]), start[one], how)
        torch.testing.assert_close(together.ws[one], alone.ws, atol=2e-3, rtol=0)
        for name, noise in alone.noise.items():
            torch.testing.assert_close(together.noise[name][one], noise, atol=2e-2, rtol=0)


def test_a_seed_decides_all() -> None:
    G = generator("skip")
    ws = styles(G, 1)
    measure = PyramidDistance().to(goal(G, ws))
    first, again, other = (last(G, measure, ws * 0, Search(steps=3, seed=seed)).ws for seed in (1, 1, 2))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_the_start_is_not_changed() -> None:
    G = generator("skip")
    ws = styles(G, 1)
    before = ws.clone()
    last(G, PyramidDistance().to(goal(G, styles(G, 1, seed=9))), ws, Search(steps=3))
    assert torch.equal(ws, before)


def test_steps_are_counted_in_standard_deviations() -> None:
    """A model whose w are all ten times larger, and whose layers make up for it, walks the same way."""
    G, large = generator("skip"), generator("skip")
    for name, parameter in large.named_parameters():
        if "affine.weight" in name:
            parameter.div_(10)
    ws = styles(G, 1)
    measure = PyramidDistance().to(goal(G, ws))
    how = Search(steps=5, exploration=0.02)
    a = last(G, measure, ws * 0.5, how, deviation=1.0)
    b = last(large, measure, ws * 5, how, deviation=10.0)
    torch.testing.assert_close(a.ws * 10, b.ws, rtol=1e-2, atol=1e-2)


@pytest.mark.parametrize("kind", ["skip", "stylegan"])
def test_noise_is_searched_for_and_stays_noise(kind: str) -> None:
    G = generator(kind, 16, 16, 1)
    ws = styles(G, 2)
    own = {name: noise.clone() for name, noise in noise_maps(G).items()}
    found = last(G, PyramidDistance().to(-goal(G, ws)), ws, Search(steps=6))
    assert found.noise.keys() == own.keys()
    for name, maps in found.noise.items():
        assert maps.shape == (2, 1, *own[name].shape)
        assert not torch.equal(maps[0], maps[1]), "all targets share their noise"
        torch.testing.assert_close(maps.mean(dim=(2, 3)), torch.zeros(2, 1), atol=1e-5, rtol=0)
        torch.testing.assert_close(maps.square().mean(dim=(2, 3)), torch.ones(2, 1), atol=1e-4, rtol=0)
        assert torch.equal(noise_maps(G)[name], own[name]), "the model's own noise was changed"


@pytest.mark.parametrize("kind", ["skip", "stylegan"])
def test_noise_brings_an_image_nearer_that_was_painted_with_other_noise(kind: str) -> None:
    G = generator(kind, 16, 16, 1)
    ws = styles(G, 1)
    other = {name: torch.randn(1, 1, *noise.shape) for name, noise in noise_maps(G).items()}
    target = paint_with_noise(G, ws, other)
    measure = PyramidDistance().to(target)
    still, moved = (
        last(G, measure, ws, Search(steps=30, exploration=0.0, learning_rate=0.0, noise_weight=weight))
        for weight in (None, 0.1)
    )
    after = measure(paint_with_noise(G, moved.ws, moved.noise))
    assert after.item() < 0.6 * still.distance.item()


def test_the_weight_of_the_penalty_matters() -> None:
    G = generator("skip", 32, 32, 1)
    ws = styles(G, 1)
    measure = PyramidDistance().to(-goal(G, ws))
    free, held = (last(G, measure, ws, Search(steps=15, noise_weight=weight)) for weight in (0.0, 1e5))
    assert noise_penalty(held.noise.values()) < 0.3 * noise_penalty(free.noise.values())


@pytest.mark.parametrize("kind", ["progan", "r3gan", "stylegan3"])
def test_models_without_noise_have_none(kind: str) -> None:
    assert own_noise(generator(kind), 2) == {}


def test_it_may_be_left_at_any_time() -> None:
    G = generator("skip")
    ws = styles(G, 1)
    for step in search(G, PyramidDistance().to(goal(G, ws)), ws, Search(steps=1000), deviation=1.0):
        if step.done == 2:
            break
    assert step.ws.isfinite().all()


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"space": "z"}, "'z'"),
        ({"steps": 0}, "steps is 0"),
        ({"learning_rate": -1.0}, "learning_rate"),
        ({"exploration": float("nan")}, "exploration"),
    ],
)
def test_settings_that_cannot_work_are_refused(fields: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        Search(**fields)
