"""Small networks for the tests of StyleGAN, and those of the reference."""

import math
import re
from collections.abc import Iterator
from typing import Any

from einops import rearrange
from torch import Tensor, nn

from allaprima.models.stylegan import Discriminator, Generator, StyleGANDiscriminator, StyleGANGenerator
from allaprima.ops import setup_filter
from tests.conftest import Reference
from tests.models.progan.small import shape_of

SHAPES = [(24, 24, 1), (64, 48, 3), (101, 67, 4), (4, 4, 3)]  # height, width, channels
FUSED_FROM = 128  # from this resolution on, the published up-sampling layers paint their kernels: they are turned round


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


def reference_generator(reference: Reference) -> Generator:
    config = reference.metadata["config"]
    spec = StyleGANGenerator(
        **shape_of(config),
        z_dim=config["latent_size"],
        w_dim=config["dlatent_size"],
        map_depth=config["mapping_layers"],
    )
    G = Generator(spec)
    G.load_state_dict(state_dict_of(reference.part("G/")), strict=True)
    return G


def reference_discriminator(reference: Reference) -> Discriminator:
    D = Discriminator(StyleGANDiscriminator(**shape_of(reference.metadata["config"])))
    D.load_state_dict(state_dict_of(reference.part("D/")), strict=True)
    return D


def state_dict_of(variables: dict[str, Tensor]) -> dict[str, Tensor]:
    """The state dict of our network, from the variables of a TensorFlow generator or discriminator."""
    is_generator = "dlatent_avg" in variables
    return dict(_generator(variables) if is_generator else _discriminator(variables))


def _generator(variables: dict[str, Tensor]) -> Iterator[tuple[str, Tensor]]:
    finest = 4 * 2 ** (len([name for name in variables if re.search(r"ToRGB_lod\d+/bias", name)]) - 1)
    for name, value in variables.items():
        match name.split("/"):
            case ["dlatent_avg"]:
                yield "mapping.w_avg", value
            case ["mapping", "LabelConcat", "weight"]:
                yield "mapping.label", value
            case ["mapping", dense, "weight"]:
                yield f"mapping.fc{dense.removeprefix('Dense')}.weight", value.T
            case ["mapping", dense, "bias"]:  # the gain √2 of these layers is in the weight, of ours after the bias
                yield f"mapping.fc{dense.removeprefix('Dense')}.bias", value / math.sqrt(2)
            case ["synthesis", "lod"]:
                yield "synthesis.lod", value.reshape([])
            case ["synthesis", noise] if noise.startswith("noise"):
                index = int(noise.removeprefix("noise"))
                layer = ("input" if index == 0 else "conv0") if index % 2 == 0 else "conv1"
                yield f"synthesis.b{4 << index // 2}.{layer}.styled.noise_const", value[0, 0]
            case ["synthesis", torgb, kind] if torgb.startswith("ToRGB"):
                resolution = finest >> int(torgb.removeprefix("ToRGB_lod"))
                yield f"synthesis.b{resolution}.torgb.{kind}", _layout(value)
            case ["synthesis", grid, scope, *rest]:
                yield from _layer(int(grid.partition("x")[0]), scope, "/".join(rest), value)


def _layer(resolution: int, scope: str, kind: str, value: Tensor) -> Iterator[tuple[str, Tensor]]:
    layer = {"Const": "input", "Conv": "conv1", "Conv0_up": "conv0", "Conv1": "conv1"}[scope]
    where = f"synthesis.b{resolution}.{layer}"
    match kind:
        case "const":
            yield f"{where}.const", value[0]
        case "weight":
            turned = scope == "Conv0_up" and resolution >= FUSED_FROM
            yield f"{where}.conv.weight", _layout(value).flip(2, 3) if turned else _layout(value)
            if scope == "Conv0_up":
                yield f"{where}.conv.blur_filter", setup_filter((1, 2, 1))
        case "Noise/weight":
            yield f"{where}.styled.noise_strength", value
        case "bias":
            yield f"{where}.styled.bias", value
        case "StyleMod/weight":
            yield f"{where}.styled.adain.affine.weight", value.T
        case "StyleMod/bias":
            yield f"{where}.styled.adain.affine.bias", value


def _discriminator(variables: dict[str, Tensor]) -> Iterator[tuple[str, Tensor]]:
    finest = 4 * 2 ** (len([name for name in variables if re.match(r"FromRGB_lod\d+/bias", name)]) - 1)
    layers = {"Conv0": "conv0", "Conv1_down": "conv1", "Conv": "conv", "Dense0": "fc", "Dense1": "out"}
    for name, value in variables.items():
        match name.split("/"):
            case ["lod"]:
                yield "lod", value.reshape([])
            case [fromrgb, kind]:
                yield f"b{finest >> int(fromrgb.removeprefix('FromRGB_lod'))}.fromrgb.{kind}", _layout(value)
            case [grid, scope, kind]:
                where = f"b{grid.partition('x')[0]}.{layers[scope]}"
                yield f"{where}.{kind}", _layout(value)
                if name.endswith("Conv1_down/weight"):
                    yield f"{where}.blur_filter", setup_filter((1, 2, 1))


def _layout(value: Tensor) -> Tensor:
    """Kernels [k, l, in, out] → [out, in, k, l], matrices transposed."""
    match value.ndim:
        case 4:
            return rearrange(value, "k l i o -> o i k l")
        case 2:
            return value.T
        case _:
            return value
