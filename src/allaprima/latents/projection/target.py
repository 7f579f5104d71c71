"""Pictures of any size and mode as targets of a model.

Axes: n image, c channel, h w rows and columns.
"""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import torch
from jaxtyping import Float, UInt8
from PIL import Image
from torch import Tensor

from allaprima.data.transform import fitted, to_channels
from allaprima.errors import DataError
from allaprima.images import has_alpha, read_image
from allaprima.images.modes import CHANNELS_OF_MODE
from allaprima.images.png import to_array

SAME_SHAPE = 0.01  # a picture whose aspect differs by less from the model's is not said to be cropped
EQUAL = 100.0  # dB
MODES = {1: "gray", 2: "gray with alpha", 3: "RGB", 4: "RGBA"}


class Target(NamedTuple):
    """A picture as the model could have painted it.

    Attributes:
        name: Of its file, without suffix.
        pixels: uint8 [c, h, w], of the model's size and channels.
        notes: A sentence for each thing that was changed.
    """

    name: str
    pixels: UInt8[Tensor, "c h w"]
    notes: tuple[str, ...] = ()


def read_target(path: Path, G: Any) -> Target:
    """Read a picture and fit it to the model. Raises `DataError`."""
    return fit_target(read_image(path), G, name=path.stem)


def fit_target(picture: Image.Image, G: Any, *, name: str = "target") -> Target:
    """Bring a picture (L, LA, RGB, RGBA) to the size and channels of ``G``; errors call it ``name``.

    One of the model's aspect is resized, of any other the largest centred part of that aspect; the filter is Lanczos'.
    Alpha that the model does not have is taken away over white, alpha that it has is added opaque; colours become gray
    by ITU-R 601.

    Raises:
        DataError: The model's images have more channels than a picture.
    """
    height, width, channels = G.img_height, G.img_width, G.img_channels
    if channels not in MODES:
        raise DataError(f"this model paints {channels} channels: pictures have 1 to 4, so none can be its target")
    notes = []
    if (picture.height, picture.width) != (height, width):
        skew = abs(math.log(picture.width * height / (picture.height * width)))
        cut = "its centre cropped to the model's shape and " if skew > SAME_SHAPE else ""
        notes.append(f"{cut}resized from {picture.height}×{picture.width} to {height}×{width}")
    before = CHANNELS_OF_MODE[picture.mode]
    if before != channels:
        how = ", its alpha laid over white" if has_alpha(before) and not has_alpha(channels) else ""
        notes.append(f"converted from {MODES[before]} to {MODES[channels]}{how}")
    (right,) = fitted(picture, height, width, "crop")
    pixels = torch.from_numpy(to_array(to_channels(right, channels))).permute(2, 0, 1)
    return Target(name, pixels.contiguous(), tuple(notes))


def stacked(targets: Sequence[Target]) -> UInt8[Tensor, "n c h w"]:
    """The pixels of several targets."""
    return torch.stack([target.pixels for target in targets])


def psnr(a: Float[Tensor, "n c h w"], b: Float[Tensor, "n c h w"]) -> Float[Tensor, " n"]:
    """Peak signal-to-noise ratio in dB of images in [-1, 1], over all pixels and channels: 10 log₁₀(2² / MSE).

    Values are clamped first; of images with alpha it is that of the premultiplied colours, and of alpha. Equal images
    have `EQUAL`.
    """
    error = (a.clamp(-1, 1) - b.clamp(-1, 1)).double().square().mean(dim=(1, 2, 3))
    return (10 * torch.log10(4 / error)).clamp(max=EQUAL).float()
