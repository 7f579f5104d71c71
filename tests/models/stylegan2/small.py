"""Small networks for the tests of StyleGAN2, and those of the reference."""

from typing import Any

from allaprima.models import StyleGAN2Discriminator, StyleGAN2Generator, build
from allaprima.models.stylegan2 import Discriminator, Generator
from tests.conftest import Reference

SHAPES = [  # height, width, channels
    (24, 24, 1),
    (64, 64, 4),
    (128, 64, 3),
    (64, 128, 1),
    (48, 80, 3),
    (101, 67, 3),
    (4, 4, 3),
    (3, 9, 3),
    (1, 1, 1),
    (16, 16, 5),
]
ARCHITECTURES = ["skip", "resnet", "orig"]
GENERATOR_FILES = [
    f"stylegan2_generator_{kind}" for kind in ("skip_1ch", "skip_3ch_labels", "skip_4ch", "resnet_3ch", "orig_3ch")
]
DISCRIMINATOR_FILES = [
    f"stylegan2_discriminator_{kind}"
    for kind in ("resnet_1ch", "resnet_3ch_labels", "resnet_4ch", "skip_3ch", "orig_3ch")
]


def small_generator(height: int, width: int, img_channels: int = 3, **fields: Any) -> StyleGAN2Generator:
    return StyleGAN2Generator(
        height=height,
        width=width,
        img_channels=img_channels,
        **{"z_dim": 8, "w_dim": 8, "map_depth": 2, "channel_base": 128, "channel_max": 8, **fields},
    )


def small_discriminator(height: int, width: int, img_channels: int = 3, **fields: Any) -> StyleGAN2Discriminator:
    return StyleGAN2Discriminator(
        height=height,
        width=width,
        img_channels=img_channels,
        **{"map_depth": 2, "channel_base": 128, "channel_max": 8, **fields},
    )


def reference_generator(reference: Reference) -> Generator:
    """The generator of a reference file, its state dict loaded strictly."""
    config = reference.metadata["config"]
    spec = StyleGAN2Generator(
        height=config["img_resolution"],
        width=config["img_resolution"],
        map_depth=config["mapping_kwargs"]["num_layers"],
        **{key: config[key] for key in ("img_channels", "z_dim", "c_dim", "w_dim")},
        **{key: config[key] for key in ("channel_base", "channel_max", "architecture")},
    )
    return load(build(spec), reference, "G.")


def reference_discriminator(reference: Reference) -> Discriminator:
    """The discriminator of a reference file, its state dict loaded strictly."""
    config = reference.metadata["config"]
    spec = StyleGAN2Discriminator(
        height=config["img_resolution"],
        width=config["img_resolution"],
        map_depth=config.get("mapping_kwargs", {}).get("num_layers", 8),
        mbstd_group=config["epilogue_kwargs"]["mbstd_group_size"],
        **{key: config[key] for key in ("img_channels", "c_dim", "channel_base", "channel_max", "architecture")},
    )
    return load(build(spec), reference, "D.")


def load(network: Any, reference: Reference, prefix: str) -> Any:
    network.load_state_dict(reference.part(prefix), strict=True)
    return network
