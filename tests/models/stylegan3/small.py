"""Small networks for the tests of StyleGAN3, and those of the reference."""

from typing import Any

import torch

from allaprima.models.stylegan3 import Generator, StyleGAN3Generator
from tests.conftest import Reference

CONFIGURATIONS: dict[str, dict[str, Any]] = {
    "T": {},
    "R": {"conv_kernel": 1, "use_radial_filters": True},
}
SHAPES = [  # height, width, channels
    (16, 16, 3),
    (24, 24, 1),
    (28, 28, 1),
    (32, 32, 4),
    (32, 24, 3),
    (16, 64, 5),
    (101, 67, 3),
    (8, 8, 3),
    (4, 4, 2),
    (3, 9, 3),
    (1, 1, 1),
]


def small_generator(height: int, width: int, img_channels: int = 3, **fields: Any) -> StyleGAN3Generator:
    small = {"z_dim": 8, "w_dim": 8, "channel_base": 256, "channel_max": 12, "num_layers": 6}
    return StyleGAN3Generator(height=height, width=width, img_channels=img_channels, **{**small, **fields})


@torch.no_grad()
def settled(spec: StyleGAN3Generator) -> Generator:
    """A new generator whose average magnitudes are those of its signals, as after the first part of a training."""
    G = Generator(spec)
    for layer in G.synthesis.layers():
        layer.magnitude_ema_beta = 0.0
    G(torch.randn(4, spec.z_dim), torch.eye(max(spec.c_dim, 1))[[0] * 4], update_emas=True)
    for layer in G.synthesis.layers():
        layer.magnitude_ema_beta = spec.magnitude_ema_beta
    return G


def reference_generator(reference: Reference) -> Generator:
    """The generator of a reference file, its state dict loaded strictly."""
    config = dict(reference.metadata["config"])
    side, mapping = config.pop("img_resolution"), config.pop("mapping_kwargs")
    G = Generator(StyleGAN3Generator(height=side, width=side, map_depth=mapping["num_layers"], **config))
    G.load_state_dict(reference.part("G."), strict=True)
    return G
