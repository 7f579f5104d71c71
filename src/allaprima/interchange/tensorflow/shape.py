"""Sizes that a TensorFlow network tells by its variables: the base grid, and how many feature maps there are where."""

import math
from collections.abc import Mapping
from typing import Any

from allaprima.errors import ModelFileError
from allaprima.interchange.channel_table import fit_channels
from allaprima.interchange.keywords import Keywords
from allaprima.models.geometry import Geometry, channels_at

Size = tuple[int, int]  # height, width
SIZES = ("resolution", "resolution_h", "resolution_w", "min_h", "min_w", "init_res", "res_log2")


def image_fields(base: Size, doublings: int) -> dict[str, Any]:
    """Height and width of the images, and how often the base grid is doubled, if that is not our own rule."""
    height, width = base[0] << doublings, base[1] << doublings
    is_ours = Geometry(height, width).doublings == doublings
    return {"height": height, "width": width, "doublings": None if is_ours else doublings}


def fields_of_our_base(base: Size, doublings: int) -> dict[str, Any]:
    """As `image_fields`, for networks that start at a base grid of our rule and no other."""
    fields = image_fields(base, doublings)
    if fields.pop("doublings") is not None:
        shape, image = f"{base[0]}×{base[1]}", f"{fields['height']}×{fields['width']}"
        raise ModelFileError(f"the file has a network that begins at {shape}, where ours of {image} pixels does not")
    return fields


def base_of_area(area: int, keywords: Keywords, doublings: int, known: Size | None = None) -> Size:
    """The base grid of so many pixels: that of the other network, or what the keyword arguments say, or a square."""
    side = math.isqrt(area)
    for height, width in [*([known] if known else []), *_said(keywords, doublings), (side, side)]:
        if height * width == area and height > 0:
            return height, width
    raise ModelFileError(f"the file has a network that begins with {area} pixels, and does not say of what shape")


def _said(keywords: Keywords, doublings: int) -> list[Size]:
    """Base grids that keyword arguments speak of, in the words of several forks."""
    sizes: list[Size] = []
    match keywords.left.get("init_res"):
        case [int(height), int(width)]:
            sizes.append((height, width))
    for rows, columns, halvings in (("min_h", "min_w", 0), ("resolution_h", "resolution_w", doublings)):
        match keywords.left.get(rows), keywords.left.get(columns):
            case int(height), int(width):
                sizes.append((height >> halvings, width >> halvings))
    return sizes


def channel_fields(widths: Mapping[int, int], keywords: Keywords, *, fmap_base: int) -> dict[str, int]:
    """The rule that gives the feature maps that there are, by resolution: the file's own, or any that does.

    Args:
        widths: Feature maps at each resolution.
        keywords: Of the network; ``fmap_base`` and ``fmap_max`` are taken, if they say what there is.
        fmap_base: What the program had if the file does not say.
    """
    said = int(2 * keywords.number("fmap_base", fmap_base)), keywords.integer("fmap_max", 512)
    keywords.ignore("fmap_decay", "fmap_min")
    if any(channels_at(r, base=said[0], maximum=said[1]) != n for r, n in widths.items()):
        said = fit_channels(widths, usual=said[0])
    return {"channel_base": said[0], "channel_max": said[1]}
