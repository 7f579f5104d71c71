"""Frames of a walk are the images of its latents, whatever the batch; models and their buffers stay as they are."""

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from allaprima.errors import AllaPrimaError, ConfigError, LatentError
from allaprima.generation import generate
from allaprima.images import has_alpha
from allaprima.latents.motion import Motion
from allaprima.latents.route import Route
from allaprima.latents.walks import Breath, walk
from tests.surgery.small import generator, same_tensors

ARCHITECTURES = ["skip", "stylegan", "progan", "r3gan", "stylegan3"]
each_architecture = pytest.mark.parametrize("kind", ARCHITECTURES)


def stack(frames: Any) -> NDArray[np.int64]:
    return np.stack(list(frames)).astype(np.int64)


def assert_same(a: NDArray[np.int64], b: NDArray[np.int64]) -> None:
    assert a.shape == b.shape
    assert np.abs(a - b).max() <= 1


@each_architecture
@pytest.mark.parametrize(("height", "width", "channels"), [(16, 16, 3), (24, 16, 1), (16, 24, 4)])
def test_a_walk_begins_and_ends_at_its_seeds(kind: str, height: int, width: int, channels: int) -> None:
    G = generator(kind, height, width, channels)
    for way in ("line", "sphere"):
        made = walk(G, Route(seeds=[5, 7], kind=way, frames=4), truncation_psi=0.7)  # type: ignore[arg-type]
        assert len(made) == 4
        frames = stack(made)
        assert frames.shape == ((4, height, width) if channels == 1 else (4, height, width, channels))
        wanted = stack(generate(G, seeds=[5, 7], truncation_psi=0.7))
        if has_alpha(channels):
            seen = np.minimum(frames[[0, 3]][..., -1:], wanted[..., -1:]) > 128
            assert np.abs((frames[[0, 3]] - wanted) * seen).max() <= 2
        else:
            assert_same(frames[[0, 3]], wanted)


@each_architecture
@pytest.mark.parametrize("way", ["loop", "circle", "random"])
def test_closed_walks_step_from_the_last_frame_to_the_first(kind: str, way: Any) -> None:
    G = generator(kind)
    keys = {"loop": 3, "circle": 2, "random": 1}[way]
    frames = stack(walk(G, Route(seeds=range(keys), kind=way, frames=24, sigma=3.0)))
    steps = np.abs(np.roll(frames, -1, axis=0) - frames).mean(axis=(1, 2, 3))
    assert steps[-1] <= 1.5 * steps[:-1].max()
    assert steps[:-1].max() > 0, "it stands still"


@pytest.mark.parametrize("noise", ["const", "none", "random", "moving"])
@pytest.mark.parametrize("batch_size", [1, 2, 5, 99])
def test_a_batch_changes_nothing(noise: Any, batch_size: int) -> None:
    G = generator("skip")
    route = Route(seeds=range(4), frames=5, grid=(1, 2))
    frames = stack(walk(G, route, noise=noise, truncation_psi=Breath(0.3, 1), batch_size=batch_size))
    assert_same(frames, stack(walk(G, route, noise=noise, truncation_psi=Breath(0.3, 1), batch_size=3)))


