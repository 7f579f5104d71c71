"""Data sets as pages show them: sheets of small images, single ones, and the doctor's report.

Where a data set lies is nobody's business: its name stands in every sentence instead of its path.

Axes: h w rows and columns, c channel.
"""

import json
import time
from base64 import b64encode
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from itertools import islice
from math import ceil
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from allaprima.data import ImageDataset
from allaprima.data.convert import Skipped
from allaprima.data.diversity import in_words
from allaprima.data.doctor import Report, inspect
from allaprima.data.sources import Item, Source, open_source
from allaprima.errors import DataError
from allaprima.files import write_text
from allaprima.images import encode_png
from allaprima.studio.errors import UnknownError
from allaprima.studio.work.bench import Bench
from allaprima.studio.work.told import Step, steps_of

REPORT = "report.json"
CELL = 128  # pixels that the longer side of an image has on a sheet, at most
FRAMES = 512  # of a video, whose images nobody has counted, that are shown
LISTED = 100  # groups, broken files and sizes that are named one by one
IN_GROUP = 24  # images of a group that are named
OFTEN = 0.2  # seconds between two steps
GRAY = (128, 128, 128, 70)  # of images that cannot be read

Plain = dict[str, Any]


def describe(bench: Bench, name: str) -> Plain:
    """What can be said of a data set at a glance: kind, number, the first image's size, classes."""
    with _nameless(bench, name) as path:
        source = _opened(path)
        first = next(_some(source, 0, 1), None)
        height, width, mode = _shape(first)
        return {
            "name": name,
            "kind": source.kind,
            "total": _total(source),
            "height": height,
            "width": width,
            "mode": mode,
            "labelled": first is not None and first.label is not None,
            "class_names": source.class_names or [],
        }


def page(bench: Bench, name: str, start: int, count: int) -> Plain:
    """Some images in a row as one sheet, with their names and labels."""
    with _nameless(bench, name) as path:
        source = _opened(path)
        height, width = _cell(*_shape(next(_some(source, 0, 1), None))[:2])
        images, cells = [], []
        for index, item in enumerate(_some(source, start, count), start=start):
            cell, is_broken = _small(item, height, width)
            images.append({"index": index, "name": item.name[-200:], "label": _plain_label(item), "broken": is_broken})
            cells.append(cell)
        columns = max(1, min(12, len(cells)))
        return {
            "total": _total(source),
            "start": start,
            "images": images,
            "height": height,
            "width": width,
            "columns": columns,
            "rows": ceil(len(cells) / columns),
            "sheet": _sheet(cells, columns) if cells else "",
        }


def image(bench: Bench, name: str, index: int, side: int | None) -> bytes:
    """An image as a PNG file, reduced to ``side`` pixels if it is longer. Raises `DataError`, `UnknownError`."""
    with _nameless(bench, name) as path:
        source = _opened(path)
        item = next(_some(source, index, 1), None)
        if item is None:
            raise UnknownError(f"{name} has no image {index}: there are {_total(source):,}, counted from 0")
        picture = item.read()
        if side is not None and max(picture.size) > side:
            picture = _reduced(picture, side)
        return encode_png(np.asarray(picture), compress_level=1)


def examine(bench: Bench, folder: str, order: Plain) -> Generator[Step, None, Plain]:
    """Look at every image once. Writes ``report.json``: see `report_as_plain`."""
    name = order["dataset"]
    with _nameless(bench, name) as path:
        source = open_source(path)

        def work(tell: Callable[[Step], None]) -> Report:
            last = 0.0

            def progress(done: int, total: int | None) -> None:
                nonlocal last
                if (now := time.monotonic()) - last >= OFTEN:
                    last = now
                    tell({"done": done, "total": total, "note": "looking at image" + ("" if total else f" {done}")})

            return inspect(source, progress)

        report = yield from steps_of(work)
        content = report_as_plain(report, name, _places(source, report))
        write_text(Path(folder) / REPORT, json.dumps(content))
        return {"images": report.num_images, "broken": len(report.broken)}


def report_as_plain(report: Report, name: str, places: dict[str, int]) -> Plain:
    """A report as JSON holds it.

    Args:
        report: The doctor's.
        name: Of the data set.
        places: Numbers of the images that groups name.
    """

    def groups(found: list[list[str]]) -> Plain:
        return {
            "groups": len(found),
            "copies": sum(len(group) - 1 for group in found),
            "shown": [
                {
                    "images": [{"index": places[one], "name": one[-200:]} for one in group[:IN_GROUP]],
                    "count": len(group),
                }
                for group in sorted(found, key=len, reverse=True)[:LISTED]
            ],
        }

    path = str(report.path)
    return {
        "name": name,
        "kind": report.kind,
        "images": report.num_images,
        "broken_total": len(report.broken),
        "broken": [_broken(one, path, name) for one in report.broken[:LISTED]],
        "sizes": [[height, width, count] for (height, width), count in list(report.sizes.items())[:LISTED]],
        "sizes_total": len(report.sizes),
        "modes": report.modes,
        "file_modes": report.file_modes,
        "alpha": report.alpha,
        "rotated": report.rotated,
        "colourless": report.colourless,
        "labels": [[label, count] for label, count in list(report.labels.items())[:1000]],
        "unlabelled": report.unlabelled,
        "exact": groups(report.exact),
        "near": groups(report.near),
        "diversity": report.diversity,
        "diversity_words": in_words(report.diversity),
        "recipe": report.advice.recipe,
        "reasons": report.advice.reasons,
        "is_ready": report.is_ready,
        "next": _next_step(report),
    }


