"""The smallest generator of each system that still has all its steps, as after a training."""

from collections.abc import Iterator, Mapping
from typing import Any

import torch
from torch import Tensor

from allaprima.models import LucidrainsGenerator, build
from tests.models.lucidrains.small import small_generator as lucidrains
from tests.models.progan.small import small_generator as progan
from tests.models.r3gan.small import small_generator as r3gan
from tests.models.stylegan.small import small_generator as stylegan
from tests.models.stylegan2.small import small_generator as stylegan2
from tests.models.stylegan3.small import CONFIGURATIONS
from tests.models.stylegan3.small import small_generator as stylegan3

FEW: dict[str, Any] = {"num_layers": 2, "num_critical": 1, "map_depth": 1}
SYSTEMS = {
    "stylegan2 skip": lambda: stylegan2(8, 8, c_dim=3, num_fp16_res=1),
    "stylegan2 resnet": lambda: stylegan2(11, 9, 4, architecture="resnet"),
    "stylegan2 growing": lambda: stylegan2(8, 8, architecture="orig", growing=True, c_dim=3, label_input="concat"),
    "stylegan3 T": lambda: stylegan3(8, 6, c_dim=3, **FEW),
    "stylegan3 R": lambda: stylegan3(8, 8, 4, **FEW, **CONFIGURATIONS["R"]),
    "stylegan": lambda: stylegan(11, 9, c_dim=3),
    "progan": lambda: progan(8, 9, c_dim=3),
    "lucidrains": lambda: lucidrains(8),
    "r3gan": lambda: r3gan(9, 8, c_dim=3),
}
NOISY = ["stylegan2 skip", "stylegan2 resnet", "stylegan2 growing", "stylegan", "lucidrains"]


def trained(system: str) -> Any:
    """A generator in which nothing is left that is the same in all places, such as a bias of zeros."""
    torch.manual_seed(1)
    G = build(SYSTEMS[system]()).eval()
    with torch.no_grad():
        for name, tensor in state_of(G):
            if tensor.numel() and bool((tensor == tensor.flatten()[0]).all()) and "filter" not in name:
                tensor.copy_(torch.randn_like(tensor) * 0.3)
    if getattr(G, "lod", None) is not None:
        G.set_lod(0.25)  # on its way from one resolution to the next
    return G


def state_of(G: Any) -> Iterator[tuple[str, Tensor]]:
    yield from G.named_parameters()
    yield from ((name, buffer) for name, buffer in G.named_buffers() if name.endswith("w_avg"))


def latents(G: Any, count: int) -> dict[str, Tensor]:
    """z, and c where there are labels."""
    z = torch.randn(count, G.z_dim)
    return {"z": z, "c": torch.eye(G.c_dim)[torch.arange(count) % G.c_dim]} if G.c_dim else {"z": z}


def cut_off(G: Any, psi: float, cutoff: int) -> Tensor:
    """What ``truncation_psi`` and ``truncation_cutoff`` are as one vector."""
    return torch.tensor([psi if layer < cutoff else 1.0 for layer in range(G.num_ws)])


def drawn_noise(G: Any, stored: Mapping[str, Tensor], count: int) -> dict[str, Tensor]:
    """For each layer a map for each image, from the generators that `generators` makes."""
    sources, draw = generators(count), torch.rand if isinstance(G.spec, LucidrainsGenerator) else torch.randn
    return {name: torch.stack([draw(1, *m.shape[2:], generator=g) for g in sources]) for name, m in stored.items()}


def generators(count: int) -> list[torch.Generator]:
    return [torch.Generator().manual_seed(seed) for seed in range(count)]
