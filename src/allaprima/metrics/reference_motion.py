"""Images shifted and turned as exactly as pixels allow: what equivariance is measured against.

Karras et al. (2021), appendix E.3. An image stands for a continuous signal whose frequencies are at most half of its
sampling rate along each axis. Sampling it elsewhere takes a sinc filter, here windowed by Lanczos' window with a = 3.
A turned image has other limits of frequency, and only what lies within both can be compared.

Axes: n image, c channel, h w rows and columns, k l rows and columns of a filter.
"""

import math
from typing import NamedTuple

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

A = 3  # lobes of Lanczos' window
FINE = 4  # samples between two pixels that a turned image is first computed at
GRID = 64  # half of the pixels of the periodic grid on which filters are convolved


class Seen(NamedTuple):
    """Images, and 1 where their pixels are sure and 0 where they would need some from beyond the border."""

    images: Tensor
    mask: Tensor


def shifted_by_pixels(images: Float[Tensor, "n c h w"], down: int, right: int) -> Seen:
    """Moved by whole pixels."""
    ones = torch.ones_like(images[:1, :1])
    return Seen(_moved(images, down, right), _moved(ones, down, right))


def shifted(images: Float[Tensor, "n c h w"], down: float, right: float) -> Seen:
    """Moved by any number of pixels, by a separable sinc filter in Lanczos' window."""
    rows, columns = math.floor(down), math.floor(right)
    moved = _moved(images, rows, columns)
    taps = torch.arange(-A, A, dtype=images.dtype, device=images.device)
    for axis, part in ((2, down - rows), (3, right - columns)):
        moved = _along(moved, torch.sinc(taps + part) * torch.sinc((taps + part) / A), axis)
    inside = _moved(torch.ones_like(images[:1, :1]), rows, columns)
    ones = torch.ones(2 * A, dtype=images.dtype, device=images.device)
    for axis in (2, 3):
        inside = _along(inside, ones, axis)
    return Seen(moved, (inside >= 4 * A * A - 0.5).to(images.dtype))


def turned(images: Float[Tensor, "n c h w"], angle: float) -> Seen:
    """Turned about the centre by ``angle``, clockwise, and freed of what it cannot show both before and after.

    It is computed at four times the pixels, and taken bilinearly from there, as in the original.
    """
    kernel = both_bands(angle, FINE).to(images)
    reach = kernel.shape[0] // 2
    fine = _refined(images, kernel)
    rows, columns = _sources(images, angle)
    y, x = rows * FINE + reach, columns * FINE + reach  # the place of pixel (0, 0) on the fine grid is (reach, reach)
    values = _bilinear(fine, y, x)
    border = reach / FINE
    height, width = images.shape[2:]
    sure = (rows >= border) & (rows <= height - 1 - border) & (columns >= border) & (columns <= width - 1 - border)
    return Seen(values, sure.to(images.dtype)[None, None])


def as_if_turned(images: Float[Tensor, "n c h w"], angle: float) -> Seen:
    """Images that a generator turned by ``angle``, freed of what could not be seen both before and after."""
    kernel = both_bands(-angle, 1).to(images)
    reach = kernel.shape[0] // 2
    channels = images.shape[1]
    filtered = F.conv2d(images, kernel.expand(channels, 1, -1, -1), padding=reach, groups=channels)
    mask = torch.zeros_like(images[:1, :1])
    mask[:, :, reach : images.shape[2] - reach, reach : images.shape[3] - reach] = 1
    return Seen(filtered, mask)


