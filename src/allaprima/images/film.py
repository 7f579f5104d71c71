"""Films: MP4, WebM, GIF, animated PNG, or a folder of PNGs, as the file's name says.

Frames are encoded in a thread of their own while the next ones are computed, and only a few of them are in memory.
"""

import math
import os
from collections import deque
from collections.abc import Iterable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from fractions import Fraction
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from allaprima.errors import ConfigError, OutputError
from allaprima.images.films import (
    ApngRecorder,
    FolderRecorder,
    GifRecorder,
    Mp4Recorder,
    Recorder,
    Style,
    WebmRecorder,
)
from allaprima.images.films.folder import PATTERN
from allaprima.images.films.gif import FASTEST
from allaprima.images.films.recorder import Colour
from allaprima.images.films.video import require_av

FORMATS: dict[str, type[Recorder]] = {
    ".mp4": Mp4Recorder,
    ".m4v": Mp4Recorder,
    ".webm": WebmRecorder,
    ".gif": GifRecorder,
    ".png": ApngRecorder,
    ".apng": ApngRecorder,
    "": FolderRecorder,
}
"""By the suffix of the file's name; none is a folder."""

WHITE = (255, 255, 255)
AHEAD = 8  # frames that wait for the encoder
SLOWEST_FPS, FASTEST_FPS = 0.01, 1000


def write_film(
    path: str | os.PathLike[str],
    frames: Iterable[NDArray[np.uint8]],
    *,
    fps: float = 30.0,
    loop: bool = True,
    quality: int = 90,
    background: Colour = WHITE,
    texts: Mapping[str, str] | None = None,
) -> int:
    """Write a film while its frames are computed.

    If ``frames`` raises, `KeyboardInterrupt` included, the film ends with the frames so far, can be played, and the
    exception goes on. Even a process that is killed leaves a film, but for its last second.

    Args:
        path: A name that ends with a suffix of `FORMATS`; a name without a suffix is a folder of PNGs.
        frames: uint8 [h, w] or [h, w, c], c of 1 (gray), 2 (gray + alpha), 3 (RGB) or 4 (RGBA, straight), all alike.
            They are taken one after the other and not kept. MP4 and WebM bring odd sizes of MP4 to even ones, by a copy
            of the last row or column, and halve the resolution of colours; GIF has 256 colours in each frame.
        fps: Frames per second.
        loop: Play over and over, where the format can say so (GIF and animated PNG).
        quality: 1 (small) to 100 (good), of MP4 and WebM; the other formats are as good as they can be.
        background: What lies under frames with alpha in MP4, and under half-transparent pixels in GIF: a colour, or
            ``"checker"``.
        texts: What the file says of itself, by keyword: text chunks of PNGs, elsewhere one comment.

    Returns:
        The number of frames.

    Raises:
        ConfigError: No format has this name, or ``fps`` or ``quality`` is out of range. No frame has been computed.
        OutputError: The film cannot be written, PyAV is missing, or the frames are not alike or none.
    """
    path = Path(path)
    check_film(path, fps=fps)
    if not 1 <= quality <= 100:
        raise ConfigError(f"the quality of a film is {quality}: it must be from 1, small, to 100, good")
    film = _Film(path, Style(Fraction(fps).limit_denominator(1001), loop, quality, background, texts or {}))
    waiting: deque[Future[None]] = deque()
    with ThreadPoolExecutor(1, thread_name_prefix="film") as thread:
        try:
            for frame in frames:
                waiting.append(thread.submit(film.add, film.checked(frame)))
                if len(waiting) > AHEAD:
                    waiting.popleft().result()
            while waiting:
                waiting.popleft().result()
        except BaseException:
            with suppress(OutputError):  # what went wrong first is what counts
                thread.submit(film.close).result()
            raise
        thread.submit(film.close).result()
    if not film.count:
        raise OutputError(f"there is nothing to film: no frame came for {path}")
    return film.count


def check_film(path: str | os.PathLike[str], *, fps: float = 30.0) -> None:
    """Find out before any work whether a film can be written there. Raises what `write_film` raises."""
    path = Path(path)
    if path.suffix.lower() not in FORMATS:
        known = ", ".join(suffix for suffix in FORMATS if suffix)
        raise ConfigError(
            f"no film format is called {path.suffix}: name the film {known}, or a folder without a suffix"
        )
    kind = FORMATS[path.suffix.lower()]
    if not (math.isfinite(fps) and SLOWEST_FPS <= fps <= FASTEST_FPS):
        raise ConfigError(f"a film of {fps:g} frames per second: give from {SLOWEST_FPS:g} to {FASTEST_FPS}")
    if kind is GifRecorder and fps > FASTEST:
        raise ConfigError(f"a GIF plays at most {FASTEST} frames per second, not {fps:g}")
    if kind in (Mp4Recorder, WebmRecorder):
        require_av()
    folder = path.parent
    if not (folder.is_dir() and os.access(folder, os.W_OK)):
        raise OutputError(f"cannot write {path}: {folder} is no directory that one may write to")
    if kind is FolderRecorder and path.exists() and not path.is_dir():
        raise OutputError(f"cannot write frames into {path}: it is a file")
    if kind is FolderRecorder and any(path.glob(PATTERN)):
        raise OutputError(f"the folder {path} holds frames of another film: give a new one")
    if kind is not FolderRecorder and path.is_dir():
        raise OutputError(f"cannot write {path}: it is a directory")


class _Film:
    """Opens a recorder when the first frame comes, and turns its errors into sentences."""

    def __init__(self, path: Path, style: Style) -> None:
        self.path, self.style = path, style
        self.kind = FORMATS[path.suffix.lower()]
        self.recorder: Recorder | None = None
        self.shape: tuple[int, ...] | None = None
        self.came = self.count = 0

    def checked(self, frame: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """A copy of a frame as [h, w, c], since its owner may paint the next into the same array."""
        if frame.dtype != np.uint8 or frame.ndim not in (2, 3) or frame.size == 0 or frame.shape[2:] > (4,):
            raise OutputError(
                f"frame {self.came} is {frame.dtype} {list(frame.shape)}: it must be uint8 [h, w] or [h, w, 1..4]"
            )
        whole = frame[:, :, None] if frame.ndim == 2 else frame
        self.shape = self.shape or whole.shape
        if whole.shape != self.shape:
            raise OutputError(
                f"frame {self.came} is {list(whole.shape)}, the frames before it {list(self.shape)}: all must be alike"
            )
        self.came += 1
        return whole.copy()

    def add(self, frame: NDArray[np.uint8]) -> None:
        """Hand a frame on; in the thread of the encoder."""
        try:
            if self.recorder is None:
                self.recorder = self.kind(self.path, frame, self.style)
            self.recorder.add(frame)
            self.count += 1
        except Exception as error:
            raise self._sentence(error) from error

    def close(self) -> None:
        """Finish the film; in the thread of the encoder."""
        try:
            if self.recorder is not None:
                self.recorder.close()
        except Exception as error:
            raise self._sentence(error) from error

    def _sentence(self, error: Exception) -> OutputError:
        if isinstance(error, OutputError):
            return error
        reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
        return OutputError(f"cannot write {self.path}: {reason}")
