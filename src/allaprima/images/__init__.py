"""Bytes to pixels to tensors, and back: alpha, grids, PNG files."""

from allaprima.images.grid import grid, sheet_shape
from allaprima.images.pixels import composite, has_alpha, to_network, to_pixels
from allaprima.images.png import encode_png, read_image, write_png

__all__ = [
    "composite",
    "encode_png",
    "grid",
    "has_alpha",
    "read_image",
    "sheet_shape",
    "to_network",
    "to_pixels",
    "write_png",
]
