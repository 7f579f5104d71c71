"""Bytes to pixels to tensors, and back: alpha, grids, PNG files."""

from allaprima.images.grid import grid, sheet_shape
from allaprima.images.lettering import caption, enlarge, lettered_grid, letters, to_rgb
from allaprima.images.pixels import composite, has_alpha, to_network, to_pixels
from allaprima.images.png import encode_png, read_image, write_png

__all__ = [
    "caption",
    "composite",
    "encode_png",
    "enlarge",
    "grid",
    "has_alpha",
    "lettered_grid",
    "letters",
    "read_image",
    "sheet_shape",
    "to_network",
    "to_pixels",
    "to_rgb",
    "write_png",
]
