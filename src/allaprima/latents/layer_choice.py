"""Which layers a style, or a direction, is for: said by depth, number, range or name."""

import re
from collections.abc import Iterable, Sequence
from typing import Any, get_args

from allaprima.errors import LatentError
from allaprima.models.style_layers import Depth, style_layers

Layers = str | int | Sequence[str | int]
"""As ``coarse``, ``middle,fine``, ``0-3,7``, ``b16.conv0``, ``b16`` or ``all``; 3; [0, 1, "fine"]."""

DEPTHS: tuple[Depth, ...] = get_args(Depth)


def rows_of(G: Any, layers: Layers) -> list[int]:
    """The rows of ``ws`` that ``layers`` mean, in order and each once.

    Args:
        G: The generator, whose layers `allaprima.models.style_layers` names.
        layers: Text, its parts joined by commas: ``coarse``, ``middle`` or ``fine``; ``all``; the number of a row or a
            range of them (both ends count); the name of a layer, or what stands before the dot of several. Or a
            sequence of such texts and of numbers.

    Raises:
        LatentError: This generator has no such layer.
    """
    parts = [layers] if isinstance(layers, str | int) else layers
    rows: set[int] = set()
    for part in parts:
        texts = part.split(",") if isinstance(part, str) else [str(part)]
        for text in texts:
            rows.update(_rows_of_one(G, text.strip()))
    if not rows:
        raise LatentError("no layers were chosen: give coarse, middle, fine, all, numbers or names")
    return sorted(rows)


def depths_of(G: Any) -> list[Depth]:
    """Those of coarse, middle and fine that this generator has: a small one has no fine layers."""
    found = {layer.depth for layer in style_layers(G)}
    return [depth for depth in DEPTHS if depth in found]


def names_of(G: Any, rows: Iterable[int]) -> list[str]:
    """Names of the layers that read these rows of ``ws``."""
    layers = style_layers(G)
    return [layers[row].name for row in rows]


def _rows_of_one(G: Any, text: str) -> list[int]:
    layers = style_layers(G)
    if text == "all":
        return list(range(len(layers)))
    if text in DEPTHS:
        rows = [row for row, layer in enumerate(layers) if layer.depth == text]
        if not rows:
            raise LatentError(f"this model has no {text} layers: it has {' and '.join(depths_of(G))} ones")
        return rows
    if match := re.fullmatch(r"(\d{1,9})(?:\s*-\s*(\d{1,9}))?", text):
        first, last = int(match[1]), int(match[2] or match[1])
        if last < first:
            raise LatentError(f"the range of layers {text} runs backwards: write {last}-{first}")
        if last >= len(layers):
            raise LatentError(f"there is no layer {last}: this model has styles for layers 0 to {len(layers) - 1}")
        return list(range(first, last + 1))
    named = [row for row, layer in enumerate(layers) if text in (layer.name, layer.name.split(".")[0])]
    if not named:
        raise LatentError(
            f"there is no layer {text!r}: give {', '.join(depths_of(G))}, all, numbers from 0 to {len(layers) - 1},"
            f" or names ({', '.join(layer.name for layer in layers)})"
        )
    return named