def test_walks_side_by_side_are_the_walks_alone() -> None:
    G = generator("skip", 16, 24)
    together = stack(walk(G, Route(seeds=range(12), frames=3, grid=(2, 3))))
    assert together.shape == (3, 32, 72, 3)
    for cell in range(6):
        alone = stack(walk(G, Route(seeds=[2 * cell, 2 * cell + 1], frames=3)))
        y, x = 16 * (cell // 3), 24 * (cell % 3)
        assert_same(together[:, y : y + 16, x : x + 24], alone)


def test_nothing_is_painted_before_it_is_asked_for_and_all_of_it_again() -> None:
    G = generator("skip")
    painted = []
    G.synthesis.register_forward_hook(lambda module, args, output: painted.append(len(output)))
    made = walk(G, Route(seeds=[1, 2], frames=10), batch_size=4)
    assert painted == []
    frames = iter(made)
    next(frames)
    assert painted == [4]
    np.testing.assert_array_equal(stack(made), stack(made))
    assert painted == [4, *[4, 4, 2] * 2]


# Truncation.


def test_truncation_breathes() -> None:
    psi = Breath(0.3, 0.9).at(torch.tensor([0, 0.25, 0.5, 1], dtype=torch.float64))
    assert psi.tolist() == pytest.approx([0.3, 0.6, 0.9, 0.3])
    twice = Breath(0.3, 0.9, 2).at(torch.tensor([0, 0.25, 0.5, 0.75, 1], dtype=torch.float64))
    assert twice.tolist() == pytest.approx([0.3, 0.9, 0.3, 0.9, 0.3])


@each_architecture
@pytest.mark.parametrize("space", ["z", "w"])
def test_each_frame_has_its_own_truncation(kind: str, space: Any) -> None:
    G = generator(kind, c_dim=2)
    route = Route(seeds=[5], frames=4, space=space, class_index=1)
    frames = stack(walk(G, route, truncation_psi=Breath(0.2, 1.0), noise="none"))
    for frame, psi in zip(frames, (0.2, 0.6, 1.0, 0.6), strict=True):
        wanted = stack(generate(G, seeds=[5], class_index=1, truncation_psi=psi, noise_mode="none"))
        assert_same(frame[None], wanted)


def test_a_cutoff_and_a_centre_are_those_of_truncation() -> None:
    G = generator("skip")
    route = Route(seeds=[5], frames=1)
    assert_same(
        stack(walk(G, route, truncation_psi=0.3, truncation_cutoff=2)),
        stack(generate(G, seeds=[5], truncation_psi=0.3, truncation_cutoff=2)),
    )
    centre = torch.randn(G.w_dim)
    at_centre = stack(walk(G, route, truncation_psi=0, centre=centre))
    assert_same(at_centre, stack(generate(G, ws=centre.expand(1, G.num_ws, -1))))


# Styles, classes, noise, motion.


def test_saved_styles_are_passed() -> None:
    G = generator("skip")
    ws = torch.randn(2, G.num_ws, G.w_dim)
    frames = stack(walk(G, Route(ws=ws, kind="line", frames=3)))
    assert_same(frames, stack(generate(G, ws=torch.stack([ws[0], ws.mean(dim=0), ws[1]]))))


@each_architecture
def test_from_class_to_class(kind: str) -> None:
    G = generator(kind, c_dim=3)
    frames = stack(walk(G, Route(seeds=[1], c=torch.eye(3)[[0, 2]], kind="line", frames=3), truncation_psi=0.8))
    c = torch.tensor([[1, 0, 0], [0.5, 0, 0.5], [0, 0, 1]])
    assert_same(frames, stack(generate(G, seeds=[1] * 3, c=c, truncation_psi=0.8)))


def test_noise_is_the_models_none_new_or_moving() -> None:
    G = generator("skip")
    route = Route(seeds=[1], frames=4)
    const, none, random, moving = (
        stack(walk(G, route, noise=noise))  # type: ignore[arg-type]
        for noise in ("const", "none", "random", "moving")
    )
    assert_same(const[1:], const[:1].repeat(3, axis=0))
    assert_same(const[:1], stack(generate(G, seeds=[1])))
    assert_same(none[:1], stack(generate(G, seeds=[1], noise_mode="none")))
    assert_same(moving[:1], const[:1])
    for frames in (random, moving):
        assert all((a != b).any() for a, b in pairwise(frames))


def test_motion_moves_the_image_and_leaves_the_model() -> None:
    G = generator("stylegan3", 24, 16)
    before = {name: tensor.clone() for name, tensor in G.state_dict().items()}
    route = Route(seeds=[1], frames=4)
    frames = stack(walk(G, route, motion=Motion(rotate=360, scale=1.2), batch_size=3))
    still = stack(walk(G, route))
    assert_same(frames[:1], still[:1])
    assert all((frames[index] != still[index]).any() for index in (1, 2, 3))
    assert_same(stack(walk(G, route, motion=Motion(rotate=360, scale=1.2), batch_size=1)), frames)
    assert all(torch.equal(tensor, before[name]) for name, tensor in G.state_dict().items())


def test_a_walk_leaves_the_model_and_the_random_state_as_they_were() -> None:
    G, twin = generator("skip"), generator("skip")
    torch.manual_seed(3)
    state = torch.get_rng_state()
    for noise in ("random", "moving"):
        list(walk(G, Route(seeds=[1, 2], frames=3), noise=noise))  # type: ignore[arg-type]
    assert torch.equal(torch.get_rng_state(), state)
    assert same_tensors(G, twin)


@pytest.mark.parametrize(
    ("kind", "options", "error", "sentence"),
    [
        ("skip", {"truncation_psi": float("nan")}, ConfigError, r"^truncation_psi is nan: it must be finite"),
        ("skip", {"truncation_psi": Breath(0, float("inf"))}, ConfigError, r"^truncation_psi is Breath"),
        ("skip", {"truncation_cutoff": -1}, ConfigError, r"^truncation_cutoff is -1: it must be at least 0"),
        ("skip", {"noise": "loud"}, ConfigError, r"^noise is 'loud': it must be const, none, random, moving$"),
        ("skip", {"batch_size": 0}, ConfigError, r"^batch_size is 0: it must be at least 1"),
        ("skip", {"centre": torch.zeros(3)}, LatentError, r"^the centre must be \[8\] for this model, got \[3\]$"),
        ("skip", {"motion": Motion(rotate=3)}, ConfigError, r"^only StyleGAN3's images can be turned"),
        ("stylegan3", {"noise": "moving"}, ConfigError, r"^this model adds no noise"),
    ],
)
def test_what_cannot_be_is_said_at_once(
    kind: str, options: dict[str, Any], error: type[AllaPrimaError], sentence: str
) -> None:
    with pytest.raises(error, match=sentence):
        walk(generator(kind), Route(seeds=[1]), **options)
