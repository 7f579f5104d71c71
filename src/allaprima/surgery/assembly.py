"""How the networks of this package come into being: of given tensors, or with new random weights."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from allaprima.models import Spec, build, outline


def assemble(spec: Spec, tensors: Mapping[str, Tensor]) -> Any:
    """Build a network around copies of ``tensors``, its whole state dict; float32, in evaluation mode."""
    network = outline(spec)  # no random weights are drawn only to be replaced
    copies = {name: tensor.detach().float().clone() for name, tensor in tensors.items()}
    network.load_state_dict(copies, strict=True, assign=True)
    return network.eval().requires_grad_(requires_grad=False)


def draw(spec: Spec, *, seed: int, like: nn.Module) -> Any:
    """Build a network with random weights of ``seed``, where ``like`` is; the global generator is left as it was."""
    with torch.random.fork_rng(devices=()):
        torch.manual_seed(seed)
        network = build(spec)
    return network.to(next(like.parameters()).device).eval().requires_grad_(requires_grad=False)
