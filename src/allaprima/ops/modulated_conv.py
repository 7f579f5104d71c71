"""Modulated convolution: StyleGAN2 (Karras et al. 2020), section 2.2.

Axes: n image, i input channel, o output channel, k l kernel row and column, h w image row and column.
"""

from collections.abc import Callable

import torch
from einops import rearrange
from jaxtyping import Float
from torch import Tensor

from allaprima.allocator import give_back_pages
from allaprima.ops import fast
from allaprima.ops.cpu_choice import is_ours
from allaprima.ops.kept_conv import kept_conv2d
from allaprima.ops.kept_kernels import in_force, lasting_zeros
from allaprima.ops.resampled_conv import conv2d

Convolution = Callable[[Tensor, Tensor], Tensor]
KeptConvolution = Callable[[Tensor, Tensor, Tensor], Tensor | None]
EPS = 1e-8  # keeps the square root in equation 3 away from zero
SQUARES = 0.8  # ms that keeping a MB of them saves, measured
FEW_CHANNELS = 8  # of the output
SLICE = 2**18  # numbers of the kernel that are squared at once: 1 MB, for the cache


def demodulation(weight: Float[Tensor, "o i k l"], style: Float[Tensor, "n i"]) -> Float[Tensor, "n o"]:
    """The factor that brings each output channel back to unit variance (equation 3).

    The sum of squares of the modulated kernel is a product of the squared styles with the squared kernel, summed over
    k and l first: the tensor [n, o, i, k, l] is never made.
    """
    kept = in_force(weight) if weight.device.type == "cpu" else None
    if kept is not None:
        size = weight[:, :, 0, 0].nbytes
        squares = kept.get("squares", weight, _squares_to_keep, size=size, worth=SQUARES)
        if squares is not None:
            return (_sums(style.square(), squares[0]) + EPS).rsqrt()
    if not torch.is_grad_enabled() and not torch.compiler.is_compiling() and weight.device.type == "cpu":
        return _demodulation_in_slices(weight, style)
    return (style.square() @ _squares(weight).T + EPS).rsqrt()


def _sums(styles: Float[Tensor, "n i"], squares: Float[Tensor, "o i"]) -> Float[Tensor, "n o"]:
    if fast.serves_rows(styles, squares, None):
        return fast.map_rows(styles, squares, None, gain=1, bias_gain=1)
    return styles @ squares.T


def _squares(weight: Float[Tensor, "o i k l"]) -> Float[Tensor, "o i"]:
    return rearrange(weight.square(), "o i k l -> o i (k l)") @ weight.new_ones(weight.shape[2:].numel())


def _squares_to_keep(weight: Float[Tensor, "o i k l"]) -> tuple[Tensor]:
    """A slice at a time, so that neither all squares nor all pages of a mapped kernel are in memory at once."""
    squares = lasting_zeros(weight, *weight.shape[:2])
    for part, sums in zip(_slices(weight), _slices(squares, like=weight), strict=True):
        sums.copy_(_squares(part))
        give_back_pages(part.data_ptr(), part.nbytes)
    return (squares,)


