"""What rosinality's program calls each tensor, and how it is laid out there: one row for each, read both ways.

The orientation of all kernels is that of the published StyleGAN2 for PyTorch, and so ours: nothing is flipped.
"""

from collections.abc import Iterator
from typing import NamedTuple

from einops import rearrange
from torch import Tensor

MAP_LR_MULTIPLIER = 0.01  # of the mapping network, unless a file says otherwise
KERNEL = "o i k l -> 1 o i k l"


class Row(NamedTuple):
    """A tensor under both names.

    Attributes:
        theirs: Its name in their state dict.
        ours: Its name in ours.
        layout: How theirs is laid out, seen from ours, in the notation of einops; empty: alike.
        gain: Factor that is in theirs.
    """

    theirs: str
    ours: str
    layout: str = ""
    gain: float = 1.0

    def outward(self, tensor: Tensor) -> Tensor:
        """Ours → theirs."""
        laid = rearrange(tensor, self.layout) if self.layout else tensor
        return laid if self.gain == 1 else laid * self.gain

    def inward(self, tensor: Tensor) -> Tensor:
        """Theirs → ours. Raises `einops.EinopsError` if it is laid out otherwise."""
        here, _, there = self.layout.partition("->")
        laid = rearrange(tensor, f"{there} -> {here}") if self.layout else tensor
        return laid if self.gain == 1 else laid / self.gain

    @property
    def is_filter(self) -> bool:
        """Whether it is a low-pass filter, which nothing learned."""
        return self.ours.endswith("resample_filter")

    @property
    def is_noise(self) -> bool:
        """Whether it is a map of constant noise."""
        return self.ours.endswith("noise_const")


def generator_rows(*, doublings: int, map_depth: int) -> list[Row]:
    """All tensors of a generator."""
    rows = [*_linear_layers(map_depth), Row("input.input", "synthesis.b4.const", "c h w -> 1 c h w")]
    rows += [*_styled("conv1", "synthesis.b4.conv1", noise=0), *_to_rgb("to_rgb1", "synthesis.b4.torgb")]
    for j in range(doublings):
        block = f"synthesis.b{8 * 2**j}"
        rows += _styled(f"convs.{2 * j}", f"{block}.conv0", noise=2 * j + 1)
        rows += _styled(f"convs.{2 * j + 1}", f"{block}.conv1", noise=2 * j + 2)
        rows += _to_rgb(f"to_rgbs.{j}", f"{block}.torgb")
        rows.append(Row(f"convs.{2 * j}.conv.blur.kernel", f"{block}.conv0.resample_filter", gain=4))
        rows.append(Row(f"to_rgbs.{j}.upsample.kernel", f"{block}.resample_filter", gain=4))
    return rows


def discriminator_rows(*, doublings: int) -> list[Row]:
    """All tensors of a discriminator."""
    rows = _pair("convs.0.0.weight", "convs.0.1.bias", f"b{4 * 2**doublings}.fromrgb")
    for n in range(1, doublings + 1):
        theirs, ours = f"convs.{n}", f"b{4 * 2 ** (doublings + 1 - n)}"
        rows += _pair(f"{theirs}.conv1.0.weight", f"{theirs}.conv1.1.bias", f"{ours}.conv0")
        rows += _pair(f"{theirs}.conv2.1.weight", f"{theirs}.conv2.2.bias", f"{ours}.conv1")
        rows.append(Row(f"{theirs}.skip.1.weight", f"{ours}.skip.weight"))
        rows.append(Row(f"{theirs}.conv2.0.kernel", f"{ours}.conv1.resample_filter"))
        rows.append(Row(f"{theirs}.skip.0.kernel", f"{ours}.skip.resample_filter"))
    rows += _pair("final_conv.0.weight", "final_conv.1.bias", "b4.conv")
    for index, name in enumerate(("fc", "out")):
        rows += _pair(f"final_linear.{index}.weight", f"final_linear.{index}.bias", f"b4.{name}")
    return rows


def table(resolution: int, multiplier: int) -> int:
    """Feature maps that the program has at a resolution (its ``channel_multiplier``: 2 config F, 1 config E)."""
    return 512 if resolution <= 32 else multiplier * 16384 // resolution


def _linear_layers(count: int) -> Iterator[Row]:
    for i in range(count):  # their layer 0 is the normalisation of z
        yield from _pair(f"style.{i + 1}.weight", f"style.{i + 1}.bias", f"mapping.fc{i}")


def _styled(theirs: str, ours: str, *, noise: int) -> list[Row]:
    return [
        Row(f"{theirs}.conv.weight", f"{ours}.weight", KERNEL),
        *_modulation(theirs, ours),
        Row(f"{theirs}.noise.weight", f"{ours}.noise_strength", "-> 1"),
        Row(f"{theirs}.activate.bias", f"{ours}.bias"),
        Row(f"noises.noise_{noise}", f"{ours}.noise_const", "h w -> 1 1 h w"),
    ]


def _to_rgb(theirs: str, ours: str) -> list[Row]:
    weight = Row(f"{theirs}.conv.weight", f"{ours}.weight", KERNEL)
    return [weight, *_modulation(theirs, ours), Row(f"{theirs}.bias", f"{ours}.bias", "c -> 1 c 1 1")]


def _modulation(theirs: str, ours: str) -> list[Row]:
    name = f"{theirs}.conv.modulation"
    return _pair(f"{name}.weight", f"{name}.bias", f"{ours}.affine")


def _pair(weight: str, bias: str, ours: str) -> list[Row]:
    return [Row(weight, f"{ours}.weight"), Row(bias, f"{ours}.bias")]
