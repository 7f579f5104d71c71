"""Our networks in the plain formulation of the papers' programs: `plain_twin(network)` paints the same images, slowly.

Thin modules over `allaprima.ops.plain` with the parameters' published names, so that they take our networks' state
dicts. Shared with our networks, being no large part of either: Fourier features, minibatch statistics, the noise's
generator.
"""

from typing import Any

import torch
from plain_stylegan2 import PlainStyleGAN2Discriminator, PlainStyleGAN2Generator
from plain_stylegan3 import PlainStyleGAN3Generator

from allaprima.models.stylegan2 import StyleGAN2Discriminator, StyleGAN2Generator
from allaprima.models.stylegan3 import StyleGAN3Generator


def plain_twin(network: Any) -> Any:
    """The plain network that shares the weights of ``network``: its images are the same."""
    spec = network.spec
    kinds = {
        StyleGAN2Generator: PlainStyleGAN2Generator,
        StyleGAN2Discriminator: PlainStyleGAN2Discriminator,
        StyleGAN3Generator: PlainStyleGAN3Generator,
    }
    if type(spec) not in kinds:
        raise ValueError(f"there is no plain form of a network with the spec {type(spec).__name__}")
    with torch.device("meta"):
        twin = kinds[type(spec)](spec)
    twin.load_state_dict(network.state_dict(), assign=True)
    return twin.train(network.training).requires_grad_(any(p.requires_grad for p in network.parameters()))