def images_for(bench: Bench, name: str, network: Any, most: int | None = None) -> ImageDataset:
    """A data set as a generator or a discriminator wants it.

    Args:
        bench: Knows where it is.
        name: Its name.
        network: Whose images must be alike.
        most: Images to choose, from all over; None: all.

    Raises:
        DataError: It cannot be opened, or is of another shape or other labels than the network's.
    """
    with _nameless(bench, name) as path:
        data = ImageDataset(path, use_labels=bool(network.c_dim), max_images=most)
    wanted, got = (network.img_channels, network.img_height, network.img_width), data.image_shape
    if got != wanted:
        theirs, ours = (f"{h}×{w} with {c} channels" for c, h, w in (got, wanted))
        raise DataError(f"the images of {name} are {theirs}, but this model's are {ours}: choose a model that fits")
    if network.c_dim and data.label_dim != network.c_dim:
        raise DataError(f"{name} has labels of {data.label_dim} numbers, but this model's have {network.c_dim}")
    return data


@contextmanager
def _nameless(bench: Bench, name: str) -> Iterator[str]:
    """Where a data set is; errors about it say its name instead."""
    if name not in bench.datasets:
        raise UnknownError(f"no data set {name!r} is served here")
    path = bench.datasets[name]
    try:
        yield path
    except DataError as error:
        raise DataError(_without_path(str(error), path, name)) from error


def _without_path(text: str, path: str, name: str) -> str:
    for each in (str(Path(path).resolve()), str(Path(path)), path):
        text = text.replace(each, name)
    return text


def _opened(path: str) -> Source:
    """A source, kept open until it changes: the directory of a large archive takes a second to read."""
    return _kept_open(path, Path(path).stat().st_mtime_ns if Path(path).exists() else 0)


@lru_cache(maxsize=4)
def _kept_open(path: str, _changed: int) -> Source:
    return open_source(path)


def _some(source: Source, start: int, count: int) -> Iterator[Item]:
    """Images by number. Of a video, whose frames must be decoded to be counted, no more than the first few."""
    end = start + count if source.count is not None else min(start + count, FRAMES)
    return islice(source, min(start, end), end)


def _total(source: Source) -> int:
    return source.count if source.count is not None else sum(1 for _ in islice(source, FRAMES))


def _shape(item: Item | None) -> tuple[int | None, int | None, str | None]:
    """Height, width, mode; nothing of what cannot be read."""
    if item is None:
        return None, None, None
    try:
        picture = item.read()
    except DataError:
        return None, None, None
    return picture.height, picture.width, picture.mode


def _cell(height: int | None, width: int | None) -> tuple[int, int]:
    """Rows and columns of a place on a sheet."""
    if height is None or width is None:
        return CELL, CELL
    share = min(1.0, CELL / max(height, width))
    return max(1, round(height * share)), max(1, round(width * share))


def _small(item: Item, height: int, width: int) -> tuple[Image.Image, bool]:
    """An image in the middle of its place, and whether it is one that cannot be read."""
    place = Image.new("RGBA", (width, height))
    try:
        picture = item.read()
    except DataError:
        place.paste(GRAY, (0, 0, width, height))
        return place, True
    share = min(1.0, height / picture.height, width / picture.width)
    if share < 1:
        size = (max(1, round(picture.width * share)), max(1, round(picture.height * share)))
        picture = picture.convert("RGBA").resize(size, Image.Resampling.BOX)
    place.paste(picture.convert("RGBA"), ((width - picture.width) // 2, (height - picture.height) // 2))
    return place, False


def _reduced(picture: Image.Image, side: int) -> Image.Image:
    share = side / max(picture.size)
    size = (max(1, round(picture.width * share)), max(1, round(picture.height * share)))
    return picture.resize(size, Image.Resampling.BOX)


def _sheet(cells: Sequence[Image.Image], columns: int) -> str:
    width, height = cells[0].size
    sheet = Image.new("RGBA", (columns * width, ceil(len(cells) / columns) * height))
    for number, cell in enumerate(cells):
        sheet.paste(cell, (number % columns * width, number // columns * height))
    return f"data:image/png;base64,{b64encode(encode_png(np.asarray(sheet), compress_level=1)).decode()}"


def _plain_label(item: Item) -> int | None:
    return item.label if isinstance(item.label, int) else None


def _places(source: Source, report: Report) -> dict[str, int]:
    """Numbers of the images that are in groups."""
    wanted = {name for group in (*report.exact, *report.near) for name in group}
    return {item.name: index for index, item in enumerate(source) if item.name in wanted}


def _broken(one: Skipped, path: str, name: str) -> Plain:
    return {"name": one.name[-200:], "reason": _without_path(one.reason, path, name)}


def _next_step(report: Report) -> str:
    """What to type next."""
    file = report.path.name
    if report.is_ready:
        return report.advice.command(file)
    height, width = next(iter(report.sizes))
    channels = {"L": 1, "LA": 2, "RGB": 3, "RGBA": 4}[next(iter(report.modes))]
    size = f" --height {height} --width {width}" if len(report.sizes) > 1 else ""
    mode = f" --channels {channels}" if len(report.modes) > 1 else ""
    return f"allaprima dataset {file} OUT.zip{size}{mode}"
