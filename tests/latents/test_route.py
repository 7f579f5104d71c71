"""Routes lead through the latents they should, in the space they should."""

from typing import Any

import pytest
import torch

from allaprima.errors import AllaPrimaError, ConfigError, LatentError
from allaprima.generation import latents_of_seeds
from allaprima.latents.route import Route, centre_of
from tests.surgery.small import generator

each_architecture = pytest.mark.parametrize("kind", ["skip", "stylegan", "progan", "r3gan", "stylegan3"])


def keys_in_w(G: Any, seeds: list[int], c: Any = None) -> torch.Tensor:
    ws: torch.Tensor = G.mapping(latents_of_seeds(seeds, G.z_dim), c)
    return ws[:, 0]


@each_architecture
@pytest.mark.parametrize("space", ["z", "w"])
@pytest.mark.parametrize("way", ["loop", "line", "sphere"])
def test_a_walk_passes_its_seeds(kind: str, space: Any, way: Any) -> None:
    G, seeds = generator(kind), [3, 1, 4]
    frames = 6 if way == "loop" else 5
    places = Route(seeds=seeds, kind=way, space=space, frames=frames).places(G)
    assert places.space == space
    wanted = latents_of_seeds(seeds, G.z_dim) if space == "z" else keys_in_w(G, seeds)
    got = places.latents[[0, 2, 4], 0]
    torch.testing.assert_close(got if space == "z" else got[:, 0], wanted)


@each_architecture
def test_lines_and_loops_lead_through_w_where_there_is_one(kind: str) -> None:
    G = generator(kind)
    has_w = kind not in ("progan", "r3gan")
    for way in ("loop", "line"):
        assert Route(seeds=[1, 2], kind=way).places(G).space == ("w" if has_w else "z")  # type: ignore[arg-type]
    assert Route(seeds=[1, 2], kind="sphere").places(G).space == "z"
    assert Route(seeds=[1, 2], kind="circle").places(G).space == "z"
    assert Route(seeds=[1], kind="random").places(G).space == "z"


def test_a_line_is_straight_and_a_sphere_is_round() -> None:
    G = generator("skip")
    a, b = latents_of_seeds([5, 6], G.z_dim)
    line = Route(seeds=[5, 6], kind="line", space="z", frames=3).places(G).latents[:, 0]
    torch.testing.assert_close(line[1], (a + b) / 2)
    arc = Route(seeds=[5, 6], kind="sphere", space="z", frames=3).places(G).latents[:, 0]
    torch.testing.assert_close(arc[1].norm(), (a.norm() + b.norm()) / 2)
    assert torch.cosine_similarity(arc[1], a / a.norm() + b / b.norm(), dim=0) > 0.9999
    around = Route(seeds=[5, 6], kind="sphere", space="w", frames=3).places(G).latents[:, 0, 0]
    away = around - G.mapping.w_avg
    torch.testing.assert_close(away[1].norm(), (away[0].norm() + away[2].norm()) / 2)


def test_a_loop_in_z_keeps_the_length_of_its_latents() -> None:
    """Between independent latents a spline in z would pass at 0.7 of their length."""
    G = generator("r3gan", z_dim=64)
    z = Route(seeds=range(4), frames=64).places(G).latents[:, 0]
    keys = latents_of_seeds(range(4), 64).norm(dim=1)
    assert z.norm(dim=1).min() > keys.min() - 1e-3
    assert z.norm(dim=1).max() < keys.max() + 1e-3
    steps = (z.roll(-1, dims=0) - z).norm(dim=1)
    assert steps.max() < 2.5 * steps.mean()


def test_circles_are_around_the_centre_of_their_space() -> None:
    G = generator("skip")
    for space in ("z", "w"):
        latents = Route(seeds=[1, 2], kind="circle", space=space, frames=4).places(G).latents  # type: ignore[arg-type]
        middle = centre_of(G, space)  # type: ignore[arg-type]
        torch.testing.assert_close(latents[0] + latents[2], (2 * middle).expand_as(latents[0]), atol=1e-4, rtol=1e-4)


def test_one_seed_stays_where_it_is() -> None:
    G = generator("skip")
    for way in ("loop", "line", "sphere"):
        latents = Route(seeds=[3], kind=way, frames=4).places(G).latents  # type: ignore[arg-type]
        torch.testing.assert_close(latents, latents[:1].expand_as(latents))


def test_seeds_are_dealt_to_walks_in_turn() -> None:
    G = generator("skip")
    grid = Route(seeds=range(6), kind="line", frames=5, grid=(1, 2)).places(G).latents
    for walk, seeds in enumerate(([0, 1, 2], [3, 4, 5])):
        alone = Route(seeds=seeds, kind="line", frames=5).places(G).latents
        torch.testing.assert_close(grid[:, walk], alone[:, 0])
    randoms = Route(seeds=[7, 8], kind="random", frames=5, grid=(2, 1)).places(G).latents
    torch.testing.assert_close(randoms[:, 1:], Route(seeds=[8], kind="random", frames=5).places(G).latents)


