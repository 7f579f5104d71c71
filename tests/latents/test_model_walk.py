"""From model to model: the ends are the models, the middle is their average, and all of them stay as they are."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from allaprima.errors import ConfigError
from allaprima.generation import generate
from allaprima.latents.model_walk import set_between, walk_models
from allaprima.latents.route import Route
from allaprima.surgery import average
from tests.surgery.small import generator, same_tensors

each_architecture = pytest.mark.parametrize("kind", ["skip", "stylegan", "progan", "r3gan", "stylegan3"])


def stack(frames: Any) -> NDArray[np.int64]:
    return np.stack(list(frames)).astype(np.int64)


@each_architecture
@pytest.mark.parametrize(("height", "width", "channels"), [(16, 16, 3), (24, 16, 1)])
def test_the_ends_are_the_models_and_the_middle_their_average(
    kind: str, height: int, width: int, channels: int
) -> None:
    A, B = (generator(kind, height, width, channels, seed=seed) for seed in (0, 1))
    made = walk_models([A, B], Route(seeds=[4], kind="line", frames=5), truncation_psi=0.7)
    assert len(made) == 5
    frames = stack(made)
    for index, G in ((0, A), (2, average([A, B])), (4, B)):
        wanted = stack(generate(G, seeds=[4], truncation_psi=0.7))[0]
        assert np.abs(frames[index] - wanted).max() <= 1
    assert same_tensors(A, generator(kind, height, width, channels, seed=0))
    assert same_tensors(B, generator(kind, height, width, channels, seed=1))


def test_a_loop_comes_back_and_a_third_model_is_visited() -> None:
    models = [generator("skip", seed=seed) for seed in range(3)]
    frames = stack(walk_models(models, Route(seeds=[4], frames=6)))
    for index, G in ((0, models[0]), (2, models[1]), (4, models[2]), (5, average([models[2], models[0]]))):
        assert np.abs(frames[index] - stack(generate(G, seeds=[4]))[0]).max() <= 1


def test_it_is_slow_at_the_models_unless_asked_not_to_be() -> None:
    A, B = (generator("skip", seed=seed) for seed in (0, 1))
    route = Route(seeds=[4], kind="line", frames=5)
    eased, steady = (stack(walk_models([A, B], route, pauses=pauses)) for pauses in (True, False))
    quarter = stack(generate(average([A, B], [0.75, 0.25]), seeds=[4]))[0]
    assert np.abs(steady[1] - quarter).max() <= 1
    start, middle = steady[0], steady[2]
    assert np.abs(eased[0] - start).max() == np.abs(eased[2] - middle).max() == 0
    assert 0 < np.abs(eased[1] - start).mean() < np.abs(steady[1] - start).mean()


def test_many_images_at_once_and_latents_may_walk_too() -> None:
    A, B = (generator("skip", seed=seed) for seed in (0, 1))
    grid = stack(walk_models([A, B], Route(seeds=range(6), grid=(2, 3), kind="line", frames=2)))
    assert grid.shape == (2, 32, 48, 3)
    assert np.abs(grid[1, 16:, 32:] - stack(generate(B, seeds=[5]))[0]).max() <= 1
    moving = stack(walk_models([A, B], Route(seeds=[1, 2], kind="line", frames=2)))
    assert np.abs(moving[1] - stack(generate(B, seeds=[2]))[0]).max() <= 1


def test_weights_and_buffers_are_exact_at_both_ends() -> None:
    A, B, between = (generator("skip", seed=seed) for seed in (0, 1, 2))
    for share, wanted in ((0.0, A), (1.0, B)):
        set_between(between, A, B, share)
        assert same_tensors(between, wanted)


def test_models_that_differ_are_one_sentence() -> None:
    A, wide = generator("skip"), generator("skip", 16, 24)
    route = Route(seeds=[1])
    with pytest.raises(ConfigError, match=r"^the networks cannot be mixed: width is 16 in one and 24 in the other$"):
        walk_models([A, wide], route)
    with pytest.raises(ConfigError, match=r"^a walk from model to model needs at least 2 models, not 1$"):
        walk_models([A], route)
