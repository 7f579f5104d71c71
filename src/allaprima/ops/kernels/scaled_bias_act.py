"""Scale, noise, bias, straight-sided activation, gain and clamp on a GPU, in one pass; and the derivative in another.

Each program works on one block of one image: some channels by some pixels, so that what is summed for a gradient, over
pixels or over channels, is summed in the block first. PyTorch adds up the blocks' sums, always in the same order.

Axes: n image, c channel, p pixel (rows and columns as one).
"""

from typing import Any, NamedTuple, no_type_check

import torch
import triton
import triton.language as tl
from torch import Tensor

from allaprima.ops.kernels.launch import accumulator, block, empty_in_layout_of, is_wide, launch

ELEMENTS = 2048  # in one program
FAST = 128  # of them, side by side in memory


class Slopes(NamedTuple):
    """The gradients; None are those that were not asked for."""

    x: Tensor
    scale: Tensor | None
    noise: Tensor | None
    bias: Tensor | None


def evaluate(
    x: Tensor,
    scale: Tensor | None,
    noise: Tensor | None,
    bias: Tensor | None,
    slope: float,
    gain: float,
    clamp: float | None,
) -> Tensor:
    """Compute ``clamp(gain * lrelu(x * scale + noise + bias))`` of x [n, c, ...], counting in float32.

    Args:
        x: Feature maps.
        scale: [n, c].
        noise: [n, 1, h, w], or [1, 1, h, w] for all images.
        bias: [c].
        slope: Of the negative side.
        gain: Factor after the activation, more than 0.
        clamp: Bound of the absolute value of the output.
    """
    y = empty_in_layout_of(x, x.shape)
    planes = [_planes(x), _planes(y)]
    blocks = _cut(planes)
    bound = None if clamp is None else float(clamp)
    scale, noise, bias = (None if t is None else t.contiguous() for t in (scale, noise, bias))
    noise_step = 0 if noise is None or len(noise) == 1 else blocks.sizes[1]
    launch(
        bend_kernel,
        blocks.programs,
        planes[0],
        *(scale, noise, bias, planes[1], noise_step, float(slope), float(gain), bound),
        *(*blocks.sizes, *planes[0].stride(), *planes[1].stride()),
        **blocks.constants,
    )
    return y


def slopes(
    grad: Tensor,
    x: Tensor | None,
    scale: Tensor | None,
    y: Tensor | None,
    slope: float,
    gain: float,
    clamp: float | None,
    *,
    scale_gradient: bool = False,
    noise_gradient: bool = False,
    bias_gradient: bool = False,
) -> Slopes:
    """The gradients of `evaluate`, whose output was ``y``, from that of its output.

    Args:
        grad: Gradient of the output.
        x: The input, where the gradient of the scale is wanted.
        scale: [n, c], or None if there was none.
        y: The output; None if both sides have the same slope and nothing is clamped.
        slope: As above; so are gain and clamp.
        gain: –
        clamp: –
        scale_gradient: Whether to sum over pixels, [n, c], float32.
        noise_gradient: Whether to sum over channels, [n, 1, h, w], float32.
        bias_gradient: Whether to sum over images and pixels, [c], float32.
    """
    grad_x = empty_in_layout_of(grad if y is None else y, grad.shape)
    grads = [_planes(grad), _planes(grad_x)]
    others = [None if t is None else _planes(t) for t in (x, y)]
    blocks = _cut(grads + [t for t in others if t is not None])
    c, p, tiles_c, tiles_p = blocks.sizes
    exact = torch.promote_types(grad.dtype, torch.float32)
    by_scale = grad.new_zeros(len(grad), tiles_p, c, dtype=exact) if scale_gradient else None
    by_bias = grad.new_zeros(len(grad), tiles_p, c, dtype=exact) if bias_gradient else None
    by_noise = grad.new_zeros(len(grad), tiles_c, p, dtype=exact) if noise_gradient else None
    launch(
        slopes_kernel,
        blocks.programs,
        grads[0],
        *(others[0], None if scale is None else scale.contiguous(), others[1], grads[1], by_scale, by_noise, by_bias),
        *(float(slope), float(gain), None if clamp is None else float(clamp)),
        *blocks.sizes,
        *(step for t in grads + others for step in ((None, None, None) if t is None else t.stride())),
        **blocks.constants,
    )
    return Slopes(
        grad_x,
        None if by_scale is None else by_scale.sum(1),
        None if by_noise is None else by_noise.sum(1).reshape(len(grad), 1, *grad.shape[2:]),
        None if by_bias is None else by_bias.sum((0, 1)),
    )


class _Blocks(NamedTuple):
    """How tensors of one shape are cut into blocks."""

    programs: int
    sizes: tuple[int, int, int, int]  # channels, pixels, and the number of blocks of each
    constants: dict[str, Any]


def _planes(x: Tensor) -> Tensor:
    """``x`` as [n, c, p], without a copy if it lies in one of the two usual layouts."""
    return x[:, :, None] if x.ndim == 2 else x.flatten(2)


