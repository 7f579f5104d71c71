"""VGG-16 up to its second fully connected layer, with random weights: names, shapes, definition."""

import pytest
import torch
import torch.nn.functional as F

from allaprima.checkpoint.detectors import find_detector, missing_words
from allaprima.models.lpips import DEVIATION, MEAN
from allaprima.models.vgg16 import VGG16
from allaprima.models.vgg16_classifier import FEATURES, VGG16Features

HEAD = {
    "classifier.0.weight": (4096, 25088),
    "classifier.0.bias": (4096,),
    "classifier.3.weight": (4096, 4096),
    "classifier.3.bias": (4096,),
}
"""Of torchvision's file; the places between are ReLU and dropout."""


def test_the_tensors_have_the_published_names_and_shapes() -> None:
    with torch.device("meta"):
        own, body = VGG16Features().state_dict(), VGG16().state_dict()
    wanted = {name: tuple(tensor.shape) for name, tensor in body.items()} | HEAD
    assert {name: tuple(tensor.shape) for name, tensor in own.items()} == wanted


def test_it_is_the_definition() -> None:
    torch.manual_seed(0)
    network = VGG16Features()
    pixels = torch.randint(256, (1, 3, 224, 224), dtype=torch.uint8)
    x = torch.stack([(pixels[:, i] / 255 - MEAN[i]) / DEVIATION[i] for i in range(3)], dim=1)
    x = F.max_pool2d(network.features(x), 2)
    assert x.shape == (1, 512, 7, 7)
    head = network.classifier
    hidden = (x.flatten(1) @ head[0].weight.T + head[0].bias).clamp(min=0)
    wanted = (hidden @ head[3].weight.T + head[3].bias).clamp(min=0)
    torch.testing.assert_close(network(pixels), wanted, rtol=1e-4, atol=1e-5)
    assert network(pixels[:, :, :50, :70]).shape == (1, FEATURES)


def test_the_published_weights_know_a_picture() -> None:
    found = find_detector("vgg16")
    if found is None:
        pytest.skip(f"NOT VERIFIED END TO END: {missing_words('vgg16')}")
    features = found(torch.randint(256, (1, 3, 64, 64), dtype=torch.uint8))
    assert 0.02 < float((features > 0).double().mean()) < 0.6
