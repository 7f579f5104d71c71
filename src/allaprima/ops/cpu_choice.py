"""Which way of convolving is the quickest on a CPU; `benchmarks/convolution.py` measures what is decided here.

Axes: n image, i input channel, o output channel, k kernel, h w rows and columns.
"""

import torch
from jaxtyping import Float
from torch import Tensor

from allaprima.ops import fast

PIXELS = 512  # of all images together: with fewer, transforming the kernels takes longer than is saved
CHANNELS = {"AVX512": 128}  # with fewer, transforming the tiles does; the quicker the products, the more it weighs
CHANNELS_ELSEWHERE = 64
LAST_FROM = 256  # pixels of an image; below, most of the time goes to reordering the kernels
ENLARGED_PIXELS = 1024  # of all images together: with more, oneDNN's transposed convolution is the quicker one
ENLARGED_CHANNELS = 256  # with fewer, oneDNN has little to reorder
MANY_CHANNELS = 128
KEPT_PIXELS = 256  # as `PIXELS`, where transformed kernels are kept; and to enlarge, where the tiles are more work
KEPT_PIXELS_COMPILED = 64  # … where compiled passes transform them in the caches
CHANNELS_COMPILED = 64  # as `MANY_CHANNELS`, where the transforms of tiles are compiled, …
LARGE = 2**16  # … from so many pixels of all images together on


def pays(x: Float[Tensor, "n i h w"], weight: Float[Tensor, "o i k l"]) -> bool:
    """Whether `allaprima.ops.winograd.winograd_conv2d` is quicker than PyTorch's convolution."""
    if not is_ours(x) or weight.shape[2:] != (3, 3):
        return False
    channels = CHANNELS.get(torch.backends.cpu.get_cpu_capability(), CHANNELS_ELSEWHERE)
    pixels = x.shape[0] * x.shape[2] * x.shape[3]
    return min(weight.shape[:2]) >= channels and pixels >= PIXELS


def transforming_kept_kernels_pays(x: Float[Tensor, "n i h w"], weight: Float[Tensor, "o i k l"]) -> bool:
    """The same where kernels are kept, as `allaprima.ops.kept_conv` does."""
    compiled = fast.divides(*weight.shape[:2])
    return weight.shape[2:] == (3, 3) and _tiles_pay(x, weight, KEPT_PIXELS_COMPILED if compiled else KEPT_PIXELS)


def transforming_to_enlarge_pays(x: Float[Tensor, "n i h w"], weight: Float[Tensor, "o i k l"]) -> bool:
    """Whether `allaprima.ops.kept_enlarging` is quicker than oneDNN's transposed convolution, kernels being kept."""
    return _tiles_pay(x, weight, KEPT_PIXELS)


def _tiles_pay(x: Tensor, weight: Tensor, least: int) -> bool:
    channels, pixels = min(weight.shape[:2]), x[:, 0].numel()
    if channels >= MANY_CHANNELS:
        return pixels >= least
    return channels >= CHANNELS_COMPILED and pixels >= LARGE and fast.available()


def convolving_by_products_pays(x: Float[Tensor, "n i h w"], weight: Float[Tensor, "o i k l"]) -> bool:
    """Whether `allaprima.ops.kept_products` is as quick as oneDNN's convolution, whose code would take 9 MB more."""
    return weight.shape[2:] == (3, 3) and min(weight.shape[:2]) >= ENLARGED_CHANNELS and x[:, 0].numel() <= KEPT_PIXELS


def enlarging_by_products_pays(x: Float[Tensor, "n i h w"], weight: Float[Tensor, "o i k l"]) -> bool:
    """Whether `allaprima.ops.transposed_conv.transposed_conv2d`, which has no derivative, may be used and is quick."""
    if not is_ours(x) or weight.shape[2:] != (3, 3):
        return False
    if torch.is_grad_enabled() and (x.requires_grad or weight.requires_grad):
        return False
    pixels = x.shape[0] * x.shape[2] * x.shape[3]
    return min(weight.shape[:2]) >= ENLARGED_CHANNELS and pixels <= ENLARGED_PIXELS


def in_quick_layout(x: Float[Tensor, "n i h w"], weight: Float[Tensor, "o i k l"]) -> Float[Tensor, "n i h w"]:
    """``x`` in the memory layout in which PyTorch convolves it, and differentiates that, in the least time.

    Channels last, but for small images; and where there is no AVX-512, the gradient of a large kernel takes twice as
    long with channels last.
    """
    if not is_ours(x):
        return x
    pixels = x.shape[2] * x.shape[3]
    if pixels < LAST_FROM or (pixels == LAST_FROM and min(weight.shape[:2]) >= ENLARGED_CHANNELS):
        return x.contiguous()
    learns = torch.is_grad_enabled() and weight.requires_grad and min(weight.shape[:2]) >= MANY_CHANNELS
    if learns and torch.backends.cpu.get_cpu_capability() != "AVX512":
        return x.contiguous()
    return x.contiguous(memory_format=torch.channels_last)


def is_ours(x: Tensor) -> bool:
    """A tensor of float32 on a CPU, which is computed now and not recorded for an exported program."""
    return x.device.type == "cpu" and x.dtype == torch.float32 and not torch.compiler.is_compiling()
