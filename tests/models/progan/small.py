"""Small networks for the tests of Progressive GAN, and those of the reference."""

import re
from collections.abc import Iterator
from typing import Any

import torch
from einops import rearrange
from torch import Tensor, nn

from allaprima.models.progan import Discriminator, Generator, ProGANDiscriminator, ProGANGenerator
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


def reference_generator(reference: Reference) -> Generator:
    config = reference.metadata["config"]
    G = Generator(ProGANGenerator(**shape_of(config), z_dim=config["latent_size"]))
    G.load_state_dict(state_dict_of(reference.part("G/")), strict=True)
    return G


def reference_discriminator(reference: Reference) -> Discriminator:
    D = Discriminator(ProGANDiscriminator(**shape_of(reference.metadata["config"])))
    D.load_state_dict(state_dict_of(reference.part("D/")), strict=True)
    return D


def trained(network: Any) -> Any:
    """The network with biases as after a training; at first they are all 0."""
    for name, parameter in network.named_parameters():
        if name.endswith("bias"):
            nn.init.normal_(parameter, std=0.3)
    return network


def shape_of(config: dict[str, Any]) -> dict[str, Any]:
    """The fields that all four specs have, from the keyword arguments of a TensorFlow network."""
    return {
        "height": config["resolution"],
        "width": config["resolution"],
        "img_channels": config["num_channels"],
        "c_dim": config["label_size"],
        "channel_base": 2 * config["fmap_base"],
        "channel_max": config["fmap_max"],
    }


def state_dict_of(variables: dict[str, Tensor]) -> dict[str, Tensor]:
    """The state dict of our network, from the variables of a TensorFlow generator or discriminator."""
    is_generator = any(name.startswith("ToRGB") for name in variables)
    prefix = "synthesis." if is_generator else ""
    state = {prefix + name: value for name, value in _renamed(variables, is_generator)}
    if is_generator:
        state["mapping.w_avg"] = torch.zeros(len(variables["4x4/Dense/weight"]))
    return state


def _renamed(variables: dict[str, Tensor], is_generator: bool) -> Iterator[tuple[str, Tensor]]:
    finest = 4 * 2 ** (len([name for name in variables if re.match(r"(To|From)RGB_lod\d+/bias", name)]) - 1)
    layers = {"Conv0_up": "conv0", "Conv0": "conv0", "Conv1": "conv1", "Conv1_down": "conv1"}
    layers |= {"Conv": "conv1", "Dense": "dense"} if is_generator else {"Conv": "conv", "Dense0": "fc", "Dense1": "out"}
    outputs_first = up_stores_outputs_first(variables)
    for name, value in variables.items():
        if name == "lod":
            yield "lod", value.reshape([])
        elif found := re.fullmatch(r"(To|From)RGB_lod(\d+)/(\w+)", name):
            yield f"b{finest >> int(found[2])}.{found[1].lower()}rgb.{found[3]}", _layout(name, value, outputs_first)
        elif name == "4x4/Dense/bias":
            yield "b4.bias", value
        else:
            resolution, layer, kind = name.split("/")
            yield f"b{resolution.partition('x')[0]}.{layers[layer]}.{kind}", _layout(name, value, outputs_first)


def _layout(name: str, value: Tensor, outputs_first: bool) -> Tensor:
    """Kernels [k, l, in, out] → [out, in, k, l], matrices transposed.

    The up-sampling layers of this system paint their kernels instead of correlating with them: these are turned round.
    """
    if name.endswith("Conv0_up/weight"):
        layout = "k l o i -> o i k l" if outputs_first else "k l i o -> o i k l"
        return rearrange(value, layout).flip(2, 3)
    match value.ndim:
        case 4:
            return rearrange(value, "k l i o -> o i k l")
        case 2:
            return value.T
        case _:
            return value


def up_stores_outputs_first(variables: dict[str, Tensor]) -> bool:
    """Whether up-sampling kernels are [k, l, out, in], as in the program of 2018, or [k, l, in, out], as in later ones.

    One layer that changes the number of channels tells it for all. Without one, 2018 is assumed.
    """
    for name, value in variables.items():
        if name.endswith("Conv0_up/weight") and value.shape[2] != value.shape[3]:
            return value.shape[2] == len(variables[name.replace("weight", "bias")])
    return True