def _slices(tensor: Tensor, like: Tensor | None = None) -> tuple[Tensor, ...]:
    """Some output channels of ``tensor`` at a time, as many as `SLICE` numbers of ``like`` have."""
    return torch.split(tensor, max(1, SLICE // max(1, (tensor if like is None else like)[:1].numel())))


def _demodulation_in_slices(weight: Tensor, style: Tensor) -> Tensor:
    """The squares of some output channels at a time, used before they leave the cache: in half of the time."""
    styles = style.square().repeat_interleave(weight.shape[2:].numel(), dim=1)
    sums = [styles @ part.square().flatten(1).T for part in _slices(weight)]
    return (torch.cat(sums, dim=1) + EPS).rsqrt()


def modulated_conv2d(
    x: Float[Tensor, "n i h w"],
    weight: Float[Tensor, "o i k l"],
    style: Float[Tensor, "n i"],
    *,
    demodulate: bool = True,
    convolve: Convolution = conv2d,
    gain: float = 1.0,
) -> Float[Tensor, "n o h2 w2"]:
    """Convolve every image of the batch with its own, style-scaled copy of ``weight``.

    Args:
        x: Feature maps, unit variance expected; float32, or half precision.
        weight: Shared kernel, float32; k and l odd.
        style: Scale of each input channel, per image, float32; 1 leaves the channel as it is.
        demodulate: Divide each output channel by the scale it is expected to have (equation 3).
            Off in ToRGB, whose output is a colour and must keep its scale.
        convolve: The convolution, perhaps one that changes the resolution.
        gain: Factor on the output.
    """
    if not demodulate:
        return _modulate_and_convolve(x, weight, style * gain, convolve)
    y, scale = demodulating_conv2d(x, weight, style, convolve=convolve)
    return y * _per_channel(scale * gain, y)


def demodulating_conv2d(
    x: Float[Tensor, "n i h w"],
    weight: Float[Tensor, "o i k l"],
    style: Float[Tensor, "n i"],
    *,
    convolve: Convolution = conv2d,
    kept: KeptConvolution | None = None,
) -> tuple[Float[Tensor, "n o h2 w2"], Float[Tensor, "n o"]]:
    """`modulated_conv2d` before its last step: the output, and the factor by which each channel is to be multiplied.

    Args:
        x: As the others, an argument of `modulated_conv2d`.
        weight: As there.
        style: As there.
        convolve: As there.
        kept: ``convolve`` of x, kernel and style, with what is kept of the kernel; it gives None where that is nothing.
    """
    if x.element_size() == 2:  # equal after demodulation, and far from the end of half's range
        weight = weight / (weight.shape[1:].numel() ** 0.5 * weight.abs().amax(dim=(1, 2, 3), keepdim=True))
        style = style / style.abs().amax(dim=1, keepdim=True)
    return _modulate_and_convolve(x, weight, style, convolve, kept), demodulation(weight, style)


def _modulate_and_convolve(
    x: Tensor, weight: Tensor, style: Tensor, convolve: Convolution, kept: KeptConvolution | None = None
) -> Tensor:
    """Scale the image's channels, which is scaling the kernel's (equation 1), so that one convolution serves the batch.

    Demodulating the kernel's output channels likewise is scaling the result's.
    """
    kept = _kept_conv2d if convolve is conv2d else kept
    y = None if kept is None else kept(x, weight, style)
    if y is not None:
        return y
    if _is_one_large_image(x, weight):
        return convolve(x, (weight * style[0, :, None, None]).to(x.dtype))
    if _are_large_images_for_few_channels(x, weight):
        images = (convolve(x[j : j + 1], weight * style[j, :, None, None]) for j in range(len(x)))
        return torch.cat(list(images))
    return convolve(x * _per_channel(style, x), weight.to(x.dtype))


def _kept_conv2d(x: Tensor, weight: Tensor, style: Tensor) -> Tensor | None:
    return kept_conv2d(x, weight, padding=weight.shape[2] // 2, style=style)


def _is_one_large_image(x: Tensor, weight: Tensor) -> bool:
    """Whether scaling the kernel is less work; never in an exported program, which takes any number of images."""
    return not torch.compiler.is_compiling() and x.shape[0] == 1 and weight.numel() < x.numel()


def _are_large_images_for_few_channels(x: Tensor, weight: Tensor) -> bool:
    """Whether, on a CPU, a copy of the images would take longer than all products: with the kernels of colours."""
    if not is_ours(x) or torch.is_grad_enabled() or weight.shape[2:] != (1, 1):
        return False
    return len(weight) <= FEW_CHANNELS and weight.numel() < x[0].numel()


def _per_channel(scale: Tensor, x: Tensor) -> Tensor:
    return scale.to(x.dtype)[:, :, None, None]
