"""Small networks for the tests of Progressive GAN, and those of the reference."""

from typing import Any

from torch import Tensor, nn

from allaprima.interchange.tensorflow.growing_discriminator import progan_discriminator
from allaprima.interchange.tensorflow.progan_generator import progan_generator
from allaprima.interchange.tf_network import TFNetwork
from allaprima.models.progan import ProGANDiscriminator, ProGANGenerator
from tests.conftest import Reference

SHAPES = [(24, 24, 1), (64, 48, 3), (101, 67, 4), (4, 4, 3)]  # height, width, channels


def small_generator(height: int, width: int, img_channels: int = 3, **fields: Any) -> ProGANGenerator:
    return ProGANGenerator(
        height=height,
        width=width,
        img_channels=img_channels,
        **{"z_dim": 8, "channel_base": 128, "channel_max": 8, **fields},
    )


def small_discriminator(height: int, width: int, img_channels: int = 3, **fields: Any) -> ProGANDiscriminator:
    return ProGANDiscriminator(
        height=height, width=width, img_channels=img_channels, **{"channel_base": 128, "channel_max": 8, **fields}
    )


def reference_generator(reference: Reference) -> Any:
    G: Any = progan_generator(published(reference.part("G/"), reference.metadata["config"])).build()
    return G


def reference_discriminator(reference: Reference) -> Any:
    D: Any = progan_discriminator(published(reference.part("D/"), reference.metadata["config"])).build()
    return D


def state_dict_of(variables: dict[str, Tensor]) -> dict[str, Tensor]:
    """The state dict of our network, from the variables of a TensorFlow generator."""
    return dict(progan_generator(published(variables, {})).weights)


def published(variables: dict[str, Tensor], keywords: dict[str, Any]) -> TFNetwork:
    """A network of the program of 2018, or of the one of 2019, as an importer sees it."""
    arrays = {name: value.numpy() for name, value in variables.items()}
    return TFNetwork(
        home="", version=2, name="", function="", keywords=keywords, variables=arrays, components={}, source=""
    )


def trained(network: Any) -> Any:
    """The network with biases as after a training; at first they are all 0."""
    for name, parameter in network.named_parameters():
        if name.endswith("bias"):
            nn.init.normal_(parameter, std=0.3)
    return network