def both_bands(angle: float, fine: int) -> Float[Tensor, "k k"]:
    """A low-pass filter that passes what is within the square of frequencies, and within the turned one.

    Each is a product of two sincs; the filter is their convolution, times that of both windows. It has ``fine`` taps a
    pixel, and passes constants unchanged at each of its phases.
    """
    count = 2 * GRID * fine
    taps = (torch.arange(count, dtype=torch.float64) - count // 2) / fine
    y, x = torch.meshgrid(taps, taps, indexing="ij")
    cos, sin = math.cos(angle), math.sin(angle)
    turned_x, turned_y = cos * x - sin * y, sin * x + cos * y
    sincs = _convolved(torch.sinc(x) * torch.sinc(y), torch.sinc(turned_x) * torch.sinc(turned_y))
    windows = _convolved(_window(x) * _window(y), _window(turned_x) * _window(turned_y))
    reach = 2 * A * fine - 1
    middle = slice(count // 2 - reach, count // 2 + reach + 1)
    kernel = F.pad((sincs * windows)[middle, middle], (0, 1, 0, 1))
    phases = kernel.view(4 * A, fine, 4 * A, fine)
    taps_of_all = phases / phases.sum(dim=(0, 2), keepdim=True)
    return taps_of_all.reshape(4 * A * fine, 4 * A * fine)[:-1, :-1]


def _window(x: Tensor) -> Tensor:
    return torch.where(x.abs() < A, torch.sinc(x / A), 0)


def _convolved(a: Tensor, b: Tensor) -> Tensor:
    """Of two signals on a periodic grid, both centred on the middle."""
    product: Tensor = torch.fft.ifft2(torch.fft.fft2(a) * torch.fft.fft2(b)).real
    return product.roll((a.shape[0] // 2, a.shape[1] // 2), dims=(0, 1))


def _moved(images: Tensor, down: int, right: int) -> Tensor:
    """Zeros come in from beyond the border."""
    height, width = images.shape[2:]
    result = torch.zeros_like(images)
    if abs(down) >= height or abs(right) >= width:
        return result
    to = (slice(max(down, 0), height + min(down, 0)), slice(max(right, 0), width + min(right, 0)))
    of = (slice(max(-down, 0), height + min(-down, 0)), slice(max(-right, 0), width + min(-right, 0)))
    result[:, :, to[0], to[1]] = images[:, :, of[0], of[1]]
    return result


def _along(images: Tensor, kernel: Tensor, axis: int) -> Tensor:
    """Correlate with taps at the places -A … A - 1 around each pixel."""
    channels = images.shape[1]
    shape = (-1, 1) if axis == 2 else (1, -1)
    padding = (0, 0, A, A - 1) if axis == 2 else (A, A - 1, 0, 0)
    return F.conv2d(F.pad(images, padding), kernel.view(1, 1, *shape).expand(channels, 1, -1, -1), groups=channels)


def _refined(images: Tensor, kernel: Tensor) -> Tensor:
    """At `FINE` times the pixels, with the filter's reach around: pixel (i, j) is at FINE · (i, j) + reach."""
    channels = images.shape[1]
    return F.conv_transpose2d(images, kernel.expand(channels, 1, -1, -1), stride=FINE, groups=channels)


def _sources(images: Tensor, angle: float) -> tuple[Tensor, Tensor]:
    """Where each pixel of the turned image was before, in rows and columns; rows run downwards."""
    height, width = images.shape[2:]
    rows, columns = (
        torch.arange(side, dtype=torch.float64, device=images.device) - (side - 1) / 2 for side in (height, width)
    )
    y, x = torch.meshgrid(rows, columns, indexing="ij")
    cos, sin = math.cos(angle), math.sin(angle)
    return -sin * x + cos * y + (height - 1) / 2, cos * x + sin * y + (width - 1) / 2


def _bilinear(images: Tensor, y: Tensor, x: Tensor) -> Tensor:
    height, width = images.shape[2:]
    grid = torch.stack([(2 * x + 1) / width - 1, (2 * y + 1) / height - 1], dim=2).to(images.dtype)
    grid = grid.expand(len(images), -1, -1, -1)
    return F.grid_sample(images, grid, mode="bilinear", padding_mode="zeros", align_corners=False)
