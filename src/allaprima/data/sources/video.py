"""Frames of videos (through PyAV) and of animations such as GIF (through Pillow)."""

from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path
from types import ModuleType
from typing import Any

from PIL import Image

from allaprima.data.labels import Label
from allaprima.data.sources.item import Item, Source
from allaprima.errors import DataError
from allaprima.images.formats import readable_formats
from allaprima.images.modes import to_plain_mode
from allaprima.images.png import require_modest

VIDEO_EXTENSIONS = frozenset({".avi", ".m4v", ".mkv", ".mov", ".mp4", ".mpeg", ".mpg", ".ogv", ".webm", ".wmv"})


def is_video_name(name: str) -> bool:
    """Tell whether a file's name (with ``/``) is that of a visible video."""
    path = Path(name)
    return path.suffix.lower() in VIDEO_EXTENSIONS and not any(part.startswith(".") for part in path.parts)


def video_source(path: Path, every: int) -> Source:
    """Read the frames of one video or animation.

    Raises:
        DataError: PyAV is needed and missing. (A broken file shows when its frames are read.)
    """
    if is_animation(path):
        return Source(path, "animation", lambda: _animation_items(path, every))
    require_av()
    return Source(path, "video", lambda: video_items(path.read_bytes, path.name, every, None))


def is_animation(path: Path) -> bool:
    """Tell whether Pillow sees more than one frame in a file."""
    try:
        with Image.open(path, formats=readable_formats()) as image:
            return bool(getattr(image, "is_animated", False))
    except Exception:  # not for Pillow, whatever it says
        return False


def video_items(content: Callable[[], bytes], name: str, every: int, label: Label | None) -> Iterator[Item]:
    """Go through a video, taking every so many-th frame; names are ``NAME/000000`` by frame number.

    Where it breaks off, an item comes that cannot be read.
    """
    av = require_av()
    number = 0
    try:
        with av.open(BytesIO(content())) as container:
            for frame in container.decode(video=0):
                if number % every == 0:
                    yield Item(f"{name}/{number:06d}", _frame_reader(frame), label)
                number += 1
    except (av.error.FFmpegError, IndexError, ValueError, DataError) as error:
        yield Item(f"{name}/{number:06d}", _raiser(f"{name} breaks off at frame {number}: {error}"), label)


def require_av() -> ModuleType:
    """Import PyAV, or say how to get it."""
    try:
        import av
    except ImportError as error:
        raise DataError("reading videos needs PyAV: pip install 'allaprima[video]'") from error
    module: ModuleType = av
    return module


def _animation_items(path: Path, every: int) -> Iterator[Item]:
    number = 0
    try:
        with Image.open(path, formats=readable_formats()) as image:
            require_modest(image, path.name)
            frames = int(getattr(image, "n_frames", 1))
            for number in range(0, frames, every):
                image.seek(number)
                picture = to_plain_mode(image.convert("RGBA") if image.has_transparency_data else image.convert("RGB"))
                yield Item(f"{path.name}/{number:06d}", _giver(picture))
    except (OSError, EOFError, SyntaxError, ValueError) as error:
        yield Item(f"{path.name}/{number:06d}", _raiser(f"{path.name} breaks off at frame {number}: {error}"))


def _frame_reader(frame: Any) -> Callable[[], Image.Image]:
    """Convert a decoded frame only if it is wanted: gray stays gray, alpha stays, a phone's rotation is obeyed."""

    def read() -> Image.Image:
        format_name = frame.format.name
        if format_name.startswith("gray"):
            kind = "gray"
        else:
            kind = (
                "rgba" if format_name.startswith(("yuva", "rgba", "bgra", "argb", "abgr", "gbrap", "ya")) else "rgb24"
            )
        picture = Image.fromarray(frame.to_ndarray(format=kind))
        rotation = int(getattr(frame, "rotation", 0) or 0)
        return picture.rotate(rotation, expand=True) if rotation % 360 else picture

    return read


def _giver(picture: Image.Image) -> Callable[[], Image.Image]:
    return lambda: picture


def _raiser(message: str) -> Callable[[], Image.Image]:
    def read() -> Image.Image:
        raise DataError(message)

    return read
