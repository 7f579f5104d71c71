"""One small network of each kind, its zeros replaced, as after a training."""

from typing import Any

import torch

from allaprima.models import build
from tests.models.progan import small as progan
from tests.models.r3gan import small as r3gan
from tests.models.stylegan import small as stylegan
from tests.models.stylegan2 import small as stylegan2
from tests.models.stylegan3 import small as stylegan3

GROWING: dict[str, Any] = {"architecture": "orig", "growing": True}
GENERATORS: dict[str, Any] = {
    "skip": stylegan2.small_generator,
    "resnet": lambda *shape, **fields: stylegan2.small_generator(*shape, architecture="resnet", **fields),
    "orig": lambda *shape, **fields: stylegan2.small_generator(*shape, architecture="orig", **fields),
    "growing": lambda *shape, **fields: stylegan2.small_generator(*shape, **GROWING, **fields),
    "stylegan": stylegan.small_generator,
    "progan": progan.small_generator,
    "r3gan": r3gan.small_generator,
    "stylegan3": stylegan3.small_generator,
}
DISCRIMINATORS: dict[str, Any] = {
    "skip": lambda *shape, **fields: stylegan2.small_discriminator(*shape, architecture="skip", **fields),
    "resnet": stylegan2.small_discriminator,
    "growing": lambda *shape, **fields: stylegan2.small_discriminator(*shape, **GROWING, **fields),
    "stylegan": stylegan.small_discriminator,
    "progan": progan.small_discriminator,
    "r3gan": r3gan.small_discriminator,
}


def generator(kind: str, height: int = 16, width: int = 16, channels: int = 3, *, seed: int = 0, **fields: Any) -> Any:
    return trained(GENERATORS[kind](height, width, channels, **fields), seed)


def discriminator(
    kind: str, height: int = 16, width: int = 16, channels: int = 3, *, seed: int = 0, **fields: Any
) -> Any:
    return trained(DISCRIMINATORS[kind](height, width, channels, **fields), seed)


@torch.no_grad()
def trained(spec: Any, seed: int) -> Any:
    torch.manual_seed(seed)
    network = build(spec).eval().requires_grad_(requires_grad=False)
    for parameter in network.parameters():
        if not parameter.any():
            parameter.normal_(std=0.2)
    for name, buffer in network.named_buffers():
        if name.endswith("w_avg"):
            buffer.normal_()
    return network


def paint(G: Any, count: int = 2, seed: int = 7) -> torch.Tensor:
    """Images of seeded latents, with the network's own noise."""
    z = torch.randn(count, G.z_dim, generator=torch.Generator().manual_seed(seed))
    c = torch.eye(G.c_dim)[:count] if G.c_dim else None
    images: torch.Tensor = G(z, c, noise_mode="const", truncation_psi=0.7)
    return images


def some_images(height: int, width: int, channels: int = 3, count: int = 2) -> torch.Tensor:
    return torch.rand(count, channels, height, width, generator=torch.Generator().manual_seed(3)) * 2 - 1


def same_tensors(a: Any, b: Any) -> bool:
    mine, its = a.state_dict(), b.state_dict()
    return mine.keys() == its.keys() and all(torch.equal(mine[name], its[name]) for name in mine)
