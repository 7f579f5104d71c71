"""Pivotal tuning: the pivots come nearer, the rest stays, the model that was given is not touched."""

import pytest
import torch
from torch import Tensor

from allaprima.errors import ConfigError
from allaprima.images import to_pixels
from allaprima.latents.projection.distance import PyramidDistance
from allaprima.latents.projection.pivotal import PivotalTuning, Tuning, painted, painting_parameters
from allaprima.latents.projection.projection import Projection
from allaprima.latents.projection.search import Search
from tests.surgery.small import generator, paint, same_tensors, some_images

SHAPES = {
    "skip": (16, 16, 4),
    "stylegan": (16, 16, 1),
    "progan": (16, 16, 3),
    "r3gan": (16, 24, 3),
    "stylegan3": (8, 12, 3),
}


@pytest.mark.parametrize("kind", list(SHAPES))
def test_the_pivots_come_nearer_and_the_model_is_not_changed(kind: str) -> None:
    G, untouched = generator(kind, *SHAPES[kind]), generator(kind, *SHAPES[kind])
    height, width, channels = SHAPES[kind]
    ws = G.mapping(torch.randn(2, G.z_dim), None)
    targets = some_images(height, width, channels)
    tuning = PivotalTuning(G, targets, ws, distance=PyramidDistance(), how=Tuning(steps=15, learning_rate=0.02))
    steps = list(tuning)
    assert [step.done for step in steps] == list(range(1, 16))
    assert (steps[-1].distance < 0.95 * steps[0].distance).all()
    assert same_tensors(G, untouched)
    assert not same_tensors(tuning.G, G)
    assert not any(parameter.requires_grad for parameter in tuning.G.parameters())
    z = torch.randn(2, G.z_dim)
    torch.testing.assert_close(tuning.G.mapping(z, None), G.mapping(z, None))


def test_locality_keeps_the_rest() -> None:
    G = generator("skip")
    ws = G.mapping(torch.randn(2, G.z_dim), None)
    targets, others = some_images(16, 16), G.mapping(torch.randn(10, G.z_dim), None)
    before = G.synthesis(others, noise_mode="const")

    def strayed(weight: float) -> Tensor:
        how = Tuning(steps=15, learning_rate=0.03, locality_weight=weight)
        tuning = PivotalTuning(G, targets, ws, distance=PyramidDistance(), how=how)
        list(tuning)
        return (tuning.G.synthesis(others, noise_mode="const") - before).abs().mean()

    assert strayed(5.0) < 0.7 * strayed(0.0)


def test_more_targets_than_fit_take_turns() -> None:
    G = generator("skip")
    ws = G.mapping(torch.randn(3, G.z_dim), None)
    tuning = PivotalTuning(
        G, some_images(16, 16, count=3), ws, distance=PyramidDistance(), how=Tuning(steps=4), at_once=2
    )
    first, second, *_ = [step.distance for step in tuning]
    assert first.isfinite().tolist() == [True, True, False]
    assert second.isfinite().all()


def test_a_seed_decides_all() -> None:
    G = generator("skip")
    ws = G.mapping(torch.randn(1, G.z_dim), None)
    made = []
    for seed in (1, 1, 2):
        how = Tuning(steps=3, seed=seed, locality_weight=1.0)
        tuning = PivotalTuning(G, some_images(16, 16, count=1), ws, distance=PyramidDistance(), how=how)
        list(tuning)
        made.append(tuning.G)
    assert same_tensors(made[0], made[1])
    assert not same_tensors(made[0], made[2])


def test_left_early_it_holds_what_was_learned() -> None:
    G = generator("skip")
    projection = Projection(G, to_pixels(paint(G, 2)), how=Search(steps=2))
    tuning = PivotalTuning.of(projection, Tuning(steps=100))
    for step in tuning:
        if step.done == 2:
            break
    assert len(tuning) == 100
    assert painted(tuning.G, projection.ws).shape == (2, 3, 16, 16)


@pytest.mark.parametrize("kind", ["skip", "progan", "r3gan", "stylegan3"])
def test_what_makes_w_is_not_tuned(kind: str) -> None:
    G = generator(kind)
    tuned = {id(parameter) for parameter in painting_parameters(G)}
    left = {name.split(".")[0] for name, parameter in G.named_parameters() if id(parameter) not in tuned}
    assert left <= {"mapping", "EmbeddingLayer"}
    assert tuned


def test_it_takes_a_step_at_least() -> None:
    with pytest.raises(ConfigError, match="at least 1 step"):
        Tuning(steps=0)
