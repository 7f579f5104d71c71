"""Animated PNG, written frame by frame: PNG specification, third edition, section 11.3.6.

Nothing is lost, alpha included. Of each frame only the rectangle that changed is stored.
"""

import zlib
from fractions import Fraction
from pathlib import Path
from struct import pack, unpack_from

import numpy as np
from numpy.typing import NDArray

from allaprima.images.films.recorder import Style, changed_box
from allaprima.images.png import encode_png, text_chunks

SIGNATURE = b"\x89PNG\r\n\x1a\n"
KEEP, REPLACE = 0, 0  # what becomes of a frame afterwards, and of what lies under it
LONGEST = 65535  # of numerator and denominator of a delay


class ApngRecorder:
    """An animated PNG of frames [h, w, c]. Arguments are those of `Recorder`.

    The number of frames, which the file says at its beginning, is kept up to date: a killed film can be played.
    """

    def __init__(self, path: Path, frame: NDArray[np.uint8], style: Style) -> None:
        self.delay = _delay(style.fps)
        self.plays = 0 if style.loop else 1  # 0: for ever
        self.shown: NDArray[np.uint8] | None = None
        self.count, self.sequence = 0, 0
        self.texts = style.texts
        self.file = path.open("wb")

    def add(self, frame: NDArray[np.uint8]) -> None:
        """Write the part of a frame that differs from the one before."""
        whole = slice(0, frame.shape[0]), slice(0, frame.shape[1])
        rows, columns = whole if self.shown is None else changed_box(self.shown, frame)
        header, pixels = _compressed(frame[rows, columns])
        if self.shown is None:
            self.file.write(SIGNATURE + _chunk(b"IHDR", header))
            self.count_at = self.file.tell()
            self.file.write(self._frame_count())
            for name, text, *_ in text_chunks(self.texts).chunks:
                self.file.write(_chunk(name, text))
        size = columns.stop - columns.start, rows.stop - rows.start
        place = pack(">IIIIHHBB", *size, columns.start, rows.start, *self.delay, KEEP, REPLACE)
        self.file.write(_chunk(b"fcTL", self._number() + place))
        self.file.write(_chunk(b"IDAT", pixels) if self.shown is None else _chunk(b"fdAT", self._number() + pixels))
        self.shown = frame
        self.count += 1
        self._update_count()

    def close(self) -> None:
        """Write the end mark."""
        with self.file:
            self.file.write(_chunk(b"IEND", b""))

    def _number(self) -> bytes:
        self.sequence += 1
        return pack(">I", self.sequence - 1)

    def _frame_count(self) -> bytes:
        return _chunk(b"acTL", pack(">II", self.count, self.plays))

    def _update_count(self) -> None:
        end = self.file.tell()
        self.file.seek(self.count_at)
        self.file.write(self._frame_count())
        self.file.seek(end)


def _compressed(pixels: NDArray[np.uint8]) -> tuple[bytes, bytes]:
    """IHDR and IDAT of pixels."""
    data = encode_png(pixels)
    chunks: dict[bytes, bytes] = {}
    at = len(SIGNATURE)
    while at < len(data):
        (length,) = unpack_from(">I", data, at)
        name = data[at + 4 : at + 8]
        chunks[name] = chunks.get(name, b"") + data[at + 8 : at + 8 + length]
        at += length + 12
    return chunks[b"IHDR"], chunks[b"IDAT"]


def _chunk(name: bytes, content: bytes) -> bytes:
    return pack(">I", len(content)) + name + content + pack(">I", zlib.crc32(name + content))


def _delay(fps: Fraction) -> tuple[int, int]:
    """Seconds from one frame to the next, as numerator and denominator."""
    seconds = (1 / fps).limit_denominator(LONGEST)
    if seconds.numerator > LONGEST:
        seconds = Fraction(round(1 / fps))
    return seconds.numerator, seconds.denominator
