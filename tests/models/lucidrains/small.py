"""Small networks for the tests of the architecture of ``stylegan2_pytorch``."""

from typing import Any

from torch import nn

from allaprima.models.lucidrains import LucidrainsDiscriminator, LucidrainsGenerator


def small_generator(side: int = 16, img_channels: int = 3, **fields: Any) -> LucidrainsGenerator:
    options = {"z_dim": 8, "map_depth": 2, "network_capacity": 2, **fields}
    return LucidrainsGenerator(height=side, width=side, img_channels=img_channels, **options)


def small_discriminator(side: int = 16, img_channels: int = 3, **fields: Any) -> LucidrainsDiscriminator:
    options = {"network_capacity": 1, **fields}
    return LucidrainsDiscriminator(height=side, width=side, img_channels=img_channels, **options)


def trained(network: Any) -> Any:
    """``network``, its zeros replaced, as after a training: noise, and biases."""
    for parameter in network.parameters():
        if not parameter.any():
            nn.init.normal_(parameter, std=0.3)
    return network
