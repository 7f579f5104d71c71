"""Convolutions whose kernels were put into the processor's order beforehand, see `allaprima.ops.kept_kernels`.

oneDNN, which convolves in PyTorch, wants kernels in an order of its own, and makes it at each call: for one small image
that takes as long as the products. Here it is made once; or the order in which the compiled products read kernels. No
derivatives.

Axes: n image, i input channel, o output channel, k kernel, h w rows and columns.
"""

import torch
from jaxtyping import Float
from torch import Tensor

from allaprima.ops import cpu_choice, fast, packed, winograd
from allaprima.ops.kept_enlarging import MOST_TAPS, enlarge_in_tiles
from allaprima.ops.kept_kernels import KeptKernels, in_force
from allaprima.ops.kept_products import convolve_by_products, enlarge_by_products
from allaprima.ops.kept_tiles import convolve_in_tiles
from allaprima.ops.toom_cook import size_of
from allaprima.ops.upfirdn2d import upfirdn2d

STYLED = 2  # times a kernel's numbers: of larger feature maps, a styled copy takes longer than keeping the kernel saves
ENLARGED = 4  # times as many pixels: the gain that keeps their brightness
REORDERED, TRANSPOSED = 0.15, 0.4  # milliseconds that a MB saves, measured: at any size, at 32×32


def kept_conv2d(
    x: Float[Tensor, "n i h w"],
    weight: Float[Tensor, "o i k k"],
    *,
    padding: int,
    style: Float[Tensor, "n i"] | None = None,
) -> Float[Tensor, "n o h2 w2"] | None:
    """Correlate with ``weight``; None where nothing is kept of it.

    Args:
        x: Feature maps, in any memory layout.
        weight: A network's own kernel; only those of 3×3 taps are kept.
        padding: Zeros around the image.
        style: Factors on the input's channels, of each image; None is the answer where they would be another pass over
            memory.
    """
    if style is not None and weight.shape[2:] == (1, 1) and in_force(weight) is not None:
        return _colours(x, weight, style)
    kept = in_force(weight) if _keeps(x, weight) else None
    if kept is None or min(size_of(x, padding)) < 1:
        return None
    if cpu_choice.transforming_kept_kernels_pays(x, weight) and winograd.takes(x, padding):
        y = convolve_in_tiles(x, weight, kept, padding, style)
        if y is not None or cpu_choice.pays(x, weight):
            return y
    if cpu_choice.convolving_by_products_pays(x, weight):
        y = convolve_by_products(x, weight, kept, padding, style)
        if y is not None:
            return y
    if style is not None:
        return None
    options = packed.Options(padding=(padding, padding))
    x = cpu_choice.in_quick_layout(x, weight)
    kernel = kept.get(
        "reordered",
        weight,
        lambda weight: (packed.reordered(weight, options, x.shape),),
        size=weight.nbytes,
        worth=REORDERED,
        about=(*x.shape, *x.stride(), padding),
    )
    return None if kernel is None else packed.convolve(x, kernel[0], options)


def kept_enlarging_conv2d(
    x: Float[Tensor, "n i h w"],
    weight: Float[Tensor, "o i k k"],
    f: Float[Tensor, "taps taps"] | Float[Tensor, "taps"],
    padding: tuple[int, int, int, int],
    *,
    style: Float[Tensor, "n i"] | None = None,
) -> Float[Tensor, "n o h2 w2"] | None:
    """`allaprima.ops.transposed_conv.transposed_conv2d`, filtered with four times ``f``.

    None where nothing is kept of ``weight``, or where the style would be another pass over much memory.

    Args:
        x: Feature maps, in any memory layout.
        weight: A network's own kernel; only those of 3×3 taps are kept.
        f: Filter, made by `setup_filter`.
        padding: That of `allaprima.ops.upfirdn2d.upfirdn2d`.
        style: Factors on the input's channels, of each image.
    """
    kept = in_force(weight) if _keeps(x, weight) else None
    if kept is None:
        return None
    x = x.contiguous(memory_format=torch.channels_last)
    if cpu_choice.transforming_to_enlarge_pays(x, weight) and _fits_into_a_tile(f, padding):
        y = enlarge_in_tiles(x, weight, kept, style, f.flip(0, 1) * ENLARGED, padding)
        if y is not None:
            return y
    if style is not None and x.numel() > STYLED * weight.numel():
        return None
    y = enlarge_by_products(x, weight, kept, style) if cpu_choice.enlarging_by_products_pays(x, weight) else None
    if y is None:
        y = _enlarged_by_onednn(x, weight, kept, style)
    return None if y is None else upfirdn2d(y, f, padding=padding, gain=ENLARGED)


def _fits_into_a_tile(f: Tensor, padding: tuple[int, int, int, int]) -> bool:
    return f.ndim == 2 and len(f) <= MOST_TAPS and min(padding) >= 0 and fast.takes(f)


def _enlarged_by_onednn(x: Tensor, weight: Tensor, kept: KeptKernels, style: Tensor | None) -> Tensor | None:
    worth = TRANSPOSED * (x[:, 0].numel() / 32**2) ** 0.25
    kernel = kept.get(
        "transposed",
        weight,
        lambda weight: (packed.reordered_to_enlarge(weight, x.shape),),
        size=weight.nbytes,
        worth=worth,
        about=x.shape,
    )
    if kernel is None:
        return None
    return packed.enlarge(x if style is None else x * style[:, :, None, None], kernel[0])


def _colours(
    x: Float[Tensor, "n i h w"], weight: Float[Tensor, "o i 1 1"], style: Float[Tensor, "n i"]
) -> Float[Tensor, "n o h w"] | None:
    """By a kernel of few output channels: the pixels are read once; None where that cannot be done here."""
    (n, i, h, w), o = x.shape, len(weight)
    x = x.contiguous(memory_format=torch.channels_last)
    if not (fast.serves(x, style) and fast.fits(x, style, None, None)):
        return None
    pixels, kernels = x.permute(0, 2, 3, 1).view(n, h * w, i), weight.flatten(1) * style[:, None]
    if not fast.serves_rows(kernels[0], pixels[0], None):
        return None
    maps = [fast.map_rows(*both, None, gain=1, bias_gain=1) for both in zip(kernels, pixels, strict=True)]
    return torch.stack(maps).view(n, o, h, w)


def _keeps(x: Float[Tensor, "n i h w"], weight: Float[Tensor, "o i k k"]) -> bool:
    """Whether a store is in force for these, on a processor and with a PyTorch that can do it."""
    return (
        weight.shape[2:] == (3, 3) and cpu_choice.is_ours(x) and in_force(weight) is not None and packed.can_reorder()
    )
