"""Every number of one training step of the original system: relativistic losses, R1 and R2, all gradients."""

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from allaprima.losses import d_relativistic, g_relativistic, r1_penalty
from tests.conftest import Reference, assert_near, read_reference
from tests.models.r3gan.small import FILES, reference_discriminator, reference_generator

GAMMA = 2
VALUE, GRADIENT = 1e-5, 1e-4


@pytest.fixture(scope="module", params=FILES)
def reference(request: pytest.FixtureRequest) -> Reference:
    return read_reference(request.param)


@pytest.fixture
def G(reference: Reference) -> Any:
    return reference_generator(reference)


@pytest.fixture
def D(reference: Reference) -> Any:
    return reference_discriminator(reference)


@pytest.fixture
def c(reference: Reference) -> Tensor | None:
    return reference.tensors.get("c")


def assert_gradients(network: nn.Module, wanted: dict[str, Any]) -> None:
    """Each parameter has the one that is wanted."""
    assert wanted.keys() == dict(network.named_parameters()).keys()
    for name, parameter in network.named_parameters():
        assert parameter.grad is not None, name
        assert_near(parameter.grad, wanted[name], GRADIENT)


def test_the_generators_images_loss_and_gradients(reference: Reference, G: Any, D: Any, c: Tensor | None) -> None:
    t = reference.tensors
    images = G(t["z"], c)
    assert_near(images, t["fake_images"], VALUE)
    loss = g_relativistic(D(images, c), D(t["real_images"], c))
    assert_near(loss[:, 0], t["g_adversarial"], VALUE)
    loss.mean().backward()
    assert_gradients(G, reference.part("grad_g."))


def test_the_discriminators_logits_penalties_and_gradients(reference: Reference, D: Any, c: Tensor | None) -> None:
    t = reference.tensors
    real, fake = t["real_images"].clone().requires_grad_(), t["fake_images"].clone().requires_grad_()
    real_logits, fake_logits = D(real, c), D(fake, c)
    assert_near(real_logits[:, 0], t["real_logits"], VALUE)
    assert_near(fake_logits[:, 0], t["fake_logits"], VALUE)
    loss = d_relativistic(real_logits, fake_logits)[:, 0]
    assert_near(loss, t["d_adversarial"], VALUE)
    r1, r2 = r1_penalty(real_logits, real), r1_penalty(fake_logits, fake)
    assert_near(r1, t["r1_penalty"], VALUE)
    assert_near(r2, t["r2_penalty"], VALUE)
    torch.autograd.backward((loss + GAMMA / 2 * (r1 + r2)).mean(), inputs=list(D.parameters()))
    assert_gradients(D, reference.part("grad_d."))
