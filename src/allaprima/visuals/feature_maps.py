"""Feature maps of any layer: their principal components as colours, and the strongest channels one by one.

Axes: n image, s style, d size of w, c channel, h w rows and columns, p pixel.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from einops import rearrange
from jaxtyping import Float, UInt8
from numpy.typing import NDArray
from torch import Tensor

from allaprima.errors import ConfigError
from allaprima.models import feature_layers, recording
from allaprima.visuals.display import Tile, grid_size, resized, sheet, shown_size, signed, wordless
from allaprima.visuals.picture import Picture, Section
from allaprima.visuals.subject import Subject

TITLE = "Feature maps: what the layers hand on"
STRONGEST = 6  # channels of each layer on the sheet
REACH = 2.5  # standard deviations from middle gray to black or white


def feature_maps(G: Any, ws: Float[Tensor, "n s d"], layer: str) -> Float[Tensor, "n c h w"]:
    """What a layer of `allaprima.models.feature_layers` hands on while ``G`` paints images of the styles ``ws``.

    Raises:
        ConfigError: The generator has no layer of that name.
    """
    if layer not in (known := feature_layers(G)):
        raise ConfigError(f"there is no layer {layer!r} with feature maps: this generator has {', '.join(known)}")
    with torch.inference_mode(), recording(G, [layer]) as kept:
        G.synthesis(ws, noise_mode="const")
    return kept[layer].float().cpu()


def principal_colours(maps: Float[Tensor, "n c h w"]) -> tuple[UInt8[Tensor, "n 3 h w"], float]:
    """The first three principal components of the channels as red, green and blue, each at full contrast.

    The components are those of all pixels of all images together, so that one colour means the same in each of them.

    Returns:
        The pictures, and the share of the variance that the three components hold.
    """
    pixels = rearrange(maps, "n c h w -> (n h w) c").double()
    centred = pixels - pixels.mean(dim=0)
    variances, directions = torch.linalg.eigh(centred.T @ centred / len(centred))
    variances, directions = variances.flip(0)[:3].clamp(min=0), directions.flip(1)[:, :3]
    largest = directions.abs().argmax(dim=0)
    directions = directions * directions[largest, torch.arange(directions.shape[1])].sign()  # else the sign is chance
    scores = centred @ directions / (REACH * variances.sqrt().clamp(min=1e-12))
    if scores.shape[1] < 3:
        scores = scores[:, :1].expand(-1, 3)
    n, _, h, w = maps.shape
    total = centred.square().mean(dim=0).sum().clamp(min=1e-12)
    return signed(rearrange(scores, "(n h w) c -> n c h w", n=n, h=h, w=w), 1.0), float(variances.sum() / total)


def strongest_channels(maps: Float[Tensor, "n c h w"], count: int = STRONGEST) -> list[int]:
    """The channels that vary most over the pixels, strongest first."""
    strength = maps.var(dim=(2, 3), correction=0).mean(dim=0)
    return [int(channel) for channel in strength.argsort(descending=True)[:count]]


def channel_tiles(maps: Float[Tensor, "c h w"], channels: Sequence[int], size: tuple[int, int]) -> list[Tile]:
    """One gray picture for each channel: its mean is middle gray, 2.5 standard deviations are black and white."""
    tiles = []
    for channel in channels:
        centred = maps[channel] - maps[channel].mean()
        deviation = float(centred.square().mean().sqrt())
        picture = resized(signed(centred[None, None], REACH * deviation), size)[0]
        tiles.append((picture, f"channel {channel}"))
    return tiles


def channel_sheet(
    G: Any, ws: Float[Tensor, "n s d"], layer: str, channels: Sequence[int] | None = None
) -> NDArray[np.uint8]:
    """Chosen channels of one layer of ``G`` (or its strongest), a row for each image of ``ws``: [height, width, 3].

    Raises:
        ConfigError: The generator has no such layer, or the layer no such channel.
    """
    maps = feature_maps(G, ws, layer)
    chosen = strongest_channels(maps) if channels is None else list(channels)
    if wrong := [channel for channel in chosen if not 0 <= channel < maps.shape[1]]:
        raise ConfigError(f"there is no channel {wrong[0]} in {layer}: it has 0 to {maps.shape[1] - 1}")
    size = shown_size(G.img_height, G.img_width)
    return sheet([channel_tiles(image, chosen, size) for image in maps])


def layer_name(layer: str, maps: Tensor) -> str:
    """What a sheet calls a layer."""
    return f"{short_name(layer)}  {grid_size(maps.shape[2], maps.shape[3])}"


def short_name(layer: str) -> str:
    """A layer's name without the network's."""
    return layer.removeprefix("synthesis.")


def features_section(subject: Subject) -> Section:
    """Principal components of all layers for all seeds, and the strongest channels for the first seed."""
    G, ws = subject.G, subject.ws()
    size = shown_size(G.img_height, G.img_width)
    names, colours, channels = [], [], []
    table = [("layer", "grid", "channels", "variance in three components")]
    for layer in feature_layers(G):
        maps = feature_maps(G, ws, layer)
        pictures, share = principal_colours(maps)
        names.append(layer_name(layer, maps))
        colours.append(wordless(list(resized(pictures, size))))
        channels.append(_filled(channel_tiles(maps[0], strongest_channels(maps[:1]), size)))
        table.append((layer, grid_size(maps.shape[2], maps.shape[3]), f"{maps.shape[1]}", f"{share:.0%}"))
    return Section(
        name="features",
        title=TITLE,
        text=(TEXT,),
        pictures=(
            Picture(
                name="features-principal",
                caption=PRINCIPAL,
                image=sheet(colours, column_names=subject.names, row_names=names),
            ),
            Picture(
                name="features-channels",
                caption=f"The channels of each layer that vary most, for seed {subject.seeds[0]}, strongest first."
                + GRAY,
                image=sheet(channels, row_names=names),
            ),
        ),
        table=tuple(table),
    )


def _filled(tiles: list[Tile]) -> list[Tile]:
    """A row of the sheet's length: a layer may have fewer channels."""
    empty = torch.full_like(tiles[0][0], 255)
    return tiles + [(empty, "")] * (STRONGEST - len(tiles))


TEXT = (
    "A layer hands on a stack of images, its feature maps; the next layer paints from them. In code:"
    " allaprima.visuals.feature_maps(G, ws, layer) gives them as a tensor, channel_sheet(G, ws, layer, channels) as a"
    " picture; the names of the layers are in the table."
)
PRINCIPAL = (
    "Each layer's feature maps as colours, coarse at the top: the three directions in which its channels vary most are"
    " shown as red, green and blue. Places of one colour are alike to the layer, also from seed to seed; the colours"
    " have no meaning otherwise, and cannot be compared between rows."
)
GRAY = (
    " Middle gray is the channel's mean; black and white are 2.5 standard deviations away. Where a channel shows an"
    " outline or a part of the object, that layer already knows of it."
)
