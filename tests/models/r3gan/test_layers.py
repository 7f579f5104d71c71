"""Laws of the layers, above all of their initialisation."""

import math

import pytest
import torch

from allaprima.models.r3gan.layers import (
    BiasedActivation,
    Convolution,
    DiscriminativeBasis,
    GenerativeBasis,
    LabelEmbedding,
    Linear,
    Resampler,
    ResidualBlock,
)


def rms(x: torch.Tensor) -> float:
    return x.detach().square().mean().sqrt().item()


@pytest.mark.parametrize("gain", [1.0, 0.25])
def test_weights_keep_the_variance_times_the_gain(gain: float) -> None:
    x = torch.randn(500, 64)
    assert rms(Linear(64, 400, gain=gain)(x)) == pytest.approx(gain, rel=0.05)
    images = torch.randn(20, 64, 8, 8)
    assert rms(Convolution(64, 400, gain=gain)(images)) == pytest.approx(gain, rel=0.05)
    grouped = Convolution(64, 400, kernel_size=3, groups=8, gain=gain)
    assert rms(grouped(images)[:, :, 1:-1, 1:-1]) == pytest.approx(gain, rel=0.05)
    assert grouped.Layer.weight.shape == (400, 8, 3, 3)


def test_both_bases_keep_the_variance() -> None:
    assert rms(GenerativeBasis(32, 400, (4, 3))(torch.randn(500, 32))) == pytest.approx(1, rel=0.1)
    assert rms(DiscriminativeBasis(64, 400, (4, 3))(torch.randn(500, 64, 4, 3))) == pytest.approx(1, rel=0.1)


def test_the_discriminative_basis_is_a_valid_depthwise_convolution() -> None:
    basis, x = DiscriminativeBasis(6, 2, (4, 3)), torch.randn(5, 6, 4, 3)
    wanted = torch.nn.functional.conv2d(x, basis.Basis.weight, groups=6)[:, :, 0, 0] @ basis.LinearLayer.weight.T
    torch.testing.assert_close(basis(x), wanted)


def test_a_new_block_is_the_identity_and_learns() -> None:
    block, x = ResidualBlock(8, expansion=2, groups=4, num_blocks=10), torch.randn(2, 8, 5, 4)
    assert torch.equal(block(x), x)
    (block(x) * torch.randn(2, 8, 5, 4)).sum().backward()
    gradients = {name: bool(p.grad is not None and p.grad.any()) for name, p in block.named_parameters()}
    assert [name for name, moves in gradients.items() if moves] == ["LinearLayer3.Layer.weight"]


@pytest.mark.parametrize("num_blocks", [1, 8, 16])
def test_inside_a_block_the_deviation_falls_with_the_depth_of_the_network(num_blocks: int) -> None:
    block = ResidualBlock(64, expansion=8, groups=4, num_blocks=num_blocks)
    y = block.LinearLayer1(torch.randn(20, 64, 8, 8))
    assert rms(y) == pytest.approx(math.sqrt(2 / 1.04) * num_blocks**-0.25, rel=0.05)
    kept = rms(block.NonLinearity1(y))
    assert kept == pytest.approx(num_blocks**-0.25, rel=0.05), "the gain makes up for what the leaky ReLU takes away"
    z = block.NonLinearity2(block.LinearLayer2(torch.randn(8, 512, 10, 10)))[:, :, 1:-1, 1:-1]
    assert rms(z) == pytest.approx(num_blocks**-0.25, rel=0.05)


def test_activations_have_a_bias_and_no_gain() -> None:
    layer = BiasedActivation(2)
    layer.Bias.data = torch.tensor([1.0, -1.0])
    x = torch.tensor([2.0, -3.0]).expand(1, 2, 2).mT[..., None]
    torch.testing.assert_close(layer(x)[0, :, :, 0], torch.tensor([[3.0, 3.0], [-0.8, -0.8]]))


def test_embeddings_are_linear_in_the_label() -> None:
    embedding = LabelEmbedding(3, 4, gain=0.5)
    torch.testing.assert_close(embedding(torch.eye(3)), embedding.weight.T)
    assert rms(LabelEmbedding(100, 100, gain=0.5).weight) == pytest.approx(0.05, rel=0.05)


def test_the_filter_is_widened_and_of_unit_sum() -> None:
    kernel = Resampler((1, 2, 1)).Kernel
    torch.testing.assert_close(kernel, torch.outer(*[torch.tensor([1.0, 3, 3, 1])] * 2) / 64)
    torch.testing.assert_close(Resampler((1,)).Kernel, torch.full((2, 2), 0.25))
