"""Pictures to mark."""

import io
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from allaprima.images.png import to_array


def smooth(height: int, width: int, channels: int = 3, seed: int = 0) -> NDArray[np.uint8]:
    """Clouds, of all brightnesses; alpha, if there is some, of soft edges."""
    chance = np.random.RandomState(seed)
    coarse = chance.randint(0, 256, (height // 6 + 2, width // 6 + 2, channels), dtype=np.uint8)
    layers = [
        np.asarray(Image.fromarray(coarse[:, :, index]).resize((width, height), Image.Resampling.BICUBIC))
        for index in range(channels)
    ]
    return np.stack(layers, axis=2)


def jpeg(picture: NDArray[np.uint8], quality: int = 80) -> NDArray[np.uint8]:
    """What comes out of a JPEG, over white where there is alpha."""
    image = Image.fromarray(picture[:, :, 0] if picture.shape[2] == 1 else picture)
    if picture.shape[2] in (2, 4):
        sheet = Image.new("RGB", image.size, (255, 255, 255))
        sheet.paste(image.convert("RGB"), mask=image.getchannel("A"))
        image = sheet
    return reopened(image, "JPEG", quality=quality)


def reopened(image: Image.Image, kind: str, **options: Any) -> NDArray[np.uint8]:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return to_array(Image.open(file))
