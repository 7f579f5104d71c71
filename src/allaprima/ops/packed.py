"""Convolutions of oneDNN whose kernels are in the order that it wants, and that order.

PyTorch's compiler computes with these operations; they are no public interface, so whether they are there is asked for.
"""

from functools import cache
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

OPERATIONS = (
    "_reorder_convolution_weight",
    "_convolution_pointwise",
    "_reorder_convolution_transpose_weight",
    "_convolution_transpose_pointwise",
)
NOTHING_AFTER: tuple[str, list[float], str] = ("none", [], "")  # no activation


class Options(NamedTuple):
    """Of a convolution."""

    padding: tuple[int, int] = (0, 0)
    stride: tuple[int, int] = (1, 1)
    dilation: tuple[int, int] = (1, 1)
    groups: int = 1


@cache
def can_reorder() -> bool:
    """Whether this PyTorch has the operations."""
    there: bool = torch.backends.mkldnn.is_available()  # type: ignore[no-untyped-call]
    return there and all(hasattr(torch.ops.mkldnn, name) for name in OPERATIONS)


def reordered(weight: Float[Tensor, "o i k k"], options: Options, shape: torch.Size) -> Tensor:
    """In oneDNN's order for inputs of this shape: with inputs of another, it would take many times as long."""
    packed: Tensor = torch.ops.mkldnn._reorder_convolution_weight(weight, *options, shape)
    return packed


def convolve(x: Float[Tensor, "n i h w"], packed: Tensor, options: Options) -> Tensor:
    """Correlate with a reordered kernel."""
    y: Tensor = torch.ops.mkldnn._convolution_pointwise(x, packed, None, *options, *NOTHING_AFTER)
    return y


def convolve_columns(columns: Float[Tensor, "t groups i"], packed: Tensor) -> Float[Tensor, "t groups o"]:
    """Multiply each row with the matrix of its group; ``packed``: [groups * o, i, 1, 1], for [1, groups * i, t, 1]."""
    t, groups, _ = columns.shape
    y = convolve(columns.view(1, t, 1, -1).permute(0, 3, 1, 2), packed, Options(groups=groups))
    return y.permute(0, 2, 3, 1).view(t, groups, -1)


def reordered_to_enlarge(weight: Float[Tensor, "o i k k"], shape: torch.Size) -> Tensor:
    """As `reordered`, for `enlarge`."""
    padding, stride, dilation, groups = Options(stride=(2, 2))
    operation = torch.ops.mkldnn._reorder_convolution_transpose_weight
    packed: Tensor = operation(weight.transpose(0, 1).contiguous(), padding, (0, 0), stride, dilation, groups, shape)
    return packed


def enlarge(x: Float[Tensor, "n i h w"], packed: Tensor) -> Float[Tensor, "n o h2 w2"]:
    """The transposed convolution of stride 2, without padding."""
    padding, stride, dilation, groups = Options(stride=(2, 2))
    operation = torch.ops.mkldnn._convolution_transpose_pointwise
    y: Tensor = operation(x, packed, None, padding, (0, 0), stride, dilation, groups, *NOTHING_AFTER)
    return y
