"""The networks of `benchmarks/plain_networks.py` are ours: same images, same gradients, same second gradients."""

from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from allaprima.models import build
from allaprima.models.progan import ProGANGenerator
from allaprima.models.stylegan3 import StyleGAN3Generator
from tests.conftest import assert_near, read_reference
from tests.models.stylegan2.small import (
    ARCHITECTURES,
    DISCRIMINATOR_FILES,
    GENERATOR_FILES,
    reference_discriminator,
    reference_generator,
    small_discriminator,
    small_generator,
)
from tests.models.stylegan3 import small as stylegan3

BENCHMARKS = Path(__file__).parents[3] / "benchmarks"
SHAPES = [(16, 16, 3), (24, 24, 1), (32, 16, 4), (21, 13, 3)]
each_shape = pytest.mark.parametrize("shape", SHAPES, ids=str)
each_architecture = pytest.mark.parametrize("architecture", ARCHITECTURES)
while_training = pytest.mark.parametrize("training", [False, True], ids=["painting", "training"])


@pytest.fixture(scope="module")
def twin() -> Any:
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(BENCHMARKS)
        return import_module("plain_networks").plain_twin


def lively(network: Any) -> Any:
    """No parameter is left at 0: biases and the strengths of the noise count."""
    with torch.no_grad():
        for parameter in network.parameters():
            if not parameter.any():
                parameter.normal_(std=0.3)
    return network


def compare(ours: Any, plain: Any, inputs: list[Tensor], call: Any) -> None:
    """Values to 1e-5, gradients and second gradients to 1e-4 of the largest."""
    results = []
    for network in (ours, plain):
        names, parameters = zip(*sorted(network.named_parameters()), strict=True)
        x = inputs[0].clone().requires_grad_()
        y = call(network, x, *inputs[1:])
        (first,) = torch.autograd.grad(y.square().sum(), x, create_graph=True)
        second = torch.autograd.grad(y.sum() + first.square().sum(), parameters, allow_unused=True)
        results.append((names, y, first, second))
    (names, y, first, second), (names2, y2, first2, second2) = results
    assert names == names2
    assert_near(y2, y, 1e-5)
    assert_near(first2, first, 1e-4)
    largest = max(float(g.abs().max()) for g in second if g is not None)
    for name, got, wanted in zip(names, second2, second, strict=True):
        assert (got is None) == (wanted is None), name
        if wanted is not None:
            assert (got - wanted).abs().max() <= 1e-4 * max(float(wanted.abs().max()), 1e-3 * largest), name


@while_training
@each_architecture
@each_shape
def test_stylegan2_generator(twin: Any, shape: tuple[int, int, int], architecture: str, training: bool) -> None:
    G = lively(build(small_generator(*shape, architecture=architecture, conv_clamp=3.0))).train(training)
    compare(G, twin(G), [torch.randn(3, 8)], lambda G, z: G(z, noise_mode="const"))


@each_architecture
@each_shape
def test_stylegan2_discriminator(twin: Any, shape: tuple[int, int, int], architecture: str) -> None:
    height, width, channels = shape
    D = lively(build(small_discriminator(*shape, architecture=architecture, c_dim=2)))
    compare(D, twin(D), [torch.randn(4, channels, height, width), torch.eye(2)[[0, 1, 1, 0]]], lambda D, x, c: D(x, c))


@pytest.mark.parametrize("configuration", stylegan3.CONFIGURATIONS)
@each_shape
def test_stylegan3_generator(twin: Any, shape: tuple[int, int, int], configuration: str) -> None:
    spec = stylegan3.small_generator(*shape, **stylegan3.CONFIGURATIONS[configuration])
    G = lively(stylegan3.settled(spec))
    compare(G, twin(G), [torch.randn(2, 8)], lambda G, z: G(z))


def test_random_noise_and_labels(twin: Any) -> None:
    G = lively(build(small_generator(16, 16, c_dim=2))).eval()
    z, c = torch.randn(2, 8), torch.eye(2)
    images = []
    for network in (G, twin(G)):
        ws = network.mapping(z, c, truncation_psi=0.6, truncation_cutoff=3)
        generators = [torch.Generator().manual_seed(seed) for seed in (1, 2)]
        images.append(network.synthesis(ws, noise_mode="random", generators=generators))
    assert_near(images[1], images[0], 1e-5)


@pytest.mark.parametrize("name", GENERATOR_FILES)
def test_stylegan2_generators_of_the_reference(twin: Any, name: str) -> None:
    reference = read_reference(name)
    G = reference_generator(reference).eval()
    z, c = torch.randn(2, G.z_dim), torch.eye(max(G.c_dim, 1))[[0, 0]][:, : G.c_dim]
    assert_near(twin(G)(z, c, noise_mode="const"), G(z, c, noise_mode="const"), 1e-5)


@pytest.mark.parametrize("name", DISCRIMINATOR_FILES)
def test_stylegan2_discriminators_of_the_reference(twin: Any, name: str) -> None:
    D = reference_discriminator(read_reference(name))
    x, c = torch.randn(4, D.img_channels, D.img_height, D.img_width), torch.eye(max(D.c_dim, 1))[[0] * 4][:, : D.c_dim]
    assert_near(twin(D)(x, c), D(x, c), 1e-5)


def test_what_has_no_plain_form_is_refused(twin: Any) -> None:
    with pytest.raises(ValueError, match="networks that grow"):
        twin(build(small_generator(16, 16, architecture="orig", growing=True)))
    other = build(ProGANGenerator(height=8, width=8, img_channels=3))
    with pytest.raises(ValueError, match="no plain form of a network with the spec ProGAN"):
        twin(other)


def test_the_defaults_of_stylegan3_are_planned_alike(twin: Any) -> None:
    with torch.device("meta"):
        G = build(StyleGAN3Generator(height=64, width=64, img_channels=3, channel_base=1024, channel_max=16))
    assert twin(G).state_dict().keys() == G.state_dict().keys()
