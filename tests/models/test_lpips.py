"""LPIPS and VGG-16 with random weights: equal to their slow definitions. The published weights are not here."""

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from allaprima.models.lpips import DEVIATION, LPIPS, MEAN, shown
from allaprima.models.vgg16 import VGG16

PUBLISHED = [(0, 3, 64), (2, 64, 64), (5, 64, 128), (7, 128, 128), (10, 128, 256), (12, 256, 256), (14, 256, 256)]
PUBLISHED += [(17, 256, 512), (19, 512, 512), (21, 512, 512), (24, 512, 512), (26, 512, 512), (28, 512, 512)]
"""Place, inputs and outputs of the convolutions in torchvision's file."""


@pytest.fixture(scope="module")
def network() -> LPIPS:
    torch.manual_seed(0)
    network = LPIPS().eval().requires_grad_(False)
    for weight in network.weights:
        weight.uniform_()
    return network


def some(*shape: int, seed: int = 0) -> Tensor:
    return torch.rand(*shape, generator=torch.Generator().manual_seed(seed)) * 2 - 1


def slow_distance(network: LPIPS, a: Tensor, b: Tensor) -> float:
    """Of two images [3, h, w] in [-1, 1], in float64, pixel by pixel."""

    def features(image: Tensor) -> list[Tensor]:
        x = (image.double() + 1) / 2
        x = torch.stack([(x[i] - MEAN[i]) / DEVIATION[i] for i in range(3)])[None]
        kept = []
        for place, _, channels in PUBLISHED:
            if place in (5, 10, 17, 24):
                kept.append(x[0])
                x = F.max_pool2d(x, 2)
            layer = network.vgg.features[place]
            x = F.conv2d(x, layer.weight.double(), layer.bias.double(), padding=1).clamp(min=0)
            assert x.shape[1] == channels
        return [*kept, x[0]]

    total = 0.0
    for x, y, weight in zip(features(a), features(b), network.weights, strict=True):
        places = []
        for row in range(x.shape[1]):
            for column in range(x.shape[2]):
                u, v = x[:, row, column], y[:, row, column]
                u, v = u / u.norm().clamp(min=1e-12), v / v.norm().clamp(min=1e-12)
                places.append(float((weight.double() * (u - v) ** 2).sum()))
        total += sum(places) / len(places)
    return total


def test_the_parameters_have_the_published_names_and_shapes() -> None:
    state = VGG16().state_dict()
    assert len(state) == 2 * len(PUBLISHED)
    for place, inputs, outputs in PUBLISHED:
        assert state[f"features.{place}.weight"].shape == (outputs, inputs, 3, 3)
        assert state[f"features.{place}.bias"].shape == (outputs,)


def test_it_equals_the_definition(network: LPIPS) -> None:
    a, b = some(2, 3, 24, 16), some(2, 3, 24, 16, seed=1)
    slow = torch.tensor([slow_distance(network, a[i], b[i]) for i in range(2)])
    torch.testing.assert_close(network(a, b), slow, rtol=1e-3, atol=1e-5)


def test_equal_images_have_no_distance(network: LPIPS) -> None:
    a = some(2, 3, 16, 16)
    assert torch.equal(network(a, a), torch.zeros(2))


def test_gray_is_seen_as_three_equal_channels(network: LPIPS) -> None:
    a, b = some(2, 1, 16, 16), some(2, 1, 16, 16, seed=1)
    torch.testing.assert_close(network(a, b), network(a.expand(-1, 3, -1, -1), b.expand(-1, 3, -1, -1)))


def test_black_images_have_finite_gradients(network: LPIPS) -> None:
    a = torch.full((1, 3, 16, 16), -1.0, requires_grad=True)
    (gradient,) = torch.autograd.grad(network(a, some(1, 3, 16, 16)).sum(), a)
    assert gradient.isfinite().all()
    assert gradient.any()


@pytest.mark.parametrize(
    ("size", "wanted"),
    [
        ((512, 512), (256, 256)),
        ((1024, 512), (256, 128)),
        ((64, 48), (64, 48)),
        ((8, 24), (16, 48)),
        ((5, 5), (20, 20)),
    ],
)
def test_images_are_shown_at_a_size_that_the_network_knows(size: tuple[int, int], wanted: tuple[int, int]) -> None:
    assert shown(torch.zeros(1, 3, *size)).shape[2:] == wanted


def test_large_images_are_averaged_over_areas() -> None:
    image = some(1, 3, 512, 512)
    means = image.view(1, 3, 256, 2, 256, 2).mean(dim=(3, 5))
    torch.testing.assert_close(shown(image), means)
