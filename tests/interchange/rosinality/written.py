"""Files as rosinality's program writes them, made of the reference's weights, from the table of names alone."""

import argparse
import math
import re
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from allaprima.interchange import read_pickle
from allaprima.interchange.imported import ImportedModel
from allaprima.interchange.rosinality import rosinality
from tests.conftest import Reference, read_reference

GENERATOR, DISCRIMINATOR = "stylegan2_generator_skip_4ch", "stylegan2_discriminator_resnet_4ch"
NAMESPACE = argparse.Namespace(arch="stylegan2", size=32, latent=16, n_mlp=2, path_regularize=2.0, ckpt=None)
KERNEL = torch.outer(torch.tensor([1.0, 3, 3, 1]), torch.tensor([1.0, 3, 3, 1])) / 64


def generator_reference() -> Reference:
    return read_reference(GENERATOR)


def discriminator_reference() -> Reference:
    return read_reference(DISCRIMINATOR)


def generator_file(weights: dict[str, Tensor]) -> dict[str, Tensor]:
    """The state dict of a generator, of ours."""
    theirs: dict[str, Tensor] = {}
    for name, tensor in weights.items():
        if re.search(r"resample_filter|w_avg", name):
            continue
        if match := re.fullmatch(r"mapping\.fc(\d+)\.(.*)", name):
            theirs[f"style.{int(match[1]) + 1}.{match[2]}"] = tensor
        elif name == "synthesis.b4.const":
            theirs["input.input"] = tensor[None]
        else:
            block, layer, what = re.fullmatch(r"synthesis\.b(\d+)\.(\w+)\.(.*)", name).groups()  # type: ignore[union-attr]
            theirs |= _layer(int(math.log2(int(block))) - 3, layer, what, tensor)
    for name in [n for n in theirs if n.endswith("conv.weight")]:
        if match := re.fullmatch(r"convs\.(\d*[02468])\.conv\.weight", name):
            theirs[f"convs.{match[1]}.conv.blur.kernel"] = KERNEL * 4
        if match := re.fullmatch(r"to_rgbs\.(\d+)\.conv\.weight", name):
            theirs[f"to_rgbs.{match[1]}.upsample.kernel"] = KERNEL * 4
    return theirs


def _layer(j: int, layer: str, what: str, tensor: Tensor) -> dict[str, Tensor]:
    """A tensor of a layer of the block b{8·2ʲ}; of b4, if j is -1."""
    number = 2 * j + (layer == "conv1")
    first, others = ("to_rgb1", f"to_rgbs.{j}") if layer == "torgb" else ("conv1", f"convs.{number}")
    place = first if j < 0 else others
    if what.startswith("affine."):
        return {f"{place}.conv.modulation.{what[7:]}": tensor}
    if what == "weight":
        return {f"{place}.conv.weight": tensor[None]}
    if what == "noise_strength":
        return {f"{place}.noise.weight": tensor.reshape(1)}
    if what == "noise_const":
        return {f"noises.noise_{number + 1}": tensor[None, None]}
    if layer == "torgb":
        return {f"{place}.bias": tensor.reshape(1, -1, 1, 1)}
    return {f"{place}.activate.bias": tensor}


def discriminator_file(weights: dict[str, Tensor], resolution: int) -> dict[str, Tensor]:
    """The state dict of a discriminator, of ours."""
    theirs: dict[str, Tensor] = {}
    last = {"conv": ("final_conv.0.weight", "final_conv.1.bias")}
    last["fc"] = ("final_linear.0.weight", "final_linear.0.bias")
    last["out"] = ("final_linear.1.weight", "final_linear.1.bias")
    for name, tensor in weights.items():
        if name.endswith("resample_filter"):
            continue
        block, layer, what = re.fullmatch(r"b(\d+)\.(\w+)\.(\w+)", name).groups()  # type: ignore[union-attr]
        n = int(math.log2(resolution // int(block))) + 1
        by_layer = {
            "fromrgb": ("convs.0.0.weight", "convs.0.1.bias"),
            "conv0": (f"convs.{n}.conv1.0.weight", f"convs.{n}.conv1.1.bias"),
            "conv1": (f"convs.{n}.conv2.1.weight", f"convs.{n}.conv2.2.bias"),
            "skip": (f"convs.{n}.skip.1.weight", ""),
            **last,
        }
        theirs[by_layer[layer][what == "bias"]] = tensor
        if layer == "skip":
            theirs |= {f"convs.{n}.skip.0.kernel": KERNEL, f"convs.{n}.conv2.0.kernel": KERNEL}
    return theirs


def training_file() -> dict[str, Any]:
    """What a training leaves: both generators, a discriminator, optimizers, arguments; no average of w."""
    generator = generator_file(generator_reference().part("G."))
    return {
        "g": {name: tensor * 1.5 if "style" in name else tensor for name, tensor in generator.items()},
        "d": discriminator_file(discriminator_reference().part("D."), 32),
        "g_ema": generator,
        "g_optim": {"state": {}, "param_groups": [{"lr": 0.002, "params": [0]}]},
        "d_optim": {"state": {}, "param_groups": []},
        "args": NAMESPACE,
        "ada_aug_p": 0.25,
    }


def opened(value: Any, path: Path) -> ImportedModel | None:
    """Save, and read with nothing but our reader."""
    torch.save(value, path)
    return rosinality(read_pickle(path))
