"""Inception v3 as the Fréchet Inception distance uses it: Szegedy et al. (2016), figures 5 to 7, table 1.

These are the layers of the network of 5 December 2015, which Heusel et al. (2017) took: 1008 answers, averages that do
not count the border, and a maximum in the last block. Names are those of torchvision, and so of the published file
``pt_inception-2015-12-05-6726825d.pth``.

Axes: n image, c channel, h w rows and columns, f feature, a answer.
"""

from collections.abc import Sequence
from typing import Literal, NamedTuple

import torch
import torch.nn.functional as F
from jaxtyping import Float, UInt8
from torch import Tensor, nn

SIDE = 299
"""Pixels of a side that the network is shown."""

FEATURES, ANSWERS = 2048, 1008
EPS = 1e-3  # of the batch normalisation
Pool = Literal["average", "maximum"]


class Layer(NamedTuple):
    """A convolution of a block: what its name ends with, its channels and the rows and columns of its kernel."""

    suffix: str
    channels: int
    rows: int = 1
    columns: int = 1


Branch = tuple[str, Sequence[Layer], Sequence[Layer]]
"""A name, layers one after another, and layers side by side that the last of those feeds."""


class Convolution(nn.Module):
    """Convolution, batch normalisation with stored statistics, ReLU."""

    def __init__(self, before: int, channels: int, kernel: tuple[int, int], *, stride: int = 1, pad: bool) -> None:
        super().__init__()
        padding = (kernel[0] // 2, kernel[1] // 2) if pad else 0
        self.conv = nn.Conv2d(before, channels, kernel, stride=stride, padding=padding, bias=False)
        self.bn = nn.BatchNorm2d(channels, eps=EPS)

    def forward(self, x: Float[Tensor, "n c h w"]) -> Float[Tensor, "n c2 h2 w2"]:
        """Feature maps, none below 0."""
        return F.relu(self.bn(self.conv(x)))


class Block(nn.Module):
    """Branches side by side, whose feature maps are stacked: the last one pools.

    Args:
        before: Channels that come in.
        branches: What looks at them.
        pool: How the last branch pools 3×3 places.
        pooled: Channels of the convolution behind it. 0: none, and the block halves rows and columns: the last layer of
            each branch has stride 2 and no padding.
    """

    def __init__(self, before: int, branches: Sequence[Branch], pool: Pool, pooled: int) -> None:
        super().__init__()
        self.pool: Pool = pool
        self.halves = pooled == 0
        self.chains: list[tuple[list[str], list[str]]] = []
        self.channels = pooled or before
        for name, row, fork in branches:
            inputs = before
            for place, layer in enumerate(row):
                stride = 2 if self.halves and place == len(row) - 1 else 1
                self._add(name, layer, inputs, stride)
                inputs = layer.channels
            for layer in fork:
                self._add(name, layer, inputs, 1)
            self.chains.append(([name + layer.suffix for layer in row], [name + layer.suffix for layer in fork]))
            self.channels += sum(layer.channels for layer in fork or row[-1:])
        if pooled:
            self.branch_pool = Convolution(before, pooled, (1, 1), pad=False)

    def _add(self, name: str, layer: Layer, inputs: int, stride: int) -> None:
        kernel = (layer.rows, layer.columns)
        made = Convolution(inputs, layer.channels, kernel, stride=stride, pad=stride == 1)
        self.add_module(name + layer.suffix, made)

    def forward(self, x: Float[Tensor, "n c h w"]) -> Float[Tensor, "n c2 h2 w2"]:
        """Feature maps of all branches."""
        outputs = []
        for row, fork in self.chains:
            y = x
            for name in row:
                y = self.get_submodule(name)(y)
            outputs += [self.get_submodule(name)(y) for name in fork] or [y]
        return torch.cat([*outputs, self._pooled(x)], dim=1)

    def _pooled(self, x: Tensor) -> Tensor:
        if self.halves:
            return F.max_pool2d(x, 3, stride=2)
        if self.pool == "maximum":
            y = F.max_pool2d(x, 3, stride=1, padding=1)
        else:
            y = F.avg_pool2d(x, 3, stride=1, padding=1, count_include_pad=False)
        result: Tensor = self.branch_pool(y)
        return result


def _block_35(before: int, pooled: int) -> Block:
    """Figure 5, at 35×35."""
    fives: Branch = ("branch5x5", [Layer("_1", 48), Layer("_2", 64, 5, 5)], [])
    threes: Branch = ("branch3x3dbl", [Layer("_1", 64), Layer("_2", 96, 3, 3), Layer("_3", 96, 3, 3)], [])
    return Block(before, [("branch1x1", [Layer("", 64)], []), fives, threes], "average", pooled)


def _to_17(before: int) -> Block:
    threes: Branch = ("branch3x3dbl", [Layer("_1", 64), Layer("_2", 96, 3, 3), Layer("_3", 96, 3, 3)], [])
    return Block(before, [("branch3x3", [Layer("", 384, 3, 3)], []), threes], "maximum", 0)


def _block_17(before: int, width: int) -> Block:
    """Figure 6, at 17×17."""
    sevens: Branch = ("branch7x7", [Layer("_1", width), Layer("_2", width, 1, 7), Layer("_3", 192, 7, 1)], [])
    twice = [Layer("_1", width), Layer("_2", width, 7, 1), Layer("_3", width, 1, 7), Layer("_4", width, 7, 1)]
    doubled: Branch = ("branch7x7dbl", [*twice, Layer("_5", 192, 1, 7)], [])
    return Block(before, [("branch1x1", [Layer("", 192)], []), sevens, doubled], "average", 192)


def _to_8(before: int) -> Block:
    sevens = [Layer("_1", 192), Layer("_2", 192, 1, 7), Layer("_3", 192, 7, 1), Layer("_4", 192, 3, 3)]
    threes: Branch = ("branch3x3", [Layer("_1", 192), Layer("_2", 320, 3, 3)], [])
    return Block(before, [threes, ("branch7x7x3", sevens, [])], "maximum", 0)


def _block_8(before: int, pool: Pool) -> Block:
    """Figure 7, at 8×8."""
    threes: Branch = ("branch3x3", [Layer("_1", 384)], [Layer("_2a", 384, 1, 3), Layer("_2b", 384, 3, 1)])
    row = [Layer("_1", 448), Layer("_2", 384, 3, 3)]
    doubled: Branch = ("branch3x3dbl", row, [Layer("_3a", 384, 1, 3), Layer("_3b", 384, 3, 1)])
    return Block(before, [("branch1x1", [Layer("", 320)], []), threes, doubled], pool, 192)


class InceptionV3(nn.Module):
    """Pictures → features and answers; always in evaluation mode, as its statistics are stored ones."""

    def __init__(self) -> None:
        super().__init__()
        self.Conv2d_1a_3x3 = Convolution(3, 32, (3, 3), stride=2, pad=False)
        self.Conv2d_2a_3x3 = Convolution(32, 32, (3, 3), pad=False)
        self.Conv2d_2b_3x3 = Convolution(32, 64, (3, 3), pad=True)
        self.Conv2d_3b_1x1 = Convolution(64, 80, (1, 1), pad=False)
        self.Conv2d_4a_3x3 = Convolution(80, 192, (3, 3), pad=False)
        self.Mixed_5b, self.Mixed_5c, self.Mixed_5d = _block_35(192, 32), _block_35(256, 64), _block_35(288, 64)
        self.Mixed_6a = _to_17(288)
        self.Mixed_6b, self.Mixed_6c = _block_17(768, 128), _block_17(768, 160)
        self.Mixed_6d, self.Mixed_6e = _block_17(768, 160), _block_17(768, 192)
        self.Mixed_7a = _to_8(768)
        self.Mixed_7b, self.Mixed_7c = _block_8(1280, "average"), _block_8(2048, "maximum")
        self.fc = nn.Linear(FEATURES, ANSWERS)
        self.eval().requires_grad_(requires_grad=False)

    def forward(self, pixels: UInt8[Tensor, "n 3 h w"]) -> Float[Tensor, "n f"]:
        """The 2048 features before the last layer, of RGB pixels of any size."""
        x = (resize_as_tensorflow(pixels.float(), SIDE) - 128) / 128
        x = self.Conv2d_2b_3x3(self.Conv2d_2a_3x3(self.Conv2d_1a_3x3(x)))
        x = self.Conv2d_4a_3x3(self.Conv2d_3b_1x1(F.max_pool2d(x, 3, stride=2)))
        x = F.max_pool2d(x, 3, stride=2)
        for block in (self.Mixed_5b, self.Mixed_5c, self.Mixed_5d, self.Mixed_6a, self.Mixed_6b, self.Mixed_6c):
            x = block(x)
        for block in (self.Mixed_6d, self.Mixed_6e, self.Mixed_7a, self.Mixed_7b, self.Mixed_7c):
            x = block(x)
        return x.mean(dim=(2, 3))

    def probabilities(self, features: Float[Tensor, "n f"]) -> Float[Tensor, "n a"]:
        """How likely each answer is; as the Inception score takes it, without the bias of the last layer."""
        return (features @ self.fc.weight.T).softmax(dim=1)


def resize_as_tensorflow(images: Float[Tensor, "n c h w"], side: int) -> Float[Tensor, "n c s s"]:
    """Bilinear, as TensorFlow 1 did it and the published numbers have it: row i lies at i · h / side, none is averaged.

    So large pictures alias, and the result is shifted by up to half a pixel: part of the definition of FID (Parmar et
    al. 2022, section 3.2).
    """
    if images.shape[2:] == (side, side):
        return images
    rows, columns = (_weights(count, side, images) for count in images.shape[2:])
    return rows @ images @ columns.T


def _weights(count: int, side: int, like: Tensor) -> Float[Tensor, "s h"]:
    """What each of ``side`` places takes of ``count`` ones."""
    places = torch.arange(side, device=like.device, dtype=like.dtype) * (count / side)
    low = places.floor().long().clamp(max=count - 1)
    share = places - low
    weights = like.new_zeros(side, count)
    index = torch.arange(side, device=like.device)
    weights[index, low] += 1 - share
    weights[index, (low + 1).clamp(max=count - 1)] += share
    return weights
