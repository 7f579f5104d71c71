"""Laws of the Fourier features."""

import math

import torch
from torch import Tensor

from allaprima.models.stylegan3 import SynthesisInput
from allaprima.models.stylegan3.fourier import transforms_of
from allaprima.models.stylegan3.plan import Signal


def features(size: tuple[int, int] = (12, 9), rate: float = 8.0) -> SynthesisInput:
    """Small ones, whose amplitudes do not depend on the rate."""
    torch.manual_seed(0)
    network = SynthesisInput(w_dim=5, signal=Signal(cutoff=1.5, stopband=4, rate=rate, size=size, channels=6))
    network.freqs.mul_((1.4 / network.freqs.norm(dim=1, keepdim=True)).clamp(max=1))
    return network


def by_definition(network: SynthesisInput, transform: Tensor) -> Tensor:
    """One image, sample by sample: the transform moves the place, and the waves are taken there."""
    height, width = network.size
    image = torch.zeros(6, height, width)
    for i in range(height):
        for j in range(width):
            place = torch.tensor([(j - (width - 1) / 2) / network.rate, (i - (height - 1) / 2) / network.rate, 1.0])
            waves = torch.sin(2 * math.pi * (network.freqs @ (transform @ place)[:2] + network.phases))
            image[:, i, j] = network.weight @ waves / 6**0.5
    return image


@torch.no_grad()
def test_equals_its_definition() -> None:
    network = features()
    network.affine.weight.normal_()
    network.transform.copy_(torch.tensor([[0.9, -0.1, 0.2], [0.1, 0.8, -0.3], [0, 0, 1]]))  # makes no wave faster
    w = torch.randn(3, 5) / 5
    for image, transform in zip(network(w), transforms_of(network.affine(w)) @ network.transform, strict=True):
        torch.testing.assert_close(image, by_definition(network, transform), atol=1e-5, rtol=1e-5)


@torch.no_grad()
def test_a_new_network_neither_turns_nor_shifts() -> None:
    transforms = transforms_of(features().affine(torch.randn(4, 5)))
    torch.testing.assert_close(transforms, torch.eye(3).expand(4, 3, 3))


def test_a_transform_shifts_backwards_and_then_turns() -> None:
    (transform,) = transforms_of(torch.tensor([[0.0, 2.0, 0.6, -1.0]]))  # a quarter; x 0.3, y -0.5
    torch.testing.assert_close(transform @ torch.tensor([0.3, -0.5, 1.0]), torch.tensor([0.0, 0.0, 1.0]))
    torch.testing.assert_close(transform @ torch.tensor([1.3, -0.5, 1.0]), torch.tensor([0.0, 1.0, 1.0]))


@torch.no_grad()
def test_grids_of_all_sizes_and_rates_sample_one_signal() -> None:
    w = torch.randn(2, 5)
    wanted = features((13, 9), rate=8.0)(w)
    torch.testing.assert_close(features((7, 5), rate=4.0)(w), wanted[:, :, ::2, ::2], atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(features((5, 3), rate=8.0)(w), wanted[:, :, 4:-4, 3:-3], atol=1e-5, rtol=1e-5)


@torch.no_grad()
def test_waves_that_a_transform_makes_too_fast_for_the_grid_fade_out() -> None:
    network, magnitudes = features(), []
    for zoom in (1.0, 2.0, 4.0, 40.0):
        network.transform.copy_(torch.diag(torch.tensor([zoom, zoom, 1.0])))
        magnitudes.append(network(torch.zeros(1, 5)).square().mean().item())
    assert magnitudes == sorted(magnitudes, reverse=True)
    assert magnitudes[-1] == 0


def test_new_frequencies_lie_about_below_the_bandwidth_in_all_directions() -> None:
    network = SynthesisInput(w_dim=5, signal=Signal(cutoff=2.0, stopband=4, rate=16, size=(4, 4), channels=4096))
    lengths = network.freqs.norm(dim=1)
    assert lengths.max() <= 2.0
    inside = (lengths < 1).float().mean()
    assert abs(inside - 0.25) < 0.05, "not even over the disc"
    assert network.freqs.mean(dim=0).abs().max() < 0.1
    assert -0.5 <= network.phases.min() < network.phases.max() <= 0.5