def _cut(planes: list[Tensor]) -> _Blocks:
    """Blocks whose longer side runs along memory, as the result (the second) lies there."""
    result = planes[1]
    n, c, p = result.shape
    if result.stride(1) == 1 and c > 1:
        block_c = block(c, FAST)
        block_p = block(p, ELEMENTS // block_c)
    else:
        block_p = block(p, FAST)
        block_c = block(c, ELEMENTS // block_p)
    tiles_c, tiles_p = triton.cdiv(c, block_c), triton.cdiv(p, block_p)
    constants = {"BLOCK_C": block_c, "BLOCK_P": block_p, "SUM": accumulator(result), "WIDE": is_wide(*planes)}
    return _Blocks(n * tiles_c * tiles_p, (c, p, tiles_c, tiles_p), constants)


@triton.jit
@no_type_check
def bend_kernel(
    x, scale, noise, bias, y, noise_step, slope, gain, clamp, c, p, tiles_c, tiles_p,
    x_n, x_c, x_p, y_n, y_c, y_p,
    BLOCK_C: tl.constexpr, BLOCK_P: tl.constexpr, SUM: tl.constexpr, WIDE: tl.constexpr,
):  # fmt: skip
    """One block [c, p] of ``y = clamp(gain * lrelu(x * scale + noise + bias))``."""
    INDEX: tl.constexpr = tl.int64 if WIDE else tl.int32
    tile = tl.program_id(0)
    channel = (tile % tiles_c) * BLOCK_C + tl.arange(0, BLOCK_C)[:, None]
    pixel = (tile // tiles_c % tiles_p) * BLOCK_P + tl.arange(0, BLOCK_P)[None, :]
    image = (tile // tiles_c // tiles_p).to(tl.int64)
    here = (channel < c) & (pixel < p)
    channel_at, pixel_at = channel.to(INDEX), pixel.to(INDEX)
    value = tl.load(x + image * x_n + channel_at * x_c + pixel_at * x_p, mask=here, other=0.0).to(SUM)
    if scale is not None:
        value = value * tl.load(scale + image * c + channel, mask=channel < c, other=0.0).to(SUM)
    if noise is not None:
        value = value + tl.load(noise + image * noise_step + pixel, mask=pixel < p, other=0.0).to(SUM)
    if bias is not None:
        value = value + tl.load(bias + channel, mask=channel < c, other=0.0).to(SUM)
    value = tl.where(value > 0, value, value * slope) * gain
    if clamp is not None:
        value = tl.where(value > clamp, clamp, tl.where(value < -clamp, -clamp, value))  # NaN stays NaN
    tl.store(y + image * y_n + channel_at * y_c + pixel_at * y_p, value.to(y.dtype.element_ty), mask=here)


@triton.jit
@no_type_check
def slopes_kernel(
    grad, x, scale, y, grad_x, by_scale, by_noise, by_bias, slope, gain, clamp, c, p, tiles_c, tiles_p,
    g_n, g_c, g_p, o_n, o_c, o_p, x_n, x_c, x_p, y_n, y_c, y_p,
    BLOCK_C: tl.constexpr, BLOCK_P: tl.constexpr, SUM: tl.constexpr, WIDE: tl.constexpr,
):  # fmt: skip
    """One block [c, p] of the gradient of x, and its share in the sums over pixels and over channels."""
    INDEX: tl.constexpr = tl.int64 if WIDE else tl.int32
    tile = tl.program_id(0)
    tile_p = tile // tiles_c % tiles_p
    channel = (tile % tiles_c) * BLOCK_C + tl.arange(0, BLOCK_C)[:, None]
    pixel = tile_p * BLOCK_P + tl.arange(0, BLOCK_P)[None, :]
    image = (tile // tiles_c // tiles_p).to(tl.int64)
    here = (channel < c) & (pixel < p)
    channel_at, pixel_at = channel.to(INDEX), pixel.to(INDEX)
    value = tl.load(grad + image * g_n + channel_at * g_c + pixel_at * g_p, mask=here, other=0.0).to(SUM) * gain
    if y is not None:
        bent = tl.load(y + image * y_n + channel_at * y_c + pixel_at * y_p, mask=here, other=0.0).to(SUM)
        value = tl.where(bent > 0, value, value * slope)
        if clamp is not None:
            bound = (tl.zeros_like(bent) + clamp).to(y.dtype.element_ty).to(SUM)  # rounded as the output was
            value = tl.where((bent >= bound) | (bent <= -bound), 0.0, value)
    sums_c = (image * tiles_p + tile_p) * c + channel
    if by_bias is not None:
        tl.store(by_bias + sums_c, tl.sum(value, 1, keep_dims=True), mask=channel < c)
    if by_noise is not None:
        sums_p = (image * tiles_c + tile % tiles_c) * p + pixel
        tl.store(by_noise + sums_p, tl.sum(value, 0, keep_dims=True), mask=pixel < p)
    if by_scale is not None:
        value_x = tl.load(x + image * x_n + channel_at * x_c + pixel_at * x_p, mask=here, other=0.0).to(SUM)
        tl.store(by_scale + sums_c, tl.sum(value * value_x, 1, keep_dims=True), mask=channel < c)
    if scale is not None:
        value = value * tl.load(scale + image * c + channel, mask=channel < c, other=0.0).to(SUM)
    tl.store(grad_x + image * o_n + channel_at * o_c + pixel_at * o_p, value.to(grad_x.dtype.element_ty), mask=here)
