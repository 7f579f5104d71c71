"""MP4 (H.264) and WebM (VP9, with alpha), through PyAV."""

import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from allaprima.errors import OutputError
from allaprima.files import atomic_path
from allaprima.images.films.recorder import Style, opaque
from allaprima.images.pixels import has_alpha

OLDEST = 15  # of PyAV: when 14 copies a film from one file to another, packets are missing
AT_ONCE = {"flush_packets": "1"}  # what is encoded is in the file: a process that is killed leaves it
IN_PIECES = {"movflags": "hybrid_fragmented"}  # each of which can be played before the file is whole
FAST_START = {"movflags": "faststart"}  # with the table of contents first: plays while it is fetched
BT709, LIMITED = 1, 1  # numbers of H.273 for the colours of high definition, and of FFmpeg for 16..235
TO_BT709 = {"dst_colorspace": "ITU709", "dst_color_range": "MPEG"}


def require_av() -> ModuleType:
    """Import PyAV, or say how to get it. Raises `OutputError`."""
    try:
        import av
    except ImportError as error:
        raise OutputError(
            "MP4 and WebM films need PyAV: pip install 'allaprima[video]'; or name the film .gif or .png"
        ) from error
    module: ModuleType = av
    if int(module.__version__.partition(".")[0]) < OLDEST:
        raise OutputError(
            f"PyAV {module.__version__} loses frames of films, {OLDEST} does not: pip install -U 'allaprima[video]'"
        )
    return module


class VideoRecorder:
    """One stream of pictures in a file.

    Attributes:
        container: FFmpeg's name of the file's format.
        container_options: Its options.
        codec: FFmpeg's name of the encoder.
        may_have_alpha: Whether it can encode alpha.
        pads: Whether odd sizes grow to even ones.
    """

    container: str
    container_options: Mapping[str, str] = AT_ONCE
    codec: str
    may_have_alpha = False
    pads = False

    def __init__(self, path: Path, frame: NDArray[np.uint8], style: Style) -> None:
        self.is_broken = False
        self.path, self.background, self.av = path, style.background, require_av()
        if self.codec not in self.av.codecs_available:
            raise OutputError(f"this PyAV has no {self.codec} for {path.suffix} films: name the film .gif or .png")
        self.has_alpha = self.may_have_alpha and has_alpha(frame.shape[2])
        height, width = self.picture(frame).shape[:2]
        options = dict(self.container_options)
        self.file: Any = self.av.open(os.fspath(path), "w", format=self.container, container_options=options)
        if style.comment:
            self.file.metadata["comment"] = style.comment  # the one key that all containers keep
        self.stream: Any = self.file.add_stream(self.codec, rate=style.fps)
        self.stream.width, self.stream.height = width, height
        self.stream.pix_fmt = "yuva420p" if self.has_alpha else "yuv420p"
        self.stream.options = self.encoder_options(style)
        context = self.stream.codec_context
        context.colorspace = context.color_primaries = context.color_trc = BT709
        context.color_range = LIMITED

    def encoder_options(self, style: Style) -> dict[str, str]:
        """How the encoder is to work."""
        raise NotImplementedError

    def picture(self, frame: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """What is encoded of a frame: RGB or RGBA."""
        colours = coloured(frame if self.has_alpha else opaque(frame, self.background))
        return even(colours) if self.pads else colours

    def add(self, frame: NDArray[np.uint8]) -> None:
        """Encode one frame more."""
        name = "rgba" if self.has_alpha else "rgb24"
        picture = self.av.VideoFrame.from_ndarray(np.ascontiguousarray(self.picture(frame)), format=name)
        self._encode(picture.reformat(format=self.stream.pix_fmt, **TO_BT709))

    def close(self) -> None:
        """Write what the encoder holds back, and close the file."""
        try:
            self._encode(None)
        finally:
            self.file.close()

    def _encode(self, picture: Any) -> None:
        if self.is_broken:  # FFmpeg crashes when it is asked to go on after an error
            return
        try:
            self.file.mux(self.stream.encode(picture))
        except BaseException:
            self.is_broken = True
            raise


class Mp4Recorder(VideoRecorder):
    """H.264 with 4:2:0 colours, which everything plays. Odd sizes grow by one row or column, a copy of the last."""

    container, codec, pads = "mp4", "libx264", True
    container_options = AT_ONCE | IN_PIECES

    def encoder_options(self, style: Style) -> dict[str, str]:
        """Quality 90 is crf 17.5; one key frame a second, and with it one piece that survives a kill."""
        return {"crf": f"{40 - style.quality / 4:.1f}", "g": str(max(1, round(style.fps)))}

    def close(self) -> None:
        """Close the file, and put its table of contents first."""
        super().close()
        if self.is_broken:
            return
        with suppress(self.av.error.FFmpegError, OSError):  # a disk that is full: the film is whole as it is
            self._move_contents_first()

    def _move_contents_first(self) -> None:
        with (
            atomic_path(self.path) as temporary,
            self.av.open(os.fspath(self.path)) as old,
            self.av.open(os.fspath(temporary), "w", format="mp4", container_options=FAST_START) as new,
        ):
            stream = new.add_stream_from_template(old.streams.video[0])
            new.metadata.update({key: text for key, text in old.metadata.items() if key == "comment"})
            for packet in old.demux(video=0):
                if packet.dts is not None:  # the last packet is an empty one
                    packet.stream = stream
                    new.mux(packet)


class WebmRecorder(VideoRecorder):
    """VP9 with 4:2:0 colours, and with alpha if the frames have it."""

    container, codec, may_have_alpha = "webm", "libvpx-vp9", True

    def encoder_options(self, style: Style) -> dict[str, str]:
        """Quality 90 is crf 24."""
        return {
            "crf": str(round(56 - style.quality * 0.36)),
            "b:v": "0",  # the quality alone decides
            "deadline": "good",
            "cpu-used": "4",
            "row-mt": "1",
            "auto-alt-ref": "0",  # alpha forbids it
            "g": str(max(1, round(2 * style.fps))),
        }


def coloured(frame: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """RGB or RGBA of a frame [h, w, c]."""
    match frame.shape[2]:
        case 1:
            return frame.repeat(3, axis=2)
        case 2:
            return frame[:, :, (0, 0, 0, 1)]
    return frame


def even(frame: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The frame, its last row and column twice where their number is odd: 4:2:0 colours cover 2×2 pixels."""
    height, width = frame.shape[:2]
    return np.pad(frame, ((0, height % 2), (0, width % 2), (0, 0)), mode="edge")
