"""Whatever a file holds becomes one of four modes: L, LA, RGB or RGBA, eight bits per channel."""

import numpy as np
from PIL import Image

CHANNELS_OF_MODE = {"L": 1, "LA": 2, "RGB": 3, "RGBA": 4}
"""The four modes that leave this package, and their number of channels."""

_SAME_PICTURE = {"1": "L", "La": "LA", "PA": "RGBA", "RGBa": "RGBA"}


def to_plain_mode(image: Image.Image) -> Image.Image:
    """Convert to L, LA, RGB or RGBA without losing transparency.

    Palettes become colours, deep grays are scaled to eight bits, CMYK, YCbCr, LAB and HSV become RGB.

    Raises:
        ValueError: The values are not pictures (32-bit numbers out of any known range).
    """
    if image.mode in CHANNELS_OF_MODE and "transparency" not in image.info:
        return image
    if image.mode.startswith("I") or image.mode == "F":
        return _from_deep_gray(image)
    if image.mode in ("1", "L") and image.has_transparency_data:
        return image.convert("LA")
    if image.mode in ("P", "RGB") and image.has_transparency_data:
        return image.convert("RGBA")
    return image.convert(_SAME_PICTURE.get(image.mode, image.mode if image.mode in CHANNELS_OF_MODE else "RGB"))


def mode_of(num_channels: int) -> str:
    """Name the mode of 1, 2, 3 or 4 channels."""
    for mode, channels in CHANNELS_OF_MODE.items():
        if channels == num_channels:
            return mode
    raise ValueError(f"an image file has 1, 2, 3 or 4 channels, not {num_channels}")


def _from_deep_gray(image: Image.Image) -> Image.Image:
    """Scale 16-bit integers (0..65535) or floats (0..1, or 0..255) to eight bits."""
    values = np.asarray(image).astype(np.float64)
    low, high = float(values.min()), float(values.max())
    full = 65535.0 if image.mode != "F" else 1.0 if high <= 1 else 255.0
    if not (low >= 0 and high <= full):
        raise ValueError(f"gray values from {low:g} to {high:g} are not within 0 to {full:g}")
    return Image.fromarray(np.rint(values * (255 / full)).astype(np.uint8))
