"""Words on pictures: a line under an image, names of the rows and columns of a sheet.

Pictures with words are for looking at: RGB, with alpha laid over a checkerboard or a colour.

Axes: n image, c channel, h w rows and columns.
"""

from collections.abc import Sequence

import numpy as np
from jaxtyping import UInt8
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont
from torch import Tensor

from allaprima.images.pixels import composite

PAPER, INK = (255, 255, 255), (40, 40, 40)
LETTER = 13  # pixels high
MARGIN = 4
PLAIN = str.maketrans({"×": "x", "−": "-", "ψ": "psi", "²": "2"})
"""What Pillow's own font writes instead of what it lacks."""


def to_rgb(images: UInt8[Tensor, "n c h w"], background: tuple[int, ...] | str = PAPER) -> UInt8[Tensor, "n 3 h w"]:
    """Any channels as one can look at them: alpha over a background, gray as gray, of five and more the first three."""
    seen = composite(images, background)
    return seen.expand(-1, 3, -1, -1) if seen.shape[1] == 1 else seen[:, :3]


def enlarge(images: UInt8[Tensor, "n c h w"], factor: int) -> UInt8[Tensor, "n c h2 w2"]:
    """Each pixel as a square of ``factor``²."""
    return images.repeat_interleave(factor, dim=2).repeat_interleave(factor, dim=3)


def letters(text: str, *, width: int | None = None, size: int = LETTER) -> NDArray[np.uint8]:
    """A line of text as [h, w, 3], dark on white, ``size`` pixels high.

    It is centred on ``width`` pixels, where these are given, and cut off there with an ellipsis.
    """
    font, text = ImageFont.load_default(size), text.translate(PLAIN)
    if width is not None:
        text = _fitted(text, font, width - 2)
    wide = int(np.ceil(font.getlength(text))) + 2 * MARGIN if width is None else width
    picture = Image.new("RGB", (max(wide, 1), size + 2 * MARGIN), PAPER)
    ImageDraw.Draw(picture).text((picture.width / 2, MARGIN + size), text, fill=INK, font=font, anchor="ms")
    return np.asarray(picture)


def caption(image: NDArray[np.uint8], text: str, *, size: int = LETTER) -> NDArray[np.uint8]:
    """``image``, an RGB picture [h, w, 3], with a line of text under it, ``size`` pixels high."""
    return np.concatenate([image, letters(text, width=image.shape[1], size=size)])


def lettered_grid(
    images: UInt8[Tensor, "n 3 h w"],
    columns: int,
    *,
    column_names: Sequence[str] = (),
    row_names: Sequence[str] = (),
    gap: int = 2,
    size: int = LETTER,
) -> NDArray[np.uint8]:
    """Images side by side on white, with names over the columns and before the rows.

    Args:
        images: RGB pictures, see `to_rgb`.
        columns: Images in a row; the last row may be shorter.
        column_names: One for each column, or none.
        row_names: One for each row, or none.
        gap: White pixels between images.
        size: Height of the letters.

    Returns:
        [height, width, 3].
    """
    count, _, height, width = images.shape
    rows = -(-count // columns)
    lines = [letters(name, size=size) for name in row_names]
    left = max((line.shape[1] for line in lines), default=0)
    top = size + 2 * MARGIN if column_names else 0
    step_y, step_x = height + gap, width + gap
    sheet = np.full((top + rows * step_y - gap, left + columns * step_x - gap, 3), 255, np.uint8)
    for index, name in enumerate(column_names):
        x = left + index * step_x
        sheet[:top, x : x + width] = letters(name, width=width, size=size)
    for index, line in enumerate(lines):
        y = top + index * step_y + max(0, (height - line.shape[0]) // 2)
        part = line[: sheet.shape[0] - y]
        sheet[y : y + part.shape[0], left - line.shape[1] : left] = part
    pixels = images.permute(0, 2, 3, 1).cpu().numpy()
    for index, image in enumerate(pixels):
        y, x = top + (index // columns) * step_y, left + (index % columns) * step_x
        sheet[y : y + height, x : x + width] = image
    return sheet


def _fitted(text: str, font: ImageFont.FreeTypeFont | ImageFont.ImageFont, width: int) -> str:
    if font.getlength(text) <= width:
        return text
    while text and font.getlength(text + "…") > width:
        text = text[:-1]
    return text + "…" if text else ""
