"""Noise that is added to every feature map alike: StyleGAN (Karras et al. 2019), section 2."""

from collections.abc import Sequence
from typing import Literal

import torch
from jaxtyping import Float
from torch import Tensor

NoiseMode = Literal["random", "const", "none"]
"""New noise each time, the noise that the network keeps, or none: the words of the reference tools."""
Generators = torch.Generator | Sequence[torch.Generator] | None
"""One for the batch, or one for each image of it; None: PyTorch's global one."""
Count = int | torch.SymInt
"""A number of images; a symbol while a network is exported for any number of them."""


def draw_noise(
    count: Count, height: int, width: int, *, generators: Generators, device: torch.device
) -> Float[Tensor, "n 1 h w"]:
    """Standard normal noise, one map an image.

    With one generator for each image, an image's noise does not depend on its neighbours in the batch.
    """
    return draw_normal(count, 1, height, width, generators=generators, device=device)


def draw_normal(count: Count, *shape: int, generators: Generators, device: torch.device) -> Float[Tensor, "n ..."]:
    """Standard normal numbers of ``shape`` for each of ``count`` images."""
    if generators is None or isinstance(generators, torch.Generator):
        source = device if generators is None else generators.device
        return torch.randn(count, *shape, generator=generators, device=source).to(device)
    assert len(generators) == count, f"{len(generators)} generators for {count} images"
    return torch.stack([torch.randn(shape, generator=g, device=g.device) for g in generators]).to(device)
