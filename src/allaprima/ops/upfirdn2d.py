"""Up-sample, filter, down-sample: the resampling primitive of the whole family.

``upfirdn2d`` inserts zeros between the pixels, pads or crops, convolves with a finite impulse response (FIR) filter and
keeps every n-th pixel, in one step. Resampling with [1, 3, 3, 1] is StyleGAN2, appendix B (Zhang 2019); the wavelet
filters of ADA and the Kaiser filters of StyleGAN3 pass through the same function.

Axes: n image, c channel, h w rows and columns, k l filter rows and columns. Pairs are (vertical, horizontal), paddings
(top, bottom, left, right): heights before widths, as everywhere here (the reference tools have x before y).
"""

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from allaprima.ops import fast, kernels

Pair = int | tuple[int, int]
Padding = int | tuple[int, int] | tuple[int, int, int, int]

FEW_CHANNELS = 4  # of images, which are enlarged plane by plane
SEPARABLE_FROM = 8  # taps; shorter 1-D filters become their outer product, as in the published models' buffers


def setup_filter(taps: Sequence[float] | Tensor, *, normalize: bool = True, gain: float = 1.0) -> Tensor:
    """Make a filter buffer of ``taps``: the outer product of fewer than 8 taps, a 1-D separable filter otherwise.

    Args:
        taps: 1-D or 2-D coefficients.
        normalize: Scale to a sum of 1, so that a constant image keeps its value.
        gain: Factor on the image (on each axis its square root, if separable).

    Returns:
        Float32 tensor [k, l] or [taps].
    """
    # In NumPy: on tensors without numbers, as networks of files are made of, most of PyTorch's operations load its
    # compiler, which takes as long as half of PyTorch, and 30 MB.
    f: Any = taps.to(torch.float32) if isinstance(taps, Tensor) else np.asarray(taps, dtype=np.float32)
    if f.ndim == 1 and len(f) < SEPARABLE_FROM:
        f = f[:, None] * f
    if normalize:
        f = f / f.sum()
    f = f * math.pow(gain, f.ndim / 2)
    return f if isinstance(f, Tensor) else torch.tensor(f)


def upfirdn2d(
    x: Float[Tensor, "n c h w"],
    f: Tensor | None,
    *,
    up: Pair = 1,
    down: Pair = 1,
    padding: Padding = 0,
    flip_filter: bool = False,
    gain: float = 1.0,
) -> Float[Tensor, "n c h2 w2"]:
    """Up-sample by zero insertion, pad, convolve with ``f``, down-sample by decimation.

    Differentiable to any order in ``x``.

    Args:
        x: Images or feature maps.
        f: Filter [k, l], or [taps] to be applied along both axes, or None for the single tap 1. A constant: it
            receives no gradient.
        up: Factor of up-sampling; ``up - 1`` zeros follow every pixel.
        down: Factor of down-sampling; every ``down``-th pixel is kept, beginning with the first.
        padding: With respect to the up-sampled image; negative values crop.
        flip_filter: False: convolution. True: correlation.
        gain: Factor on the output. ``up ** 2`` keeps the brightness of an up-sampled image.

    Returns:
        h2 = (h * up + top + bottom - k) // down + 1, and w2 likewise.
    """
    if f is None:
        f = torch.ones(1, 1, device=x.device)
    if f.requires_grad:
        raise ValueError("upfirdn2d takes its filter as a constant: it cannot pass a gradient to it; detach it first")
    return apply_plan(x, f, Plan(_pair(up), _pair(down), as_margins(padding), flip_filter, gain))


