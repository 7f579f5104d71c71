"""What every kernel's launch needs: a device, a type to count in, a layout for the result, sizes of blocks."""

from contextlib import nullcontext
from typing import Any

import torch
import triton
import triton.language as tl
from torch import Tensor

FAR = 2**31 - 1  # elements; farther offsets do not fit into 32 bits


def launch(kernel: Any, programs: int, x: Tensor, *arguments: Any, **constants: Any) -> None:
    """Start ``programs`` programs of ``kernel`` on the device of ``x``; none at all is nothing to do.

    Raises:
        ValueError: More programs than one grid holds.
    """
    if programs > FAR:
        raise ValueError(f"{programs} blocks are more than a GPU starts at once ({FAR}): use a smaller batch")
    if programs > 0:
        options = {"enable_fp_fusion": True} if x.is_cuda else {}  # said, for Triton's default is about to change
        with torch.cuda.device(x.device) if x.is_cuda else nullcontext():  # Triton launches on the current device
            kernel[(programs,)](x, *arguments, **constants, **options)


def accumulator(x: Tensor) -> Any:
    """The type that sums over values of ``x`` are kept in: float32, also of half precision."""
    return tl.float64 if x.dtype == torch.float64 else tl.float32


def is_channels_last(x: Tensor) -> bool:
    """Whether channels are neighbours in memory, and pixels are not."""
    return x.ndim == 4 and x.is_contiguous(memory_format=torch.channels_last) and not x.is_contiguous()


def empty_in_layout_of(x: Tensor, shape: tuple[int, ...]) -> Tensor:
    """Memory for a result of ``x``: channels last if ``x`` is."""
    layout = torch.channels_last if is_channels_last(x) else torch.contiguous_format
    return torch.empty(shape, dtype=x.dtype, device=x.device, memory_format=layout)


def is_wide(*tensors: Tensor) -> bool:
    """Whether offsets within one image need 64 bits."""
    return any(sum((n - 1) * s for n, s in zip(t.shape[1:], t.stride()[1:], strict=True)) > FAR for t in tensors)


def block(size: int, limit: int) -> int:
    """The power of two that covers ``size``, at most ``limit``."""
    return max(min(int(triton.next_power_of_2(size)), limit), 1)
