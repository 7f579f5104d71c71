"""What the file of a picture says of its origin, whoever wrote it. Nothing of that is proved: anybody can write it."""

import os
from dataclasses import dataclass, field

from PIL import Image

from allaprima.errors import DataError
from allaprima.images.formats import readable_formats
from allaprima.images.png import XMP
from allaprima.origin.origin import SOFTWARE
from allaprima.origin.xmp import TRAINED, source_type

SHOWN = ("Model SHA-256", "Seed", "Truncation", "Class")
LONGEST = 200  # letters of a text that is shown


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """What a file says.

    Attributes:
        source: The IPTC's digital source type, an address; None if the file has none.
        software: What made it, in its own words.
        words: What allaprima's pictures say of themselves, by keyword, as far as it is there.
    """

    source: str | None = None
    software: str | None = None
    words: dict[str, str] = field(default_factory=dict)

    @property
    def is_synthetic(self) -> bool:
        """Whether the file says that a trained model made the picture."""
        return self.source == TRAINED

    @property
    def is_ours(self) -> bool:
        """Whether the file says that allaprima painted it."""
        return self.software == SOFTWARE


def read_statement(path: str | os.PathLike[str]) -> Statement:
    """Read what a picture's file says of its origin; its pixels are not read.

    Raises:
        DataError: The file cannot be read, or is no image.
    """
    try:
        with Image.open(path, formats=readable_formats()) as image:
            info = dict(image.info)
            info |= getattr(image, "text", {})
    except Exception as error:  # readers of broken files raise whatever they stumble over
        reason = error.strerror if isinstance(error, OSError) else None
        raise DataError(f"{path} cannot be read as an image{f': {reason}' if reason else ''}") from error
    packet = info.get(XMP) or info.get("xmp")
    texts = _of_comment(info.get("comment")) | {name: text for name, text in info.items() if isinstance(text, str)}
    texts = {name: text[:LONGEST] for name, text in texts.items()}
    source = source_type(packet) if isinstance(packet, str | bytes) else None
    return Statement(
        source=source or texts.get("Digital source type"),
        software=texts.get("Software"),
        words={name: texts[name] for name in SHOWN if name in texts},
    )


def _of_comment(comment: object) -> dict[str, str]:
    """The words of a GIF's comment, as `allaprima.images.films.recorder.Style.comment` writes them."""
    text = comment.decode("utf-8", "replace") if isinstance(comment, bytes) else ""
    return {name: said for name, mark, said in (part.partition(": ") for part in text.split("; ")) if mark}
