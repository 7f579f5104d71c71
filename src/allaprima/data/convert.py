"""Any source to a dataset archive of equal images."""

import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from allaprima.data.archive import ArchiveWriter, archive_writer
from allaprima.data.sources.item import Item, Source
from allaprima.data.transform import Fit, fitted, to_channels
from allaprima.errors import DataError
from allaprima.images.modes import CHANNELS_OF_MODE
from allaprima.images.png import to_array

Progress = Callable[[int, int | None], None]
"""Told how many items are done, and of how many (None: nobody knows)."""

SURVEYED = 2000
"""How many images are looked at to name the commonest sizes, when sizes differ."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConvertOptions:
    """How to convert.

    Attributes:
        height: Rows; None keeps the images' own, which must agree. Height and width go together.
        width: Columns.
        channels: 1 gray, 2 gray + alpha, 3 RGB, 4 RGBA; None keeps the images' own, which must agree.
        fit: How another shape comes to this one.
        max_images: Take at most so many items of the source, evenly spread where their number is known.
        overwrite: Replace an existing archive.
    """

    height: int | None = None
    width: int | None = None
    channels: int | None = None
    fit: Fit = "crop"
    max_images: int | None = None
    overwrite: bool = False

    def __post_init__(self) -> None:
        for name in ("height", "width", "max_images"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise DataError(f"{name} is {value}, but must be at least 1")
        if (self.height is None) != (self.width is None):
            raise DataError("--height and --width go together: give both, or --size for a square")
        if self.channels not in (None, 1, 2, 3, 4):
            raise DataError(f"channels is {self.channels}, but must be 1, 2, 3 or 4")
        if self.fit == "tile" and self.height is None:
            raise DataError("--fit tile needs the size of a tile: give --size, or --height and --width")


@dataclass(frozen=True, slots=True)
class Skipped:
    """An item that is not in the archive, and why."""

    name: str
    reason: str


@dataclass(frozen=True, slots=True)
class ConvertReport:
    """What was written.

    Attributes:
        path: The archive.
        num_images: Images in it.
        shape: (channels, height, width).
        num_classes: Distinct labels; 0 without labels.
        class_names: What the class numbers mean, if known.
        skipped: What is not in it.
    """

    path: Path
    num_images: int
    shape: tuple[int, int, int]
    num_classes: int
    class_names: list[str] | None
    skipped: list[Skipped]


def convert(
    source: Source, out: str | os.PathLike[str], options: ConvertOptions, progress: Progress | None = None
) -> ConvertReport:
    """Write all pictures of ``source`` to the archive ``out``; broken ones are skipped and listed.

    Raises:
        DataError: The images' sizes or modes do not agree and no option settles it; or not one could be read.
        OutputError: ``out`` exists or cannot be written. Nothing is left behind.
    """
    total = _total(source.count, options.max_images)
    skipped: list[Skipped] = []
    labels: set[str] = set()
    shape: tuple[int, int, int] | None = None
    with archive_writer(out, overwrite=options.overwrite) as archive:
        for done, item in enumerate(_chosen(source, options.max_images)):
            pictures = _pictures(item, options, skipped)
            for picture in pictures:
                own = _shape(picture)
                shape = shape or own
                if own != shape:
                    raise DataError(_disagreement(source, options, max(SURVEYED, done + 1)))
                archive.add(to_array(picture), item.label)
                labels.add(repr(item.label))
            if progress is not None:
                progress(done + 1, total)
        _check_any(archive, source, skipped)
        archive.finish(source.class_names)
    assert shape is not None
    num_classes = 0 if labels == {"None"} else len(labels)
    return ConvertReport(Path(out), len(archive), shape, num_classes, source.class_names, skipped)


def _pictures(item: Item, options: ConvertOptions, skipped: list[Skipped]) -> list[Image.Image]:
    """Read and transform one item; what cannot be read, or gives no tile, is noted."""
    try:
        image = item.read()
    except DataError as error:
        skipped.append(Skipped(item.name, str(error)))
        return []
    if options.channels is not None:
        image = to_channels(image, options.channels)
    if options.height is None or options.width is None:
        return [image]
    pictures = fitted(image, options.height, options.width, options.fit)
    if not pictures:
        size, tile = f"{image.height}×{image.width}", f"{options.height}×{options.width}"
        skipped.append(Skipped(item.name, f"{size} is smaller than a tile of {tile}"))
    return pictures


def _shape(image: Image.Image) -> tuple[int, int, int]:
    return CHANNELS_OF_MODE[image.mode], image.height, image.width


def _total(count: int | None, max_images: int | None) -> int | None:
    return count if max_images is None or count is None else min(count, max_images)


def _chosen(source: Source, max_images: int | None) -> Iterator[Item]:
    """Take at most ``max_images`` items: evenly spread if their number is known, else the first."""
    count, taken = source.count, 0
    for i, item in enumerate(source):
        if max_images is not None and taken >= max_images:
            return
        if count is None or max_images is None or (i + 1) * max_images // count > i * max_images // count:
            taken += 1
            yield item


def _check_any(archive: ArchiveWriter, source: Source, skipped: list[Skipped]) -> None:
    if len(archive) == 0:
        first = f" ({skipped[0].name}: {skipped[0].reason})" if skipped else ""
        raise DataError(f"not one image of {source.path} could be used{first}")


def _disagreement(source: Source, options: ConvertOptions, surveyed: int) -> str:
    """Say what differs, what is commonest, and which flag settles it."""
    sizes: Counter[str] = Counter()
    modes: Counter[str] = Counter()
    for item, _ in zip(_chosen(source, options.max_images), range(surveyed), strict=False):
        for picture in _pictures(item, options, []):
            sizes[f"{picture.height}×{picture.width}"] += 1
            modes[picture.mode] += 1
    parts, flags = [], []
    if len(sizes) > 1:
        parts.append(f"in size (height×width: {_commonest(sizes)})")
        flags.append("--size N, or --height and --width,")
    if len(modes) > 1:
        parts.append(f"in mode ({_commonest(modes)})")
        flags.append(f"--channels {_channels_for(modes)}")
    return f"the images of {source.path} do not agree {' and '.join(parts)}: give {' and '.join(flags)} to settle it"


def _channels_for(modes: Iterable[str]) -> int:
    """Count the channels that lose nothing: colours if one has colours, alpha if one has alpha."""
    return (3 if any(mode.startswith("RGB") for mode in modes) else 1) + any(mode.endswith("A") for mode in modes)


def _commonest(counts: Counter[str], shown: int = 3) -> str:
    text = ", ".join(f"{number} are {value}" for value, number in counts.most_common(shown))
    return text + (f", and {len(counts) - shown} others" if len(counts) > shown else "")
