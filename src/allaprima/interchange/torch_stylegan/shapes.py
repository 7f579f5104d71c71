"""What the names and shapes in a state dict say. A file may say anything, so whatever does not fit is refused."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from allaprima.errors import ModelFileError
from allaprima.interchange.records import called, printable
from allaprima.models import Geometry

Weights = Mapping[str, Tensor]
Fields = Mapping[str, Any]
"""Fields of a spec, by name."""

LARGEST_SIDE = 2**16  # pixels
NEARLY = 1e-3  # taps of a filter this near to whole numbers are these


def tensors_only(content: Mapping[Any, Any]) -> dict[str, Tensor]:
    """``content``, if it is nothing but tensors by name."""
    for name, value in content.items():
        if not isinstance(name, str) or not isinstance(value, Tensor):
            raise ModelFileError(f"the file has a {called(value)} where the tensor {printable(str(name))} was expected")
    return dict(content)


def shape(weights: Weights, name: str, axes: int) -> tuple[int, ...]:
    """Sizes of a tensor that must be there, and must have ``axes`` axes and some numbers."""
    if name not in weights:
        raise ModelFileError(f"the file has no tensor {name}")
    sizes = tuple(weights[name].shape)
    if len(sizes) != axes or 0 in sizes:
        raise ModelFileError(f"the tensor {name} is {list(sizes)}, where {axes} axes were expected")
    return sizes


def members(weights: Weights, prefix: str = "") -> set[str]:
    """Names of the modules and tensors directly under ``prefix``."""
    return {name.removeprefix(prefix).partition(".")[0] for name in weights if name.startswith(prefix)}


def resolutions(weights: Weights, prefix: str = "") -> list[int]:
    """Names of the blocks b4, b8, b16, … as far as there are any."""
    blocks, found = members(weights, prefix), [4]
    while f"b{2 * found[-1]}" in blocks:
        found.append(2 * found[-1])
    return found


def image_fields(base: tuple[int, ...], doublings: int) -> dict[str, Any]:
    """Height, width and doublings of a network that doubles this base grid so often."""
    if doublings > LARGEST_SIDE.bit_length() or max(base) << doublings > LARGEST_SIDE:
        raise ModelFileError(f"the file has {doublings} doublings of {list(base)} pixels, which no model has")
    height, width = (side << doublings for side in base)
    return sized(height, width, doublings)


def sized(height: int, width: int, doublings: int) -> dict[str, Any]:
    """The same for known sides; ``doublings`` is left open where it is what one would expect."""
    usual = Geometry(height, width).doublings == doublings
    return {"height": height, "width": width, "doublings": None if usual else doublings}


def taps_of(kernel: Tensor) -> tuple[float, ...]:
    """Taps that `allaprima.ops.setup_filter` makes this filter of, in whole numbers if it can be."""
    row = (kernel.sum(dim=0) if kernel.ndim == 2 else kernel.flatten()).double()
    least = row.abs()[row.abs() > NEARLY * row.abs().max()].min() if row.any() else torch.ones([])
    scaled = row / least
    whole = scaled.round()
    return tuple((whole if (scaled - whole).abs().max() < NEARLY else row).tolist())
