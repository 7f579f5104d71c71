"""GIF, written frame by frame: the specification of GIF89a; Pillow chooses the colours and packs the pixels.

Each frame has up to 256 colours of its own, and alpha that is all or nothing. Opaque films store of each frame only the
rectangle that changed.
"""

import math
from io import BytesIO
from pathlib import Path
from struct import pack
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from allaprima.images.films.recorder import Colour, Style, changed_box, opaque
from allaprima.images.pixels import has_alpha

HUNDREDTHS = 100  # a delay's unit is 1/100 s
FASTEST = 50  # frames per second; shorter delays than 2/100 s are taken for 10/100 s by browsers
KEEP, CLEAR = 1, 2  # what becomes of a frame before the next is drawn
SEEN = 128  # alpha from which a pixel is opaque
COLOURS = 256
SAMPLED = (
    128 * 128
)  # pixels that decide about the colours: a median cut of 1024×1024 takes 15 times as long as all else
OVER_AND_OVER = b"\x21\xff\x0bNETSCAPE2.0\x03\x01\x00\x00\x00"
END = b"\x3b"


class Packed(NamedTuple):
    """A frame as the bytes of a GIF.

    Attributes:
        colours: Table of colours, 3 bytes each, 2, 4, … 256 of them.
        transparent: Number of the colour that is not drawn, or None.
        pixels: Compressed.
    """

    colours: bytes
    transparent: int | None
    pixels: bytes


class GifRecorder:
    """A GIF of frames [h, w, c]; every byte that is written can be played. Arguments are those of `Recorder`."""

    def __init__(self, path: Path, frame: NDArray[np.uint8], style: Style) -> None:
        self.style = style
        self.shown: NDArray[np.uint8] | None = None
        self.count = 0
        self.file = path.open("wb")
        height, width = frame.shape[:2]
        self.file.write(b"GIF89a" + pack("<HHBBB", width, height, 0x70, 0, 0) + OVER_AND_OVER * style.loop)
        self.file.write(comment(style.comment.encode("ascii", "replace")))

    def add(self, frame: NDArray[np.uint8]) -> None:
        """Write the part of a frame that differs from the one before; all of it if there is alpha."""
        rows, columns = slice(0, frame.shape[0]), slice(0, frame.shape[1])
        clears = has_alpha(frame.shape[2])
        if self.shown is not None and not clears:
            rows, columns = changed_box(self.shown, frame)
        part = frame[rows, columns]
        packed = pack_frame(part, self.style.background)
        flags = (CLEAR if clears else KEEP) << 2 | (packed.transparent is not None)
        self.file.write(pack("<BBBBHBB", 0x21, 0xF9, 4, flags, self._delay(), packed.transparent or 0, 0))
        table = 0x80 | (len(packed.colours) // 3).bit_length() - 2
        self.file.write(pack("<BHHHHB", 0x2C, columns.start, rows.start, part.shape[1], part.shape[0], table))
        self.file.write(packed.colours + packed.pixels)
        self.file.flush()
        self.shown = frame
        self.count += 1

    def close(self) -> None:
        """Write the end mark."""
        with self.file:
            self.file.write(END)

    def _delay(self) -> int:
        """Hundredths of a second until the next frame, rounded so that the whole film has its length."""
        begin, end = (round(HUNDREDTHS * number / self.style.fps) for number in (self.count, self.count + 1))
        return min(end - begin, 65535)


def comment(text: bytes) -> bytes:
    """A comment extension, which has pieces of up to 255 bytes; nothing of no text."""
    pieces = [text[start : start + 255] for start in range(0, len(text), 255)]
    return b"\x21\xfe" + b"".join(bytes([len(piece)]) + piece for piece in pieces) + b"\x00" if text else b""


def pack_frame(frame: NDArray[np.uint8], background: Colour) -> Packed:
    """Choose colours for a frame [h, w, c] and compress it; its pixels are opaque over ``background``, or not seen."""
    height, width, channels = frame.shape
    if channels == 1:
        return _unpacked_file(Image.fromarray(frame[:, :, 0]), transparent=None)
    if not has_alpha(channels):
        return _unpacked_file(quantized(frame, COLOURS), transparent=None)
    colours = np.broadcast_to(opaque(frame, background), (height, width, 3))
    unseen = frame[:, :, -1] < SEEN
    seen = np.where(unseen[:, :, None], np.uint8(0), colours)  # what is not seen must not cost colours
    picture = quantized(seen, COLOURS - 1)
    numbers = np.where(unseen, np.uint8(COLOURS - 1), np.asarray(picture))
    palette = (picture.getpalette() or [])[: 3 * (COLOURS - 1)]
    indexed = Image.fromarray(numbers)
    indexed.putpalette(palette + [0] * (3 * COLOURS - len(palette)))
    return _unpacked_file(indexed, transparent=COLOURS - 1)


def quantized(frame: NDArray[np.uint8], most: int) -> Image.Image:
    """A frame [h, w, 3] in at most so many colours: its own if there are no more, else a median cut of some pixels."""
    picture = Image.fromarray(frame)
    step = math.ceil(math.sqrt(frame.shape[0] * frame.shape[1] / SAMPLED))
    if step <= 1 or picture.getcolors(most):
        return picture.quantize(most)
    chosen = Image.fromarray(np.ascontiguousarray(frame[::step, ::step])).quantize(most)
    return picture.quantize(palette=chosen, dither=Image.Dither.NONE)


def _unpacked_file(picture: Image.Image, transparent: int | None) -> Packed:
    """Take what Pillow writes as a GIF of one frame apart."""
    file = BytesIO()
    options = {} if transparent is None else {"transparency": transparent}
    picture.save(file, "GIF", optimize=False, interlace=0, **options)
    data = file.getvalue()
    at = 13
    colours, at = _table(data, data[10], at)
    found = None
    while data[at] == 0x21:  # extensions, of which the one with the transparent colour counts
        if data[at + 1] == 0xF9 and data[at + 3] & 1:
            found = data[at + 6]
        at += 2
        while data[at]:
            at += data[at] + 1
        at += 1
    own, at = _table(data, data[at + 9], at + 10)
    return Packed(own or colours, found, data[at : -len(END)])


def _table(data: bytes, flags: int, at: int) -> tuple[bytes, int]:
    """The table of colours at a place, if the flags say that there is one, and what comes after it."""
    length = 3 << (flags & 7) + 1 if flags & 0x80 else 0
    return data[at : at + length], at + length
