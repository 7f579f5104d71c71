"""Small networks for the tests of StyleGAN, and those of the reference."""

from typing import Any

from torch import nn

from allaprima.interchange.tensorflow.growing_discriminator import stylegan_discriminator
from allaprima.interchange.tensorflow.stylegan_generator import stylegan_generator
from allaprima.models.stylegan import StyleGANDiscriminator, StyleGANGenerator
from tests.conftest import Reference
from tests.models.progan.small import published

SHAPES = [(24, 24, 1), (64, 48, 3), (101, 67, 4), (4, 4, 3)]  # height, width, channels


def small_generator(height: int, width: int, img_channels: int = 3, **fields: Any) -> StyleGANGenerator:
    return StyleGANGenerator(
        height=height,
        width=width,
        img_channels=img_channels,
        **{"z_dim": 8, "w_dim": 8, "map_depth": 2, "channel_base": 128, "channel_max": 8, **fields},
    )


def small_discriminator(height: int, width: int, img_channels: int = 3, **fields: Any) -> StyleGANDiscriminator:
    return StyleGANDiscriminator(
        height=height, width=width, img_channels=img_channels, **{"channel_base": 128, "channel_max": 8, **fields}
    )


def trained(network: Any) -> Any:
    """The network with noise, biases and a constant as after a training; at first they are all 0 or all 1."""
    for name, parameter in network.named_parameters():
        if name.endswith(("noise_strength", "bias", "const")):
            nn.init.normal_(parameter, std=0.3)
    return network


def reference_generator(reference: Reference) -> Any:
    G: Any = stylegan_generator(published(reference.part("G/"), reference.metadata["config"])).build()
    return G


def reference_discriminator(reference: Reference) -> Any:
    D: Any = stylegan_discriminator(published(reference.part("D/"), reference.metadata["config"])).build()
    return D
