"""Small networks for the tests of R3GAN, and those of the reference."""

from typing import Any

import torch

from allaprima.models.r3gan import Discriminator, Generator, R3GANDiscriminator, R3GANGenerator
from tests.conftest import Reference

SHAPES = [(24, 24, 1), (64, 48, 3), (101, 67, 4), (4, 4, 3), (3, 9, 5), (1, 1, 1)]  # height, width, channels
FILES = ["r3gan_16", "r3gan_16_labels"]
SMALL: dict[str, Any] = {"channel_base": 64, "channel_max": 8, "cardinality": 4}


def small_generator(height: int, width: int, img_channels: int = 3, **fields: Any) -> R3GANGenerator:
    options = {"z_dim": 6, **SMALL, **fields}
    return R3GANGenerator(height=height, width=width, img_channels=img_channels, **options)


def small_discriminator(height: int, width: int, img_channels: int = 3, **fields: Any) -> R3GANDiscriminator:
    options = {**SMALL, **fields}
    return R3GANDiscriminator(height=height, width=width, img_channels=img_channels, **options)


def trained(network: Any) -> Any:
    """``network``, its zeros replaced, as after a training: the last layers of the blocks, and the biases."""
    for parameter in network.parameters():
        if not parameter.any():
            torch.nn.init.normal_(parameter, std=0.2)
    return network


def reference_generator(reference: Reference) -> Generator:
    """The generator of a reference file, its state dict loaded strictly into a network on the meta device."""
    config = reference.metadata["config_G"]
    with torch.device("meta"):
        G = Generator(
            R3GANGenerator(
                z_dim=config["NoiseDimension"],
                widths=tuple(config["WidthPerStage"]),
                cardinalities=tuple(config["CardinalityPerStage"]),
                **_shared(config),
            )
        )
    G.load_state_dict(reference.part("G."), strict=True, assign=True)
    return G.requires_grad_()


def reference_discriminator(reference: Reference) -> Discriminator:
    """The discriminator of a reference file, whose widths are listed from the image inwards."""
    config = reference.metadata["config_D"]
    with torch.device("meta"):
        D = Discriminator(
            R3GANDiscriminator(
                widths=tuple(config["WidthPerStage"][::-1]),
                cardinalities=tuple(config["CardinalityPerStage"][::-1]),
                **_shared(config),
            )
        )
    D.load_state_dict(reference.part("D."), strict=True, assign=True)
    return D.requires_grad_()


def _shared(config: dict[str, Any]) -> dict[str, Any]:
    (blocks,) = set(config["BlocksPerStage"])
    size = 4 * 2 ** (len(config["WidthPerStage"]) - 1)
    return {
        "height": size,
        "width": size,
        "img_channels": 3,
        "c_dim": config["label_dim"],
        "blocks_per_stage": blocks,
        "expansion": config["ExpansionFactor"],
    }
