"""Pixels (uint8, straight alpha) to the network's range (float, premultiplied alpha), and back.

A network that paints with alpha must not be asked for the colour of what nobody sees: its colours are premultiplied,
so that full transparency is -1 in every channel and an edge blends linearly. Files hold straight alpha.

Axes: n image, c channel (alpha last), h w row and column.
"""

import torch
from jaxtyping import Float, UInt8
from torch import Tensor

CHECKER_SQUARE = 8
"""Side of one square of the checkerboard, in pixels."""

CHECKER_GRAYS = (204, 255)
"""The two grays of the checkerboard."""


def has_alpha(num_channels: int) -> bool:
    """Tell whether the last of ``num_channels`` is alpha: 2 is gray + alpha, 4 is RGBA, nothing else has it."""
    return num_channels in (2, 4)


def to_network(images: UInt8[Tensor, "n c h w"]) -> Float[Tensor, "n c h w"]:
    """Map pixels 0..255 to float32 in [-1, 1] (x / 127.5 - 1), colours premultiplied where there is alpha."""
    x = images.to(torch.float32)
    if has_alpha(images.shape[1]):
        colours, alpha = x[:, :-1], x[:, -1:]
        x = torch.cat([colours * (alpha / 255), alpha], dim=1)
    return x / 127.5 - 1


def to_pixels(images: Float[Tensor, "n c h w"]) -> UInt8[Tensor, "n c h w"]:
    """Map [-1, 1] to 0..255 as the reference tools do: x * 127.5 + 128, clamped, truncated; straight alpha out.

    ``to_pixels(to_network(p))`` is ``p``, but for colours under zero alpha, which become 0. Values must be finite: what
    becomes of a NaN is undefined, and is not looked for, as this runs on every image.
    """
    x = images.to(torch.float32)
    if not has_alpha(images.shape[1]):
        return (x * 127.5 + 128).clamp(0, 255).to(torch.uint8)
    alpha = (x[:, -1:] * 127.5 + 128).clamp(0, 255).floor()
    premultiplied = (x[:, :-1] * 127.5 + 127.5).clamp(min=0)
    straight = torch.where(alpha > 0, premultiplied * (255 / alpha.clamp(min=1)) + 0.5, 0)
    return torch.cat([straight.clamp(0, 255), alpha], dim=1).to(torch.uint8)


def composite(
    pixels: UInt8[Tensor, "n c h w"], background: tuple[int, ...] | str = (255, 255, 255)
) -> UInt8[Tensor, "n d h w"]:
    """Lay pixels with alpha over a background, for previews; pixels without alpha come back as they are.

    Args:
        pixels: Straight alpha.
        background: A colour, 0..255 per channel (for gray images its mean), or ``"checker"``.

    Returns:
        The colour channels alone: 1 for gray + alpha, 3 for RGBA.
    """
    if not has_alpha(pixels.shape[1]):
        return pixels
    colours, alpha = pixels[:, :-1].to(torch.int32), pixels[:, -1:].to(torch.int32)
    under = _background(colours, background)
    return ((colours * alpha + under * (255 - alpha) + 127) // 255).to(torch.uint8)


def _background(colours: Tensor, background: tuple[int, ...] | str) -> Tensor:
    """Make what lies under ``colours``, broadcastable to it: int32 [1, c or 1, h or 1, w or 1]."""
    if isinstance(background, str):
        if background != "checker":
            raise ValueError(f"background is {background!r}, but must be a colour or 'checker'")
        return _checker(colours.shape[2], colours.shape[3], colours.device)
    channels = colours.shape[1]
    values = background if len(background) == channels else (round(sum(background) / len(background)),) * channels
    return torch.tensor(values, dtype=torch.int32, device=colours.device).view(1, channels, 1, 1)


def _checker(height: int, width: int, device: torch.device) -> Tensor:
    rows = torch.arange(height, device=device).view(1, 1, height, 1) // CHECKER_SQUARE
    columns = torch.arange(width, device=device).view(1, 1, 1, width) // CHECKER_SQUARE
    dark, light = CHECKER_GRAYS
    return torch.where((rows + columns) % 2 == 0, light, dark).to(torch.int32)
