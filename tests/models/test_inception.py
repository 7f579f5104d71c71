"""Inception v3 of FID: the published names and shapes, its preprocessing, and the published weights where they are."""

from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from allaprima.checkpoint.detectors import INCEPTION_FILE, find_detector, missing_words
from allaprima.models.inception import ANSWERS, FEATURES, InceptionV3, resize_as_tensorflow

NAMES = Path(__file__).parent / "inception_names.txt"
"""Names and shapes of the tensors of torchvision's ``inception_v3`` without its auxiliary branch, with 1008 answers."""


@pytest.fixture(scope="module")
def network() -> InceptionV3:
    torch.manual_seed(0)
    return InceptionV3()


def published() -> dict[str, tuple[int, ...]]:
    rows = (line.split() for line in NAMES.read_text().splitlines())
    return {name: tuple(int(side) for side in shape.split("x")) for name, shape in rows}


def test_all_tensors_have_the_published_names_and_shapes_in_order(network: InceptionV3) -> None:
    own = {n: tuple(t.shape) for n, t in network.state_dict().items() if not n.endswith("num_batches_tracked")}
    wanted = published()
    assert set(own) == set(wanted)
    for name, shape in wanted.items():
        assert own[name] == shape, name
    assert len(own) == 94 * 5 + 2


def test_the_tensors_are_as_large_as_the_published_file(network: InceptionV3) -> None:
    size = sum(tensor.nbytes for tensor in network.state_dict().values())
    assert INCEPTION_FILE.size is not None
    assert 0 < INCEPTION_FILE.size - size < 0.001 * INCEPTION_FILE.size  # the rest is names


def test_features_and_answers(network: InceptionV3) -> None:
    pixels = torch.randint(256, (2, 3, 30, 40), dtype=torch.uint8)
    features = network(pixels)
    assert features.shape == (2, FEATURES)
    torch.testing.assert_close(network.probabilities(features).sum(dim=1), torch.ones(2))
    torch.testing.assert_close(network(pixels[:1]), features[:1], rtol=1e-4, atol=1e-5)


def test_answers_leave_out_the_bias(network: InceptionV3) -> None:
    features = torch.rand(1, FEATURES)
    wanted = (network.fc(features) - network.fc.bias).softmax(dim=1)
    torch.testing.assert_close(network.probabilities(features), wanted)
    assert wanted.shape == (1, ANSWERS)


def test_averages_do_not_count_the_border_and_the_last_block_takes_maxima(network: InceptionV3) -> None:
    x = torch.ones(1, 192, 5, 5)
    average = network.Mixed_5b._pooled(x)
    torch.testing.assert_close(average, network.Mixed_5b.branch_pool(x))
    x = torch.rand(1, 2048, 4, 4)
    wanted = network.Mixed_7c.branch_pool(F.max_pool2d(x, 3, stride=1, padding=1))
    torch.testing.assert_close(network.Mixed_7c._pooled(x), wanted)


def slowly_resized(image: Tensor, side: int) -> Tensor:
    """One channel, one pixel at a time, in float64."""
    height, width = image.shape
    result = torch.empty(side, side, dtype=torch.float64)
    for i in range(side):
        for j in range(side):
            y, x = i * height / side, j * width / side
            top, left = int(y), int(x)
            down, right = min(top + 1, height - 1), min(left + 1, width - 1)
            a, b = y - top, x - left
            upper = float(image[top, left]) * (1 - b) + float(image[top, right]) * b
            lower = float(image[down, left]) * (1 - b) + float(image[down, right]) * b
            result[i, j] = upper * (1 - a) + lower * a
    return result


@pytest.mark.parametrize(("height", "width"), [(5, 9), (16, 12), (12, 12)])
def test_resizing_is_tensorflows(height: int, width: int) -> None:
    image = torch.rand(height, width) * 255
    got = resize_as_tensorflow(image[None, None], 12)[0, 0]
    torch.testing.assert_close(got.double(), slowly_resized(image, 12), rtol=1e-5, atol=1e-3)


def test_the_published_weights_know_a_picture() -> None:
    network = find_detector("inception")
    if network is None:
        pytest.skip(f"NOT VERIFIED END TO END: {missing_words('inception')}")
    gray = torch.full((1, 3, 299, 299), 128, dtype=torch.uint8)
    features = network(gray)
    assert bool((features >= 0).all())
    assert 0.1 < float(features.mean()) < 1.0
    assert float(network.probabilities(features).max()) < 0.9
