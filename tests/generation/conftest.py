"""Small generators whose noise and average matter, as after a training."""

from collections.abc import Callable
from typing import Any

import pytest
import torch

from allaprima.models import build
from tests.models.stylegan2.small import small_generator

Builder = Callable[..., Any]


@pytest.fixture
def trained() -> Builder:
    """Builds a generator of height, width, channels and fields of the spec."""

    def make(height: int = 16, width: int = 16, img_channels: int = 3, **fields: Any) -> Any:
        G = build(small_generator(height, width, img_channels, map_depth=1, **fields))
        for name, parameter in G.named_parameters():
            if name.endswith("noise_strength"):
                torch.nn.init.constant_(parameter, 0.3)
        torch.nn.init.normal_(G.mapping.w_avg)
        return G.eval().requires_grad_(requires_grad=False)

    return make


@pytest.fixture
def G(trained: Builder) -> Any:
    return trained()


@pytest.fixture
def labelled(trained: Builder) -> Any:
    """A generator with three classes."""
    return trained(c_dim=3)