def test_saved_styles_are_keys_of_every_layer() -> None:
    G = generator("skip")
    ws = torch.randn(3, G.num_ws, G.w_dim)
    places = Route(ws=ws, kind="line", frames=3).places(G)
    torch.testing.assert_close(places.latents[:, 0], ws)
    assert (places.space, places.labels) == ("w", None)
    assert Route(ws=ws, frames=9).places(G).latents.shape == (9, 1, G.num_ws, G.w_dim)


# Classes.


@each_architecture
def test_a_class_is_that_of_all_frames(kind: str) -> None:
    G = generator(kind, c_dim=3)
    places = Route(seeds=[1, 2], class_index=2, frames=4, kind="line", space="w").places(G)
    assert places.labels is not None
    assert places.labels.tolist() == [[0, 0, 1]] * 4
    torch.testing.assert_close(places.latents[-1, 0], keys_in_w(G, [2], torch.eye(3)[[2]]))


@each_architecture
def test_classes_are_visited_one_after_the_other(kind: str) -> None:
    G = generator(kind, c_dim=3)
    c = torch.eye(3)[[0, 2]]
    open_way = Route(seeds=[1], c=c, frames=3, kind="line").places(G)
    assert open_way.space == "z"
    assert open_way.labels is not None
    assert open_way.labels.tolist() == [[1, 0, 0], [0.5, 0, 0.5], [0, 0, 1]]
    closed = Route(seeds=[1], c=c, frames=4).places(G).labels
    assert closed is not None
    assert closed.tolist() == [[1, 0, 0], [0.5, 0, 0.5], [0, 0, 1], [0.5, 0, 0.5]]


# What is no route.


@pytest.mark.parametrize(
    ("fields", "error", "sentence"),
    [
        ({}, ConfigError, r"^a walk needs keys: give it either seeds or styles$"),
        ({"seeds": [1], "ws": torch.zeros(1, 6, 8)}, ConfigError, r"^a walk needs keys"),
        ({"seeds": [1], "kind": "spiral"}, ConfigError, r"^no walk is called 'spiral': there are loop, line, sphere"),
        ({"seeds": [1], "space": "x"}, ConfigError, r"^a walk leads through z or w, not 'x'$"),
        ({"seeds": [1], "frames": 0}, ConfigError, r"^a walk of 0 frames: it must have at least 1$"),
        ({"seeds": [1], "sigma": 0.0}, ConfigError, r"^sigma is 0.0: random walks must be smoothed by more than 0"),
        ({"seeds": [1], "grid": (0, 2)}, ConfigError, r"^a grid of 0×2 walks: give at least 1×1$"),
        ({"seeds": range(5), "grid": (2, 2)}, ConfigError, r"^5 seeds cannot be dealt to 2×2 walks: give a multiple"),
        ({"ws": torch.zeros(0, 6, 8)}, ConfigError, r"^0 styles cannot be dealt to 1×1 walks"),
        ({"seeds": range(3), "kind": "circle"}, ConfigError, r"^a circle is given by 2 seeds, not 3$"),
        (
            {"seeds": range(2), "kind": "random"},
            ConfigError,
            r"^a random walk is made of one seed, and leads through z",
        ),
        ({"seeds": [1], "kind": "random", "space": "w"}, ConfigError, r"^a random walk is made of one seed"),
        ({"ws": torch.zeros(1, 6, 8), "kind": "random"}, ConfigError, r"^a random walk is made of one seed"),
        ({"seeds": [-1]}, LatentError, r"^-1 is no seed"),
    ],
)
def test_what_is_no_route_is_said_at_once(fields: dict[str, Any], error: type[AllaPrimaError], sentence: str) -> None:
    with pytest.raises(error, match=sentence):
        Route(**fields)


@pytest.mark.parametrize(
    ("fields", "error", "sentence"),
    [
        ({"seeds": [1]}, LatentError, r"^this model has 3 classes: say which"),
        ({"seeds": [1], "class_index": 3}, LatentError, r"^there is no class 3"),
        ({"seeds": [1], "c": torch.eye(3), "space": "w"}, ConfigError, r"^a walk from class to class leads through z"),
        ({"ws": torch.zeros(1, 6, 9)}, LatentError, r"^ws must be \[n, 6, 8\] for this model, got \[1, 6, 9\]$"),
        ({"ws": torch.zeros(1, 6, 8), "class_index": 0}, LatentError, r"^styles have their class in them"),
        (
            {"ws": torch.zeros(1, 6, 8), "space": "z"},
            ConfigError,
            r"^saved styles are in w: a walk between them cannot",
        ),
    ],
)
def test_what_a_model_does_not_have_is_said(fields: dict[str, Any], error: type[AllaPrimaError], sentence: str) -> None:
    G = generator("skip", c_dim=3)
    assert (G.num_ws, G.w_dim) == (6, 8)
    with pytest.raises(error, match=sentence):
        Route(**fields).places(G)
