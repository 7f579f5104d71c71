"""A small filter on feature maps; and scale, noise, bias, activation, gain and clamp in one pass."""

from ctypes import Structure, c_float, c_long, c_void_p

import torch
from jaxtyping import Float
from torch import Tensor
from torch.autograd.graph import increment_version

from allaprima.ops.fast.library import address, call, new_maps

UNBOUNDED = -1.0


class _Bend(Structure):
    _fields_ = (
        ("scale", c_void_p),
        ("noise", c_void_p),
        ("bias", c_void_p),
        ("noise_step", c_long),
        ("slope", c_float),
        ("gain", c_float),
        ("clamp", c_float),
    )


class _Filtering(Structure):
    _fields_ = (
        *((name, c_long) for name in ("images", "height", "width", "channels")),
        ("x", c_void_p),
        *((name, c_long) for name in ("in_height", "in_width", "top", "left")),
        ("taps", c_void_p),
        ("tap_rows", c_long),
        ("tap_columns", c_long),
        ("y", c_void_p),
        ("bend", _Bend),
    )


class _EnlargingPlanes(Structure):
    _fields_ = (
        *((name, c_long) for name in ("planes", "height", "width")),
        ("x", c_void_p),
        *((name, c_long) for name in ("in_height", "in_width", "top", "left")),
        ("taps", c_void_p),
        ("tap_rows", c_long),
        ("tap_columns", c_long),
        ("y", c_void_p),
    )


def enlarge_planes(
    x: Float[Tensor, "n c h w"], taps: Float[Tensor, "k l"], margins: tuple[int, int, int, int]
) -> Float[Tensor, "n c h2 w2"]:
    """Let a zero follow each pixel of the contiguous ``x``, along both axes, and go on as `filter_channels_last`."""
    n, c, h, w = x.shape
    top, bottom, left, right = margins
    taps = taps.contiguous()
    k, l = taps.shape  # noqa: E741
    y = x.new_empty(n, c, 2 * h + top + bottom - k + 1, 2 * w + left + right - l + 1)
    assert x.is_contiguous(), x.stride()
    arguments = (address(x), h, w, top, left, address(taps), k, l, address(y))
    call("enlarge_planes", _EnlargingPlanes(n * c, *y.shape[2:], *arguments))
    return y


def filter_channels_last(
    x: Float[Tensor, "n c h w"],
    taps: Float[Tensor, "k l"],
    margins: tuple[int, int, int, int],
    out: Float[Tensor, "n c h2 w2"] | None = None,
) -> Float[Tensor, "n c h2 w2"]:
    """Correlate each channel with ``taps``, with zeros (negative: a crop) at the top, bottom, left and right."""
    n, c, h, w = x.shape
    top, bottom, left, right = margins
    taps = taps.contiguous()
    k, l = taps.shape  # noqa: E741
    size = (h + top + bottom - k + 1, w + left + right - l + 1)
    y = new_maps(x, c, *size) if out is None else out
    assert y.shape == (n, c, *size), (y.shape, size)
    assert y.is_contiguous(memory_format=torch.channels_last), y.stride()
    unchanged = _Bend(None, None, None, 0, 1.0, 1.0, UNBOUNDED)
    arguments = (address(x), h, w, top, left, address(taps), k, l, address(y), unchanged)
    call("filter_and_bend", _Filtering(n, *size, c, *arguments))
    return y


def fits(x: Tensor, scale: Tensor | None, noise: Tensor | None, bias: Tensor | None) -> bool:
    """Whether these have the shapes that `bend_` takes: others, which PyTorch would broadcast, it would read beyond."""
    n, c, h, w = x.shape
    return (
        (scale is None or scale.shape == (n, c))
        and (noise is None or noise.shape in ((1, 1, h, w), (n, 1, h, w)))
        and (bias is None or bias.shape == (c,))
    )


def bend_(
    x: Float[Tensor, "n c h w"],
    scale: Float[Tensor, "n c"] | None,
    noise: Float[Tensor, "#n 1 h w"] | None,
    bias: Float[Tensor, "c"] | None,
    *,
    slope: float,
    gain: float,
    clamp: float | None,
) -> None:
    """Overwrite ``x`` with ``clamp(gain * lrelu(x * scale + noise + bias))``; ``slope`` is of the negative side."""
    n, c, h, w = x.shape
    one = x.new_ones(1, 1)
    scale, noise, bias = (None if t is None else t.contiguous() for t in (scale, noise, bias))
    step = 0 if noise is None or len(noise) == 1 else h * w
    bound = UNBOUNDED if clamp is None else clamp
    bend = _Bend(address(scale), address(noise), address(bias), step, slope, gain, bound)
    call("filter_and_bend", _Filtering(n, h, w, c, address(x), h, w, 0, 0, address(one), 1, 1, address(x), bend))
    increment_version(x)  # what autograd keeps of it is noticed to be lost
