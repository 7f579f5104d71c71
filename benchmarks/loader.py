"""Measures how many images per second the loader gives, from every kind of source, and what each step costs.

    python benchmarks/loader.py /work/shared/data --rounds 3 --seconds 1 > docs/benchmarks/loader.json

Takes 64×64 emoji and 256×256 frames of a film out of that folder and puts them everywhere: an archive, the same
through a memory map, a folder, tar shards, these behind an HTTP server on this machine, a Hugging Face table, a pipe.
All sources are read in turn, in one process, several rounds; medians are given. Files are in the page cache: a slow
disk or network comes on top. The HTTP server is a Python program on the same cores: it is slower than a real one, its
network is faster.
"""

import argparse
import os
import tempfile
import time
import zipfile
import zlib
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import torch
from loader_sources import encoded, large_images, mosaic, pixels_of, places, small_images
from measuring import show
from PIL import Image
from torch import Tensor

from allaprima.data import ImageDataset, batches, open_images
from allaprima.data.store import open_store
from allaprima.images.png import read_image, to_array

Stream = Iterator[tuple[Tensor, Tensor]]

BATCH = 32
WARM_UP = 12  # batches: what was prefetched while nobody took anything
SETS: dict[str, Callable[[Path, Path], Path]] = {"64×64 RGBA": small_images, "256×256 RGB": large_images}
FORMS: dict[str, tuple[str, dict[str, Any]]] = {
    "PNG, not compressed": ("PNG", {"compress_level": 0}),
    "PNG": ("PNG", {"compress_level": 6}),
    "WebP, lossless": ("WEBP", {"lossless": True, "quality": 50}),
    "JPEG, quality 95": ("JPEG", {"quality": 95, "subsampling": 0}),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=1.0, help="of each source in each round")
    options = parser.parse_args()
    torch.set_num_threads(1)  # as in the worker processes
    figures: dict[str, Any] = {"batch": BATCH}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        os.environ["ALLAPRIMA_HOME"] = str(folder / "home")
        for title, make in SETS.items():
            archive = make(options.data, folder)
            with places(archive, folder / title.partition(" ")[0]) as sources:
                figures[title] = {
                    "images": len(ImageDataset(archive)),
                    "sources": throughput(sources, options.rounds, options.seconds),
                    "steps_us": steps(archive, sources),
                }
        pictures = pixels_of(archive, 64)
        figures["forms"] = {
            "256×256 RGB": forms(pictures),
            "1024×1024 RGB": forms([mosaic(np.stack(pictures[i : i + 16])) for i in range(0, 64, 16)]),
        }
    show(figures)


def throughput(sources: dict[str, str], rounds: int, seconds: float) -> dict[str, Any]:
    """Images per second of every source, with and without workers."""
    rows: dict[str, Any] = {}
    streams: dict[tuple[str, int], Stream] = {}
    for name, source in sources.items():
        times = []
        for _ in range(2):  # shards are gone through once, then their index is known
            begun = time.perf_counter()
            dataset = open_images(source)
            times.append(round(time.perf_counter() - begun, 4))
        rows[name] = {"open_s": times[0], "open_again_s": times[1]}
        for workers in (0, 2):
            begun = time.perf_counter()
            streams[name, workers] = batches(dataset, BATCH, seed=0, workers=workers, cache_bytes=0)
            next(streams[name, workers])
            rows[name][f"first_batch_s_{workers}_workers"] = round(time.perf_counter() - begun, 3)
    rates: dict[tuple[str, int], list[float]] = {key: [] for key in streams}
    for _ in range(rounds):
        for key, stream in streams.items():
            rates[key].append(images_per_second(stream, seconds))
    for (name, workers), found in rates.items():
        rows[name][f"images_per_s_{workers}_workers"] = round(median(found))
        rows[name][f"all_{workers}_workers"] = [round(rate) for rate in found]
    return rows


def images_per_second(stream: Stream, seconds: float) -> float:
    for _ in range(WARM_UP):
        next(stream)
    count, begun = 0, time.perf_counter()
    while time.perf_counter() - begun < seconds:
        next(stream)
        count += BATCH
    return count / (time.perf_counter() - begun)


def steps(archive: Path, sources: dict[str, str]) -> dict[str, float]:
    """Microseconds an image of every step, each alone, one image after the other."""
    store = open_store(archive)
    names = [name for name in store.names() if name.endswith(".png")][:500]
    contents = [store.read(name) for name in names]
    pictures = [read_image(content) for content in contents]
    arrays = [np.ascontiguousarray(to_array(picture).transpose(2, 0, 1)) for picture in pictures]
    tensors = [torch.from_numpy(array) for array in arrays]
    reads = {}
    for title, source in sources.items():
        if not source.startswith("pipe:"):
            place = open_store(source)
            reads[f"read: {title}"] = each(place.read, place.names()[: len(names)])
    with zipfile.ZipFile(archive) as module:
        reads["read: ZIP by the module zipfile"] = each(module.read, names)
    return reads | {
        "CRC-32": each(zlib.crc32, contents),
        "decode": each(lambda content: Image.open(BytesIO(content)).load(), contents),
        "decode, and bring to a plain mode": each(read_image, contents),
        "copy to [c, h, w]": each(lambda p: np.ascontiguousarray(to_array(p).transpose(2, 0, 1)), pictures),
        "put into a batch": each(torch.stack, grouped(tensors)) / BATCH,
    }


def grouped(tensors: list[Tensor]) -> list[list[Tensor]]:
    return [tensors[i : i + BATCH] for i in range(0, len(tensors) - BATCH + 1, BATCH)]


def each(work: Callable[[Any], Any], items: Any, repeats: int = 5) -> float:
    """Median microseconds of ``work`` on an item, over the repeats."""
    items, times = list(items), []
    for _ in range(repeats):
        begun = time.perf_counter()
        for item in items:
            work(item)
        times.append((time.perf_counter() - begun) / len(items) * 1e6)
    return round(median(times), 2)


def forms(pictures: list[Any]) -> dict[str, dict[str, float]]:
    """Bytes of an image in each form, and microseconds to decode it."""
    found = {}
    for title, (form, options) in FORMS.items():
        files = [encoded(picture, form, **options) for picture in pictures]
        found[title] = {
            "bytes": round(sum(map(len, files)) / len(files)),
            "decode_us": each(read_image, files, 3),
        }
    return found


if __name__ == "__main__":
    main()
