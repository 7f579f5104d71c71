"""What the image undergoes is what the matrices say: tried on the features, whose grid shows it exactly."""

from typing import Any

import pytest
import torch
from torch import Tensor
from torch.func import functional_call

from allaprima.errors import ConfigError
from allaprima.latents.motion import Motion, buffers_of, require_movable
from tests.surgery.small import generator

START, HALF = torch.zeros(1, dtype=torch.float64), torch.full((1,), 0.5, dtype=torch.float64)


def features(G: Any, transforms: Tensor) -> Tensor:
    """What the Fourier features become under what the image undergoes."""
    buffers = {"transform": buffers_of(G, transforms)["input.transform"]}
    w = torch.zeros(len(transforms), G.w_dim)  # whose own transform is none
    found: Tensor = functional_call(G.synthesis.input, buffers, (w,))
    return found


@pytest.fixture
def G() -> Any:
    G = generator("stylegan3", 16, 16)
    with torch.no_grad():
        G.synthesis.input.affine.weight.zero_()
        G.synthesis.input.affine.bias.copy_(torch.eye(4)[0])
    return G


def test_nothing_asked_moves_nothing(G: Any) -> None:
    transforms = Motion().transforms(torch.linspace(0, 1, 5, dtype=torch.float64))
    assert torch.equal(transforms, torch.eye(3).double().expand(5, 3, 3))
    torch.testing.assert_close(features(G, transforms[:1])[0], G.synthesis.input(torch.zeros(1, G.w_dim))[0])


def test_a_quarter_turn_is_counterclockwise(G: Any) -> None:
    still, turned = features(G, torch.cat([Motion(rotate=90).transforms(t) for t in (START, HALF)]))
    torch.testing.assert_close(turned, torch.rot90(still, 1, dims=(1, 2)), atol=2e-5, rtol=1e-5)


def test_a_shift_is_to_the_right_and_down(G: Any) -> None:
    signal = G.synthesis.input
    pixels_right, pixels_down = 3, 2
    motion = Motion(translate=(pixels_right / signal.rate, pixels_down / signal.rate))
    still, shifted = features(G, torch.cat([motion.transforms(t) for t in (START, HALF)]))
    torch.testing.assert_close(
        shifted[:, pixels_down:, pixels_right:], still[:, :-pixels_down, :-pixels_right], atol=2e-5, rtol=1e-5
    )


def test_a_scale_of_two_shows_the_middle_twice_as_large(G: Any) -> None:
    matrix = Motion(scale=2).transforms(HALF)[0]
    corner = torch.tensor([0.25, 0.1, 1], dtype=torch.float64)
    assert (matrix @ corner).tolist() == pytest.approx([0.5, 0.2, 1])


def test_scaled_then_turned_then_shifted() -> None:
    matrix = Motion(scale=2, rotate=90, translate=(0.1, 0)).transforms(HALF)[0]
    right = torch.tensor([0.2, 0, 1], dtype=torch.float64)
    assert (matrix @ right).tolist() == pytest.approx([0.1, -0.4, 1]), "what was on the right is above"


def test_whole_turns_go_round_and_all_else_there_and_back() -> None:
    t = torch.tensor([0, 0.25, 0.75, 1], dtype=torch.float64)
    round_and_round = Motion(rotate=720).transforms(t)
    assert round_and_round[:, 0, 0].tolist() == pytest.approx([1, -1, -1, 1])
    swinging = Motion(rotate=90, scale=1.5, translate=(0.2, -0.1)).transforms(t)
    torch.testing.assert_close(swinging[0], torch.eye(3).double())
    torch.testing.assert_close(swinging[3], torch.eye(3).double(), atol=1e-9, rtol=0)
    torch.testing.assert_close(swinging[1], swinging[2])


def test_the_models_own_transform_comes_first(G: Any) -> None:
    """A model that paints its images shifted to the right: turned, they are shifted up."""
    shift = 3 / G.synthesis.input.rate
    both = Motion(rotate=90, translate=(0, -shift)).transforms(HALF)
    wanted = features(G, both)
    G.synthesis.input.transform.copy_(torch.linalg.inv(Motion(translate=(shift, 0)).transforms(HALF)[0]).float())
    torch.testing.assert_close(features(G, Motion(rotate=90).transforms(HALF)), wanted, atol=2e-5, rtol=1e-5)


@pytest.mark.parametrize("kind", ["skip", "stylegan", "progan", "r3gan"])
def test_other_architectures_cannot_be_moved(kind: str) -> None:
    with pytest.raises(ConfigError, match=r"^only StyleGAN3's images can be turned, shifted and scaled"):
        require_movable(generator(kind))


@pytest.mark.parametrize("fields", [{"scale": 0.0}, {"scale": -1.0}, {"rotate": float("nan")}])
def test_impossible_motions_are_refused(fields: Any) -> None:
    with pytest.raises(ConfigError, match="must be above 0, and all numbers finite"):
        Motion(**fields)
