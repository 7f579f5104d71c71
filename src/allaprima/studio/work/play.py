"""A real picture and a painted one, in files that differ in nothing but the picture."""

import secrets
import struct
import zlib
from functools import lru_cache
from typing import Any

from allaprima.data import ImageDataset
from allaprima.errors import DataError
from allaprima.studio.wish import Wish
from allaprima.studio.work.bench import Bench
from allaprima.studio.work.painting import encoded, pixels_of

END = 12  # bytes of a PNG's last chunk, and of any chunk without content
FILLING = b"paDd"  # a chunk that no reader needs: the cases of its letters say so
OPEN = 8  # datasets that are kept open


def fitting(bench: Bench, model: str) -> list[str]:
    """Names of the datasets whose pictures have the shape of the model's."""
    G = bench.generator(model)
    shape = (G.img_channels, G.img_height, G.img_width)
    return [name for name, path in bench.datasets.items() if _shape(path) == shape]


def pair(bench: Bench, model: str, dataset: str, seed: int, truncation: float) -> dict[str, Any]:
    """A round of the game: PNG files of ``real`` and ``painted``, of one length, and what the answer will tell.

    Raises:
        DataError: The dataset cannot be read, or its pictures have another shape.
    """
    if dataset not in fitting(bench, model):
        raise DataError(f"the pictures of {dataset} have another shape than those of {model}")
    images = _opened(bench.datasets[dataset], bench.generator(model).c_dim)
    pixels, label = images[secrets.randbelow(len(images))]
    number = _class_of(bench, model, label)
    classes = {} if number is None else {number: 1.0}
    wish = Wish(model=model, seed=seed, truncation=truncation, classes=classes)
    files = [encoded(each, "png") for each in (pixels, pixels_of(bench, [wish], {})[0])]
    length = max(map(len, files)) + END
    real, painted = (filled(file, length) for file in files)
    return {"real": real, "painted": painted, "class": number}


def filled(png: bytes, length: int) -> bytes:
    """The same picture in a file of that length, which is at least `END` bytes more: PNG, section 4.3."""
    content = FILLING + bytes(length - len(png) - END)
    chunk = struct.pack(">I", len(content) - len(FILLING)) + content + struct.pack(">I", zlib.crc32(content))
    return png[:-END] + chunk + png[-END:]


def _class_of(bench: Bench, model: str, label: Any) -> int | None:
    """The class to paint: that of the real picture if it has one that the model knows, or any."""
    c_dim = bench.generator(model).c_dim
    if not c_dim:
        return None
    return int(label.argmax()) if len(label) == c_dim else secrets.randbelow(c_dim)


def _shape(path: str) -> tuple[int, int, int] | None:
    try:
        return _opened(path, 0).image_shape
    except DataError:
        return None


@lru_cache(maxsize=OPEN)
def _opened(path: str, c_dim: int) -> ImageDataset:
    """A dataset, with its labels if they are classes of the model."""
    if c_dim:
        try:
            labelled = ImageDataset(path, use_labels=True)
        except DataError:
            return ImageDataset(path)
        if labelled.label_dim == c_dim:
            return labelled
    return ImageDataset(path)
