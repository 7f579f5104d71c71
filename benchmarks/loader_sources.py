"""The same images in every place that a training can read them from, made for the benchmark of the loader."""

import io
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import datasets
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from allaprima.data import ImageDataset
from allaprima.data.convert import ConvertOptions, convert
from allaprima.data.sources import open_source

SHARDS = 8


def small_images(data: Path, folder: Path) -> Path:
    """Emoji, 64×64 RGBA: the archive as it is."""
    return data / "emoji-noto-64-rgba.zip"


def large_images(data: Path, folder: Path) -> Path:
    """Frames of a film, 256×256 RGB, in an archive."""
    clip = max((data / "clips").glob("*.mp4"), key=lambda path: path.stat().st_size)
    convert(open_source(clip), folder / "film-256.zip", ConvertOptions(height=256, width=256, channels=3))
    return folder / "film-256.zip"


def mosaic(images: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Sixteen pictures [16, h, w, c] as one, four times as high and as wide."""
    rows = images.reshape(4, 4, *images.shape[1:])
    return np.concatenate([np.concatenate(list(row), axis=1) for row in rows], axis=0)


def pixels_of(archive: Path, count: int) -> list[NDArray[np.uint8]]:
    """Some of an archive's images, from all over it."""
    dataset = ImageDataset(archive)
    return [dataset[i * len(dataset) // count][0].permute(1, 2, 0).numpy() for i in range(count)]


def encoded(pixels: NDArray[np.uint8], form: str, **options: object) -> bytes:
    """A picture's file."""
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, form, **options)
    return file.getvalue()


@contextmanager
def places(archive: Path, folder: Path) -> Iterator[dict[str, str]]:
    """Put an archive's images everywhere, and say how each place is written."""
    folder.mkdir()
    with zipfile.ZipFile(archive) as images:
        names = sorted(name for name in images.namelist() if name.endswith(".png"))
        contents = [images.read(name) for name in names]
    for name, content in zip(names, contents, strict=True):
        (folder / "plain" / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / "plain" / name).write_bytes(content)
    (folder / "shards").mkdir()
    for number in range(SHARDS):
        with tarfile.open(folder / f"shards/{number:06d}.tar", "w") as shard:
            part = slice(number * len(names) // SHARDS, (number + 1) * len(names) // SHARDS)
            for name, content in zip(names[part], contents[part], strict=True):
                member = tarfile.TarInfo(name)
                member.size = len(content)
                shard.addfile(member, io.BytesIO(content))
    datasets.disable_progress_bars()
    table = datasets.Dataset.from_dict(
        {"image": [{"bytes": content, "path": None} for content in contents]},
        features=datasets.Features({"image": datasets.Image()}),
    )
    table.save_to_disk(str(folder / "table"))
    command = [sys.executable, str(Path(__file__).with_name("range_server.py")), str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        pattern = f"shards/{{000000..{SHARDS - 1:06d}}}.tar"
        try:
            yield {
                "ZIP": str(archive),
                "ZIP, mapped": f"mmap:{archive}",
                "folder": str(folder / "plain"),
                "tar shards": str(folder / "shards"),
                "tar shards, http": f"{server.stdout.readline().strip()}/{pattern}",
                "Hugging Face table": str(folder / "table"),
                "pipe": f"pipe:cat {folder}/{pattern}",
            }
        finally:
            server.kill()
