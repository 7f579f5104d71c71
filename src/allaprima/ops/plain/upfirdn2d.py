"""Up-sample by zero insertion, pad, filter, decimate: four steps, each of which makes its whole result.

Axes: n image, c channel, h w rows and columns. Pairs are (vertical, horizontal), paddings (top, bottom, left, right).
"""

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from allaprima.ops.upfirdn2d import Padding, Pair, as_margins


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
    """Do it in the order of the name; arguments as of `allaprima.ops.upfirdn2d`."""
    top, bottom, left, right = as_margins(padding)
    x = insert_zeros(x, _pair(up))
    x = F.pad(x, (max(left, 0), max(right, 0), max(top, 0), max(bottom, 0)))
    x = x[:, :, max(-top, 0) : x.shape[2] - max(-bottom, 0), max(-left, 0) : x.shape[3] - max(-right, 0)]
    x = _filter(x, torch.ones(1, 1, device=x.device) if f is None else f, flip=flip_filter, gain=gain)
    rows, columns = _pair(down)
    return x[:, :, ::rows, ::columns]


def upsample2d(x: Float[Tensor, "n c h w"], f: Tensor, *, up: int = 2) -> Float[Tensor, "n c h2 w2"]:
    """Enlarge ``up`` times, filtering with ``f``; the mean is kept."""
    (top, bottom), (left, right) = (((k + up - 1) // 2, (k - up) // 2) for k in _taps(f))
    return upfirdn2d(x, f, up=up, padding=(top, bottom, left, right), gain=up**2)


def downsample2d(x: Float[Tensor, "n c h w"], f: Tensor, *, down: int = 2) -> Float[Tensor, "n c h2 w2"]:
    """Shrink ``down`` times, filtering with ``f`` first."""
    (top, bottom), (left, right) = (((k - down + 1) // 2, (k - down) // 2) for k in _taps(f))
    return upfirdn2d(x, f, down=down, padding=(top, bottom, left, right))


def insert_zeros(x: Float[Tensor, "n c h w"], up: tuple[int, int]) -> Float[Tensor, "n c h2 w2"]:
    """Let zeros follow every pixel, to the right and below."""
    n, c, h, w = x.shape
    spread = F.pad(x.reshape(n, c, h, 1, w, 1), (0, up[1] - 1, 0, 0, 0, up[0] - 1))
    return spread.reshape(n, c, h * up[0], w * up[1])


def _filter(x: Tensor, f: Tensor, *, flip: bool, gain: float) -> Tensor:
    """Depthwise convolution with ``f`` where it overlaps the image wholly; a 1-D filter goes along both axes."""
    c = x.shape[1]
    f = (f * gain ** (f.ndim / 2)).to(x.dtype)
    f = f if flip else f.flip(list(range(f.ndim)))  # PyTorch's convolution correlates
    if f.ndim == 2:
        return F.conv2d(x, f.expand(c, 1, *f.shape), groups=c)
    x = F.conv2d(x, f[None, :].expand(c, 1, 1, -1), groups=c)
    return F.conv2d(x, f[:, None].expand(c, 1, -1, 1), groups=c)


def _pair(value: Pair) -> tuple[int, int]:
    return (value, value) if isinstance(value, int) else value


def _taps(f: Tensor) -> tuple[int, int]:
    return (f.shape[0], f.shape[-1])
