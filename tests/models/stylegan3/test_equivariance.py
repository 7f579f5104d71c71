"""What StyleGAN3 is made for: details are attached to what is painted, not to the grid."""

import math
from typing import Any

import pytest
import torch
from torch import Tensor

from allaprima.models.stylegan3 import Generator
from tests.models.stylegan3.small import CONFIGURATIONS, settled, small_generator

each_configuration = pytest.mark.parametrize("fields", CONFIGURATIONS.values(), ids=CONFIGURATIONS)
LAYERS: dict[str, Any] = {"num_layers": 9, "channel_max": 12, "channel_base": 10**6}


def ratio(image: Tensor, other: Tensor) -> float:
    """How far ``other`` is from ``image``: variance over mean squared error, in decibels."""
    return 10 * math.log10(image.var() / (image - other).square().mean().clamp(min=1e-20))


def transformed(G: Generator, ws: Tensor, inverse: list[list[float]]) -> Tensor:
    G.synthesis.input.transform.copy_(torch.tensor(inverse))
    images: Tensor = G.synthesis(ws)
    G.synthesis.input.transform.copy_(torch.eye(3))
    return images


@pytest.mark.parametrize(
    ("height", "width", "least"), [(64, 64, 40), (48, 64, 40), (67, 41, 40), (24, 24, 35), (28, 20, 35)]
)
@each_configuration
@torch.no_grad()
def test_a_shifted_input_gives_a_shifted_image(fields: Any, height: int, width: int, least: float) -> None:
    G = settled(small_generator(height, width, **LAYERS, **fields))
    ws, (dy, dx), longer = G.mapping(torch.randn(2, 8)), (3, 5), max(height, width)
    image = G.synthesis(ws)
    shifted = transformed(G, ws, [[1, 0, -dx / longer], [0, 1, -dy / longer], [0, 0, 1]])
    assert ratio(image[:, :, : height - dy, : width - dx], shifted[:, :, dy:, dx:]) > least
    assert ratio(image, shifted) < 15, "nothing moved"


@pytest.mark.parametrize("side", [16, 24, 50])
@torch.no_grad()
def test_only_configuration_r_turns_with_its_input(side: int) -> None:
    for fields, least, most in ((CONFIGURATIONS["R"], 80, 200), (CONFIGURATIONS["T"], -5, 20)):
        G = settled(small_generator(side, side, **LAYERS, **fields))
        ws = G.mapping(torch.randn(2, 8))
        turned = transformed(G, ws, [[0, 1, 0], [-1, 0, 0], [0, 0, 1]])
        assert least < ratio(G.synthesis(ws).rot90(-1, dims=(2, 3)), turned) < most


@pytest.mark.parametrize(("height", "width"), [(64, 48), (32, 64)])
@each_configuration
@torch.no_grad()
def test_a_narrower_image_is_the_middle_of_the_square_one(fields: Any, height: int, width: int) -> None:
    square = settled(small_generator(64, 64, **LAYERS, **fields))
    narrow = Generator(small_generator(height, width, **LAYERS, **fields))
    narrow.load_state_dict(square.state_dict(), strict=True)
    z = torch.randn(2, 8)
    top, left = (64 - height) // 2, (64 - width) // 2
    middle = square(z)[:, :, top : top + height, left : left + width]
    assert ratio(middle, narrow(z)) > 35  # they differ by what leaks in from the borders
