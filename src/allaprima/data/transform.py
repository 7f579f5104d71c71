"""Pictures to one size and one mode.

Axes: sizes are (height, width), height first; Pillow's own are (width, height).
"""

from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from allaprima.images.modes import CHANNELS_OF_MODE, mode_of
from allaprima.images.pixels import has_alpha

Fit = Literal["crop", "pad", "stretch", "tile"]
"""How a picture of another aspect ratio comes to the size wanted."""

Box = tuple[float, float, float, float]
"""Left, top, right, bottom, in pixels of the picture."""


def to_channels(image: Image.Image, num_channels: int) -> Image.Image:
    """Change the mode: alpha is added opaque, or taken away over white; colours become gray by ITU-R 601 luma."""
    if CHANNELS_OF_MODE[image.mode] == num_channels:
        return image
    if image.mode in ("LA", "RGBA") and not has_alpha(num_channels):
        white = Image.new("RGBA", image.size, "white")
        image = Image.alpha_composite(white, image.convert("RGBA")).convert(image.mode[:-1])
    return image.convert(mode_of(num_channels))


def fitted(image: Image.Image, height: int, width: int, fit: Fit) -> list[Image.Image]:
    """Bring a picture (L, LA, RGB, RGBA) to height × width.

    - crop: the largest centred part of the right shape, scaled.
    - pad: the whole picture, scaled to fit in; the rest is transparent, or of the border's median colour.
    - stretch: the whole picture, its shape not kept.
    - tile: as many pieces of that size as there are side by side, centred, not scaled; perhaps none.
    """
    if fit == "tile":
        return _tiles(image, height, width)
    if image.size == (width, height):
        return [image]
    if fit == "pad":
        return [_padded(image, height, width)]
    box = _centred_box(image, height, width) if fit == "crop" else None
    return [resize(image, height, width, box)]


def resize(image: Image.Image, height: int, width: int, box: Box | None = None) -> Image.Image:
    """Resize ``box`` of a picture (all of it by default) with Lanczos' filter.

    With alpha it works in floating point on premultiplied colours, so that the colour of what is transparent does not
    bleed into what is not, and a flat colour stays exactly that.
    """
    if not has_alpha(CHANNELS_OF_MODE[image.mode]):
        return image.resize((width, height), Image.Resampling.LANCZOS, box)
    straight = np.asarray(image, dtype=np.float32)
    colours, alpha = straight[..., :-1], straight[..., -1:]
    planes = np.concatenate([colours * (alpha / 255), alpha], axis=-1)
    small = np.stack([_resize_plane(planes[..., i], height, width, box) for i in range(planes.shape[-1])], axis=-1)
    return _unpremultiplied(small)


def _resize_plane(plane: NDArray[np.float32], height: int, width: int, box: Box | None) -> NDArray[np.float32]:
    picture = Image.fromarray(np.ascontiguousarray(plane))
    return np.asarray(picture.resize((width, height), Image.Resampling.LANCZOS, box))


def _unpremultiplied(planes: NDArray[np.float32]) -> Image.Image:
    """Make straight 8-bit pixels of premultiplied float planes; colours are 0 where alpha rounds to 0."""
    colours, alpha = planes[..., :-1], planes[..., -1:]
    visible = alpha >= 0.5
    straight = np.where(visible, colours * (255 / np.where(visible, alpha, 1)), 0)
    pixels = np.concatenate([straight, np.where(visible, alpha, 0)], axis=-1)
    return Image.fromarray(np.rint(pixels.clip(0, 255)).astype(np.uint8))


def _centred_box(image: Image.Image, height: int, width: int) -> Box:
    scale = min(image.width / width, image.height / height)
    left, top = (image.width - width * scale) / 2, (image.height - height * scale) / 2
    return max(left, 0), max(top, 0), min(left + width * scale, image.width), min(top + height * scale, image.height)


def _padded(image: Image.Image, height: int, width: int) -> Image.Image:
    scale = min(width / image.width, height / image.height)
    inner_width, inner_height = max(round(image.width * scale), 1), max(round(image.height * scale), 1)
    canvas = Image.new(image.mode, (width, height), _border_colour(image))
    canvas.paste(resize(image, inner_height, inner_width), ((width - inner_width) // 2, (height - inner_height) // 2))
    return canvas


def _border_colour(image: Image.Image) -> tuple[int, ...]:
    channels = CHANNELS_OF_MODE[image.mode]
    if has_alpha(channels):
        return (0,) * channels
    pixels = np.asarray(image).reshape(image.height, image.width, channels)
    border = np.concatenate([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]])
    return tuple(int(value) for value in np.median(border, axis=0))


def _tiles(image: Image.Image, height: int, width: int) -> list[Image.Image]:
    rows, columns = image.height // height, image.width // width
    top, left = (image.height - rows * height) // 2, (image.width - columns * width) // 2
    corners = [(left + c * width, top + r * height) for r in range(rows) for c in range(columns)]
    return [image.crop((x, y, x + width, y + height)) for x, y in corners]