def filter2d(x: Float[Tensor, "n c h w"], f: Tensor, *, gain: float = 1.0) -> Float[Tensor, "n c h w"]:
    """Convolve ``x`` with ``f`` ([t] or [t, t], of `setup_filter`), times ``gain``, and keep the size."""
    rows, columns = _taps(f)
    return upfirdn2d(x, f, padding=(rows // 2, (rows - 1) // 2, columns // 2, (columns - 1) // 2), gain=gain)


def upsample2d(x: Float[Tensor, "n c h w"], f: Tensor, *, up: int = 2) -> Float[Tensor, "n c h2 w2"]:
    """Enlarge ``x`` ``up`` times, filtering with ``f`` ([t] or [t, t], of `setup_filter`); the mean is kept."""
    rows, columns = _taps(f)
    padding = ((rows + up - 1) // 2, (rows - up) // 2, (columns + up - 1) // 2, (columns - up) // 2)
    return upfirdn2d(x, f, up=up, padding=padding, gain=up**2)


def downsample2d(x: Float[Tensor, "n c h w"], f: Tensor, *, down: int = 2) -> Float[Tensor, "n c h2 w2"]:
    """Shrink ``x`` ``down`` times, filtering with ``f`` ([t] or [t, t], of `setup_filter`) first."""
    rows, columns = _taps(f)
    padding = ((rows - down + 1) // 2, (rows - down) // 2, (columns - down + 1) // 2, (columns - down) // 2)
    return upfirdn2d(x, f, down=down, padding=padding)


class Plan(NamedTuple):
    """What one call does; its adjoint is a call with another plan."""

    up: tuple[int, int]
    down: tuple[int, int]
    padding: tuple[int, int, int, int]
    flip: bool
    gain: float

    def adjoint(self, size_in: torch.Size, size_out: torch.Size, taps: tuple[int, int]) -> "Plan":
        """The plan that maps the gradient of the output to the gradient of the input."""
        pads: list[int] = []
        for axis in (0, 1):
            before = taps[axis] - 1 - self.padding[2 * axis]
            wanted = size_in[axis - 2] * self.up[axis]  # the up-sampled input; the gradient is filtered on this grid
            pads += [before, wanted + taps[axis] - 1 - size_out[axis - 2] * self.down[axis] - before]
        return Plan(self.down, self.up, (pads[0], pads[1], pads[2], pads[3]), not self.flip, self.gain)


class _Upfirdn2d(torch.autograd.Function):
    """The derivative of an upfirdn2d is an upfirdn2d with up and down exchanged and the filter turned round.

    PyTorch's own second derivative of a depthwise convolution loops over the channels: thousands of calls in one R1.
    """

    @staticmethod
    def forward(ctx: Any, x: Tensor, f: Tensor, plan: Plan) -> Tensor:
        y = _evaluate(x, f, plan)
        ctx.save_for_backward(f)
        ctx.adjoint = plan.adjoint(x.shape, y.shape, _taps(f))
        return y

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, None, None]:
        (f,) = ctx.saved_tensors
        return apply_plan(grads[0], f, ctx.adjoint), None, None


def apply_plan(x: Tensor, f: Tensor, plan: Plan) -> Tensor:
    """Run ``plan``, recording it for differentiation if ``x`` asks for that."""
    y: Tensor = _Upfirdn2d.apply(x, f, plan)  # type: ignore[no-untyped-call]
    return y


def _evaluate(x: Tensor, f: Tensor, plan: Plan) -> Tensor:
    if kernels.serve(x):
        from allaprima.ops.kernels.upfirdn2d import evaluate

        return evaluate(x, f, plan)
    found = _by_a_pass(x, f, plan)
    if found is not None:
        return found
    f = f.to(torch.promote_types(f.dtype, x.dtype))  # the gain is not rounded more coarsely than the image
    if f.ndim == 2:
        return _filter(x, f * plan.gain, plan)
    rows = plan._replace(up=(plan.up[0], 1), down=(plan.down[0], 1), padding=(*plan.padding[:2], 0, 0))
    columns = plan._replace(up=(1, plan.up[1]), down=(1, plan.down[1]), padding=(0, 0, *plan.padding[2:]))
    return _filter(_filter(x, f[None, :], columns), f[:, None] * plan.gain, rows)


def _by_a_pass(x: Tensor, f: Tensor, plan: Plan) -> Tensor | None:
    """Of feature maps that are filtered, and of images that are enlarged twice; None otherwise."""
    if f.ndim != 2 or plan.down != (1, 1) or not fast.takes(x, f) or min(_size_after(x, f, plan)) < 1:
        return None
    taps = (f if plan.flip else f.flip(0, 1)) * plan.gain
    if plan.up == (1, 1) and fast.serves(x, f):
        return fast.filter_channels_last(x, taps, plan.padding)
    if plan.up == (2, 2) and x.shape[1] <= FEW_CHANNELS:
        return fast.enlarge_planes(x.contiguous(), taps, plan.padding)
    return None


def _size_after(x: Tensor, f: Tensor, plan: Plan) -> tuple[int, int]:
    """Where nothing is down-sampled."""
    (up_y, up_x), (top, bottom, left, right) = plan.up, plan.padding
    return up_y * x.shape[2] + top + bottom - f.shape[0] + 1, up_x * x.shape[3] + left + right - f.shape[1] + 1


def _filter(x: Tensor, f: Tensor, plan: Plan) -> Tensor:
    """One depthwise convolution, transposed if it up-samples."""
    if plan.up == (1, 1):
        return _convolve(x, f.to(x.dtype), plan)
    if x.device.type == "cpu" and x.element_size() == 2:
        # oneDNN's transposed depthwise convolution takes twenty times longer in half precision.
        return _convolve_transposed(x.float(), f, plan).to(x.dtype)
    return _convolve_transposed(x, f.to(x.dtype), plan)


def _convolve(x: Tensor, f: Tensor, plan: Plan) -> Tensor:
    (top, bottom, left, right), c = plan.padding, x.shape[1]
    kernel = (f if plan.flip else f.flip(0, 1)).expand(c, 1, *f.shape)
    if top == bottom >= 0 and left == right >= 0:  # then the convolution itself pads, which makes no copy
        return F.conv2d(x, kernel, stride=plan.down, padding=(top, left), groups=c)
    return F.conv2d(_pad(x, (left, right, top, bottom)), kernel, stride=plan.down, groups=c)


def _convolve_transposed(x: Tensor, f: Tensor, plan: Plan) -> Tensor:
    """Each pixel paints the filter; what lies outside of the padded image is cropped."""
    (rows, columns), (up_y, up_x), (top, bottom, left, right) = f.shape, plan.up, plan.padding
    kernel = (f.flip(0, 1) if plan.flip else f).expand(x.shape[1], 1, rows, columns)
    crops = (left - columns + 1, right + up_x - columns, top - rows + 1, bottom + up_y - rows)  # negative: crop
    inside = (max(-max(crops[2:]), 0), max(-max(crops[:2]), 0))  # what both sides lose is not computed at all
    y = F.conv_transpose2d(x, kernel, stride=plan.up, padding=inside, groups=x.shape[1])
    rest = (crops[0] + inside[1], crops[1] + inside[1], crops[2] + inside[0], crops[3] + inside[0])
    y = _pad(y, rest) if any(rest) else y
    return y if plan.down == (1, 1) else y[:, :, :: plan.down[0], :: plan.down[1]]


def _pad(x: Tensor, margins: tuple[int, int, int, int]) -> Tensor:
    """`F.pad`, which crops first and cannot crop more than there is, even if the other side gets more than that."""
    left, right, top, bottom = margins
    if min(left, right) < -x.shape[3] or min(top, bottom) < -x.shape[2]:
        x = F.pad(x, (max(left, 0), max(right, 0), max(top, 0), max(bottom, 0)))
        margins = (min(left, 0), min(right, 0), min(top, 0), min(bottom, 0))
    return F.pad(x, margins)


def _taps(f: Tensor) -> tuple[int, int]:
    return (f.shape[0], f.shape[-1])


def _pair(value: Pair) -> tuple[int, int]:
    return (value, value) if isinstance(value, int) else value


def as_margins(value: Padding) -> tuple[int, int, int, int]:
    """A padding as (top, bottom, left, right)."""
    if isinstance(value, int):
        return (value, value, value, value)
    return value if len(value) == 4 else (value[0], value[0], value[1], value[1])
