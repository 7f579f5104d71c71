"""Small datasets, made when a test runs."""

import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from allaprima.images import encode_png, write_png

Pixels = NDArray[np.uint8]


@pytest.fixture
def picture() -> Callable[..., Pixels]:
    """Makes pixels [height, width, channels] that depend on a seed alone."""

    def make(seed: int = 0, height: int = 6, width: int = 4, channels: int = 3) -> Pixels:
        return np.random.RandomState(seed).randint(0, 256, (height, width, channels), dtype=np.uint8)

    return make


@pytest.fixture
def make_folder(tmp_path: Path, picture: Callable[..., Pixels]) -> Callable[..., Path]:
    """Makes a folder of PNGs: names and, if wanted, shapes (height, width, channels)."""

    def make(names: list[str], shapes: dict[str, tuple[int, int, int]] | None = None, folder: str = "images") -> Path:
        root = tmp_path / folder
        for i, name in enumerate(names):
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            write_png(root / name, picture(i, *(shapes or {}).get(name, (6, 4, 3))))
        return root

    return make


@pytest.fixture
def make_archive(tmp_path: Path, picture: Callable[..., Pixels]) -> Callable[..., Path]:
    """Makes an archive in the ecosystem's format, written by hand."""

    def make(count: int = 5, labels: Any = None, channels: int = 3, name: str = "set.zip", **more: Any) -> Path:
        path = tmp_path / name
        names = [f"00000/img{i:08d}.png" for i in range(count)]
        with zipfile.ZipFile(path, "w") as archive:
            for i, image in enumerate(names):
                archive.writestr(image, encode_png(picture(i, channels=channels)))
            pairs = None if labels is None else [list(pair) for pair in zip(names, labels, strict=False)]
            archive.writestr("dataset.json", json.dumps({"labels": pairs} | more))
        return path

    return make
