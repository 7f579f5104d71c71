"""Every number of one training step of the original system."""

import math
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from allaprima.losses import d_logistic, g_nonsaturating, next_length, path_length_penalty, path_lengths
from allaprima.models import StyleGAN2Discriminator, StyleGAN2Generator, build
from tests.conftest import Reference, assert_near, read_reference

PATH_LENGTH_WEIGHT = 2
VALUE, GRADIENT = 1e-4, 1e-3


@pytest.fixture(scope="module")
def reference() -> Reference:
    return read_reference("stylegan2_training")


@pytest.fixture
def G(reference: Reference) -> Any:
    config = reference.metadata["config_G"]
    spec = StyleGAN2Generator(
        height=config["img_resolution"],
        width=config["img_resolution"],
        map_depth=config["mapping_kwargs"]["num_layers"],
        **{key: config[key] for key in ("img_channels", "z_dim", "w_dim", "channel_base", "channel_max")},
    )
    return filled(build(spec), reference.part("G."))


@pytest.fixture
def D(reference: Reference) -> Any:
    config = reference.metadata["config_D"]
    spec = StyleGAN2Discriminator(
        height=config["img_resolution"],
        width=config["img_resolution"],
        mbstd_group=config["epilogue_kwargs"]["mbstd_group_size"],
        **{key: config[key] for key in ("img_channels", "channel_base", "channel_max")},
    )
    return filled(build(spec), reference.part("D."))


def filled(network: nn.Module, weights: dict[str, Tensor]) -> nn.Module:
    network.load_state_dict(weights, strict=True)
    return network


def assert_gradients(network: nn.Module, wanted: dict[str, Tensor]) -> None:
    """Those of ``wanted`` agree; all others are absent or zero."""
    assert wanted
    for name, parameter in network.named_parameters():
        gradient = torch.zeros_like(parameter) if parameter.grad is None else parameter.grad
        if name in wanted:
            assert_near(gradient, wanted[name], GRADIENT)
        else:
            assert not gradient.any(), name


def test_the_generators_loss_and_gradients(reference: Reference, G: Any, D: Any) -> None:
    images = G(reference.tensors["z"], noise_mode="const")
    assert_near(images, reference.tensors["fake_images"], VALUE)
    loss = g_nonsaturating(D(images)).mean()
    assert_near(loss, reference.tensors["loss_g_main"], VALUE)
    loss.backward()
    assert_gradients(G, reference.part("grad_g_main."))


def test_the_discriminators_loss_and_gradients(reference: Reference, D: Any) -> None:
    real_logits = D(reference.tensors["real_images"])
    assert_near(real_logits, reference.tensors["real_logits"], VALUE)
    loss = d_logistic(real_logits, D(reference.tensors["fake_images"])).mean()
    assert_near(loss, reference.tensors["loss_d_main"], VALUE)
    loss.backward()
    assert_gradients(D, reference.part("grad_d_main."))


def test_path_lengths_their_average_and_gradients(reference: Reference, G: Any) -> None:
    t = reference.tensors
    ws = G.mapping(t["z"])
    images = G.synthesis(ws, noise_mode="const")
    noise = t["pl_noise_unit"] / math.sqrt(images.shape[2] * images.shape[3])
    lengths = path_lengths(images, ws, noise)
    assert_near(lengths, t["pl_lengths"], VALUE)
    mean = next_length(t["pl_mean_before"], lengths.mean())
    penalty = path_length_penalty(lengths, mean)  # the original compares with the average that knows them already
    assert_near(penalty, t["pl_penalty"], VALUE)
    assert_near(mean, t["pl_mean_after"], VALUE)
    (penalty * PATH_LENGTH_WEIGHT).mean().backward()
    assert_gradients(G, reference.part("grad_pl."))
