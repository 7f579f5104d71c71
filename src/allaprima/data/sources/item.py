"""What every source gives: items, each a name, a way to its picture and perhaps a label."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from allaprima.data.labels import Label


@dataclass(frozen=True, slots=True)
class Item:
    """One picture of a source.

    Attributes:
        name: As a person would look for it; with ``/``.
        read: Decodes it, upright, as L, LA, RGB or RGBA; raises DataError if it is broken.
        label: Its class number or vector, if it has one.
        content: Gives the bytes of its own file, if it has a file of its own.
    """

    name: str
    read: Callable[[], Image.Image]
    label: Label | None = None
    content: Callable[[], bytes] | None = None


@dataclass(frozen=True, slots=True)
class Source:
    """Pictures in a fixed order; may be gone through again and again.

    Attributes:
        path: Where they are.
        kind: What it is, in words: "folder", "ZIP archive", "video", …
        items: Starts going through them.
        count: How many there are; None if only going through tells.
        class_names: What the class numbers mean, if known.
    """

    path: Path | str
    kind: str
    items: Callable[[], Iterator[Item]]
    count: int | None = None
    class_names: list[str] | None = None

    def __iter__(self) -> Iterator[Item]:
        return self.items()
