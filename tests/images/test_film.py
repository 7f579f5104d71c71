"""Films: what goes in comes out, frame by frame; whatever happens, what is there can be played."""

import os
import signal
import subprocess
import sys
import textwrap
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from av.video.reformatter import Interpolation
from numpy.typing import NDArray
from PIL import Image, ImageSequence

from allaprima.errors import AllaPrimaError, ConfigError, OutputError
from allaprima.images import film as film_module
from allaprima.images.film import FORMATS, check_film, write_film
from allaprima.images.films import gif
from allaprima.images.films.recorder import opaque

Frame = NDArray[np.uint8]
FINE: dict[str, Any] = {"interpolation": "BICUBIC"}
if hasattr(Interpolation, "FULL_CHR_H_INT"):  # otherwise each pair of pixels has the colour of its left one
    FINE = {"interpolation": Interpolation.BICUBIC | Interpolation.FULL_CHR_H_INT | Interpolation.ACCURATE_RND}
LEAST_PSNR = 29 if hasattr(Interpolation, "FULL_CHR_H_INT") else 20
MODES = {1: "L", 2: "LA", 3: "RGB", 4: "RGBA"}
WHITE = (255, 255, 255)

every_format = pytest.mark.parametrize("name", ["film.mp4", "film.m4v", "film.webm", "film.gif", "film.png", "folder"])
every_channels = pytest.mark.parametrize("channels", [1, 2, 3, 4])
every_size = pytest.mark.parametrize(("height", "width"), [(32, 24), (33, 24), (32, 25), (15, 17)])


def waves(height: int = 16, width: int = 16, channels: int = 3, count: int = 6) -> Iterator[Frame]:
    """Smooth colours that move, and alpha of all values."""
    y, x = np.mgrid[:height, :width]
    for i in range(count):
        planes = [
            128 + 100 * np.sin((x + i) / 9),
            128 + 100 * np.sin((y - i) / 7),
            128 + 100 * np.cos((x + y) / 11),
            128 + 127 * np.sin((x - y + i) / 3),
        ]
        frame = np.stack(planes, axis=2).astype(np.uint8)
        yield {1: frame[:, :, 0], 2: frame[:, :, ::3], 3: frame[:, :, :3], 4: frame}[channels]


def read_pictures(path: Path, channels: int) -> list[Frame]:
    with Image.open(path) as image:
        frames = [np.array(frame.convert(MODES[channels])) for frame in ImageSequence.Iterator(image)]
    return [frame[:, :, None] if frame.ndim == 2 else frame for frame in frames]


def read_video(path: Path, *, alpha: bool = False) -> list[Frame]:
    """All frames; VP9's alpha is known to its own library alone."""
    frames: list[Frame] = []
    with av.open(str(path)) as container:
        decoder: Any = av.CodecContext.create("libvpx-vp9", "r") if path.suffix == ".webm" else None
        for packet in container.demux(video=0):
            decoded = packet.decode() if decoder is None else decoder.decode(packet)
            frames += [with_alpha(frame) if alpha else frame.to_ndarray(format="rgb24", **FINE) for frame in decoded]
    return frames


def with_alpha(frame: Any) -> Frame:
    """RGBA, put together here: FFmpeg's own conversion to it has a race that colours some pixels of narrow frames."""
    plane = frame.planes[3]
    alpha = np.frombuffer(plane, np.uint8).reshape(plane.height, plane.line_size)[:, : plane.width]
    return np.concatenate([frame.to_ndarray(format="rgb24", **FINE), alpha[:, :, None]], axis=2)


def read(path: Path, channels: int = 3) -> list[Frame]:
    match path.suffix:
        case "":
            files = sorted(path.iterdir())
            assert [file.name for file in files] == [f"frame{index:06d}.png" for index in range(len(files))]
            return [read_pictures(file, channels)[0] for file in files]
        case ".gif" | ".png" | ".apng":
            return read_pictures(path, channels)
    return read_video(path, alpha=path.suffix == ".webm" and channels in (2, 4))


def whole(frame: Frame) -> Frame:
    return frame[:, :, None] if frame.ndim == 2 else frame


def psnr(a: Frame, b: Frame) -> float:
    return float(10 * np.log10(255**2 / max(1e-9, np.mean((a.astype(float) - b) ** 2))))


# What goes in comes out.


@pytest.mark.parametrize("name", ["film.png", "film.apng", "folder"])
@every_channels
@every_size
def test_pngs_hold_every_pixel(tmp_path: Path, name: str, channels: int, height: int, width: int) -> None:
    frames = list(waves(height, width, channels))
    assert write_film(tmp_path / name, frames) == 6
    got = read(tmp_path / name, channels)
    assert len(got) == 6
    for frame, wanted in zip(got, frames, strict=True):
        np.testing.assert_array_equal(frame, whole(wanted))


def test_an_animated_png_holds_any_pixels_and_any_change(tmp_path: Path) -> None:
    """Nothing at all, one pixel, a rectangle, everything; colours under no alpha."""
    g = np.random.default_rng(0)
    first = g.integers(0, 256, (9, 7, 4), dtype=np.uint8)
    same = first.copy()
    pixel = first.copy()
    pixel[8, 6] ^= 255
    part = pixel.copy()
    part[2:5, 1:4] = 0
    frames = [first, same, pixel, part, 255 - part]
    write_film(tmp_path / "film.png", frames)
    for frame, wanted in zip(read(tmp_path / "film.png", 4), frames, strict=True):
        np.testing.assert_array_equal(frame, wanted)


@pytest.mark.parametrize("suffix", [".mp4", ".webm"])
@every_channels
@every_size
def test_videos_look_the_same(tmp_path: Path, suffix: str, channels: int, height: int, width: int) -> None:
    frames = [whole(frame) for frame in waves(height, width, channels)]
    path = tmp_path / f"film{suffix}"
    assert write_film(path, iter(frames)) == 6
    got = read(path, channels)
    assert len(got) == 6
    keeps_alpha = suffix == ".webm" and channels in (2, 4)
    for frame, wanted in zip(got, frames, strict=True):
        laid = wanted if keeps_alpha else opaque(wanted, WHITE)
        colours = {1: laid.repeat(3, axis=2), 2: laid[:, :, [0, 0, 0, -1]]}.get(laid.shape[2], laid)
        assert psnr(frame[:height, :width], colours) > LEAST_PSNR


def test_odd_sizes_of_mp4_grow_by_a_copy_of_the_last_row_and_column(tmp_path: Path) -> None:
    write_film(tmp_path / "film.mp4", waves(15, 17, 1), quality=100)
    for frame in read(tmp_path / "film.mp4"):
        assert frame.shape == (16, 18, 3)
        assert np.abs(frame[15].astype(int) - frame[14]).max() <= 12
        assert np.abs(frame[:, 17].astype(int) - frame[:, 16]).max() <= 12
    write_film(tmp_path / "film.webm", waves(15, 17))
    assert read(tmp_path / "film.webm")[0].shape == (15, 17, 3)


@pytest.mark.parametrize("suffix", [".mp4", ".webm"])
def test_quality_is_a_matter_of_bytes(tmp_path: Path, suffix: str) -> None:
    g = np.random.default_rng(0)
    noise = [g.integers(0, 256, (32, 32, 3), dtype=np.uint8) for _ in range(5)]
    sizes = []
    for quality in (1, 50, 100):
        write_film(tmp_path / f"film{suffix}", noise, quality=quality)
        sizes.append((tmp_path / f"film{suffix}").stat().st_size)
    assert sizes == sorted(sizes)
    assert sizes[0] < sizes[2] / 2


def test_colours_of_videos_are_said_to_be_of_bt_709(tmp_path: Path) -> None:
    for name in ("film.mp4", "film.webm"):
        write_film(tmp_path / name, waves())
        with av.open(str(tmp_path / name)) as container:
            frame = next(container.decode(video=0))
            assert (frame.colorspace, frame.color_range) == (1, 1)


def test_a_gif_of_grays_or_of_few_colours_is_exact(tmp_path: Path) -> None:
    for channels, frames in [(1, list(waves(16, 24, 1))), (3, [frame // 64 * 64 for frame in waves(16, 24)])]:
        write_film(tmp_path / "film.gif", frames)
        for frame, wanted in zip(read(tmp_path / "film.gif", channels), frames, strict=True):
            np.testing.assert_array_equal(frame, whole(wanted))


def test_rare_colours_of_a_large_gif_are_kept_if_they_are_few() -> None:
    frame = np.zeros((200, 300, 3), np.uint8)
    frame[101, 3], frame[7, 299] = (255, 0, 0), (0, 0, 9)
    np.testing.assert_array_equal(np.asarray(gif.quantized(frame, 255).convert("RGB")), frame)


@pytest.mark.parametrize("larger", [1, 6])
def test_a_gif_of_many_colours_is_near(tmp_path: Path, larger: int) -> None:
    g = np.random.default_rng(0)
    wide = [
        np.asarray(Image.fromarray(g.integers(0, 256, (6, 8, 3), dtype=np.uint8)).resize((64 * larger, 48 * larger)))
        for _ in "ab"
    ]
    write_film(tmp_path / "film.gif", wide)
    for frame, wanted in zip(read(tmp_path / "film.gif"), wide, strict=True):
        assert psnr(frame, wanted) > 26


@pytest.mark.parametrize("channels", [2, 4])
def test_a_gif_is_transparent_or_opaque_over_the_background(tmp_path: Path, channels: int) -> None:
    frames = [whole(frame) for frame in waves(16, 16, channels)]
    write_film(tmp_path / "film.gif", frames)
    for frame, wanted in zip(read(tmp_path / "film.gif", channels), frames, strict=True):
        seen = wanted[:, :, -1] >= 128
        np.testing.assert_array_equal(frame[:, :, -1], np.where(seen, 255, 0))
        assert psnr(frame[seen][:, :-1], opaque(wanted, WHITE)[seen]) > 28


def test_alpha_lies_over_the_background_where_a_format_has_none(tmp_path: Path) -> None:
    clear = [np.zeros((16, 16, 4), np.uint8)] * 3
    for background, wanted in [(WHITE, 255), ((0, 0, 255), None), ((0, 0, 0), 0)]:
        write_film(tmp_path / "film.mp4", clear, background=background)
        seen = read(tmp_path / "film.mp4")[0].reshape(-1, 3).mean(axis=0)
        assert np.abs(seen - (background if wanted is None else wanted)).max() < 13


# Time.


@pytest.mark.parametrize("fps", [10, 12.5, 24, 29.97, 50])
@pytest.mark.parametrize("suffix", [".mp4", ".webm", ".gif", ".png"])
def test_a_film_lasts_as_long_as_its_frames(tmp_path: Path, suffix: str, fps: float) -> None:
    path = tmp_path / f"film{suffix}"
    write_film(path, waves(count=13), fps=fps)
    with av.open(str(path)) as container:
        stamps = [float(packet.pts * packet.time_base) for packet in container.demux(video=0) if packet.pts is not None]
    steps = np.diff(sorted(stamps))
    assert len(stamps) == 13
    assert abs(steps.mean() - 1 / fps) < 1e-3
    assert np.abs(steps - 1 / fps).max() < (0.011 if suffix == ".gif" else 0.002)


@pytest.mark.parametrize("suffix", [".gif", ".png"])
def test_it_plays_for_ever_or_once(tmp_path: Path, suffix: str) -> None:
    for loop in (True, False):
        write_film(tmp_path / f"film{suffix}", waves(), loop=loop)
        with Image.open(tmp_path / f"film{suffix}") as image:
            assert image.info.get("loop") == (0 if loop else {".gif": None, ".png": 1}[suffix])


def test_an_mp4_begins_with_its_table_of_contents(tmp_path: Path) -> None:
    write_film(tmp_path / "film.mp4", waves(count=40), fps=10)
    data = (tmp_path / "film.mp4").read_bytes()
    assert 0 < data.index(b"moov") < data.index(b"mdat")
    assert b"moof" not in data
    assert [path.name for path in tmp_path.iterdir()] == ["film.mp4"]


# Laziness.


def test_frames_are_not_kept(tmp_path: Path) -> None:
    living = 0
    most = 0

    class Counted(np.ndarray):
        def __del__(self) -> None:
            nonlocal living
            living -= 1

    def frames() -> Iterator[Frame]:
        nonlocal living, most
        for _ in range(60):
            frame = np.zeros((4, 4, 3), np.uint8).view(Counted)
            living += 1
            most = max(most, living)
            yield frame

    assert write_film(tmp_path / "film.png", frames()) == 60
    assert most <= film_module.AHEAD + 4


def test_the_encoder_holds_up_who_is_too_quick(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gate = threading.Event()
    taken = []
    slow = FORMATS[".png"].add
    monkeypatch.setattr(FORMATS[".png"], "add", lambda self, frame: (gate.wait(10), slow(self, frame)))

    def frames() -> Iterator[Frame]:
        for index in range(40):
            taken.append(index)
            yield np.zeros((4, 4), np.uint8)

    film = threading.Thread(target=write_film, args=(tmp_path / "film.png", frames()))
    film.start()
    film.join(0.3)
    held_at = len(taken)
    gate.set()
    film.join(10)
    assert held_at == film_module.AHEAD + 1
    assert len(read(tmp_path / "film.png", 1)) == 40


def test_one_array_may_hold_all_frames_in_turn(tmp_path: Path) -> None:
    def frames() -> Iterator[Frame]:
        frame = np.zeros((4, 4), np.uint8)
        for index in range(20):
            frame[:] = index
            yield frame

    write_film(tmp_path / "film.png", frames())
    assert [int(frame.max()) for frame in read(tmp_path / "film.png", 1)] == list(range(20))


# A film that stops.


@every_format
@pytest.mark.parametrize("error", [KeyboardInterrupt, RuntimeError])
def test_a_film_that_stops_can_be_played(tmp_path: Path, name: str, error: type[BaseException]) -> None:
    def frames() -> Iterator[Frame]:
        yield from waves(count=5)
        raise error

    with pytest.raises(error):
        write_film(tmp_path / name, frames())
    assert len(read(tmp_path / name)) == 5


def test_a_film_that_stops_before_it_begins_leaves_nothing(tmp_path: Path) -> None:
    def frames() -> Iterator[Frame]:
        raise RuntimeError
        yield

    with pytest.raises(RuntimeError):
        write_film(tmp_path / "film.png", frames())
    assert not list(tmp_path.iterdir())


def test_a_killed_film_can_be_played(tmp_path: Path) -> None:
    """SIGKILL when all frames have been taken; the encoders of MP4 and WebM look some dozens of them ahead."""
    program = f"""
        import os, signal, threading, time
        import numpy as np
        from allaprima.images.film import write_film
        def frames(count):
            for index in range(count):
                yield np.random.RandomState(index).randint(0, 255, (32, 32, 3)).astype(np.uint8)
            done.append(1)
            time.sleep(60)
        done = []
        for name, count in (("a.mp4", 120), ("a.webm", 120), ("a.gif", 30), ("a.png", 30)):
            film = dict(path=os.path.join({str(tmp_path)!r}, name), frames=frames(count), fps=10)
            threading.Thread(target=write_film, kwargs=film, daemon=True).start()
        while len(done) < 4:
            time.sleep(0.1)
        time.sleep(0.5)
        os.kill(os.getpid(), signal.SIGKILL)
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(program)], check=False, env=os.environ)
    assert done.returncode == -signal.SIGKILL
    for name, least in [("a.mp4", 30), ("a.webm", 30), ("a.gif", 30), ("a.png", 30)]:
        with av.open(str(tmp_path / name)) as container:
            assert frames_before_the_break(container) >= least, name


def frames_before_the_break(container: Any) -> int:
    count = 0
    with suppress(av.error.InvalidDataError):
        for _ in container.decode(video=0):
            count += 1
    return count


# What cannot be filmed.


@pytest.mark.parametrize(
    ("name", "options", "error", "sentence"),
    [
        ("film.avi", {}, ConfigError, r"^no film format is called \.avi: name the film \.mp4, .*, or a folder"),
        ("film.v2", {}, ConfigError, r"^no film format is called \.v2"),
        ("film.gif", {"fps": 60}, ConfigError, r"^a GIF plays at most 50 frames per second, not 60$"),
        ("film.mp4", {"fps": 0}, ConfigError, r"^a film of 0 frames per second: give from 0.01 to 1000$"),
        ("film.mp4", {"fps": float("nan")}, ConfigError, r"^a film of nan frames per second"),
        ("film.mp4", {"quality": 0}, ConfigError, r"^the quality of a film is 0: it must be from 1, small, to 100"),
        ("no/film.mp4", {}, OutputError, r"^cannot write .*film\.mp4: .*no is no directory that one may write to$"),
        ("file", {}, OutputError, r"^cannot write frames into .*file: it is a file$"),
        ("folder.mp4", {}, OutputError, r"^cannot write .*folder\.mp4: it is a directory$"),
        ("full", {}, OutputError, r"^the folder .*full holds frames of another film: give a new one$"),
    ],
)
def test_it_is_said_before_a_frame_is_computed(
    tmp_path: Path, name: str, options: dict[str, Any], error: type[AllaPrimaError], sentence: str
) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "folder.mp4").mkdir()
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "frame000000.png").touch()

    def frames() -> Iterator[Frame]:
        pytest.fail("a frame was computed")
        yield

    with pytest.raises(error, match=sentence):
        write_film(tmp_path / name, frames(), **options)


@pytest.mark.parametrize("name", ["film.mp4", "film.webm"])
def test_without_pyav_the_extra_is_named(tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "av", None)
    with pytest.raises(OutputError, match=r"need PyAV: pip install 'allaprima\[video\]'; or name the film \.gif or"):
        check_film(tmp_path / name)


@pytest.mark.parametrize("name", ["film.gif", "film.png", "folder"])
def test_pictures_need_no_pyav(tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "av", None)
    assert write_film(tmp_path / name, waves()) == 6


def test_an_old_pyav_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(av, "__version__", "14.2.0")
    with pytest.raises(OutputError, match=r"^PyAV 14\.2\.0 loses frames of films, 15 does not: pip install -U"):
        write_film(tmp_path / "film.mp4", waves())


def test_no_codec_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(av, "codecs_available", set())
    with pytest.raises(OutputError, match=r"^this PyAV has no libx264 for \.mp4 films"):
        write_film(tmp_path / "film.mp4", waves())


def test_no_frames_are_said(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=r"^there is nothing to film: no frame came for"):
        write_film(tmp_path / "film.mp4", [])
    assert not (tmp_path / "film.mp4").exists()


@pytest.mark.parametrize(
    ("odd", "sentence"),
    [
        (
            np.zeros((4, 5, 3), np.uint8),
            r"^frame 2 is \[4, 5, 3\], the frames before it \[4, 4, 3\]: all must be alike$",
        ),
        (np.zeros((4, 4), np.uint8), r"^frame 2 is \[4, 4, 1\], the frames before it"),
        (np.zeros((4, 4, 3), np.float32), r"^frame 2 is float32 \[4, 4, 3\]: it must be uint8"),
        (np.zeros((4, 4, 5), np.uint8), r"^frame 2 is uint8 \[4, 4, 5\]: it must be"),
        (np.zeros((2, 4, 4, 3), np.uint8), r"^frame 2 is uint8 \[2, 4, 4, 3\]: it must be"),
    ],
)
@every_format
def test_frames_that_are_not_alike_end_the_film(tmp_path: Path, name: str, odd: Any, sentence: str) -> None:
    with pytest.raises(OutputError, match=sentence):
        write_film(tmp_path / name, [*waves(4, 4, count=2), odd])
    assert len(read(tmp_path / name)) == 2


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a disk that is always full")
@pytest.mark.parametrize("name", ["film.gif", "film.png", "film.webm", "film.mp4"])
def test_a_full_disk_is_one_sentence(tmp_path: Path, name: str) -> None:
    (tmp_path / name).symlink_to("/dev/full")
    g = np.random.default_rng(0)
    frames = (g.integers(0, 256, (64, 64, 3), dtype=np.uint8) for _ in range(40))
    with pytest.raises(OutputError, match=rf"^cannot write .*{name}: No space left on device$"):
        write_film(tmp_path / name, frames)


# The pieces.


def test_a_packed_frame_of_a_gif_has_a_table_of_a_power_of_two() -> None:
    for channels in (1, 2, 3, 4):
        packed = gif.pack_frame(whole(next(waves(channels=channels))), WHITE)
        assert len(packed.colours) // 3 in {2**bits for bits in range(1, 9)}
        assert (packed.transparent is not None) == (channels in (2, 4))


@pytest.mark.parametrize("name", ["film.mp4", "film.webm", "film.gif", "film.png", "folder"])
def test_a_film_says_what_it_is_told(name: str, tmp_path: Path) -> None:
    told = {"Software": "allaprima", "Class": "ψ", "Long": "x" * 300}
    path = tmp_path / name
    write_film(path, waves(), texts={**told, "XML:com.adobe.xmp": "<x/>"})
    plain = tmp_path / f"plain {name}"
    write_film(plain, waves())
    comment = "; ".join(f"{keyword}: {text}" for keyword, text in told.items())
    if path.suffix in (".mp4", ".webm"):
        with av.open(str(path)) as film, av.open(str(plain)) as other:
            said = {key.lower(): text for key, text in film.metadata.items()}
            assert said.pop("comment") == comment
            assert "comment" not in {key.lower() for key in other.metadata}
    elif path.suffix == ".gif":
        assert Image.open(path).info["comment"] == comment.replace("ψ", "?").encode()
        assert "comment" not in Image.open(plain).info
    else:
        first = next(iter(sorted(path.iterdir()))) if path.is_dir() else path
        assert Image.open(first).text == {**told, "XML:com.adobe.xmp": "<x/>"}  # type: ignore[attr-defined]
    if path.suffix in (".gif", ".png"):
        assert len(list(ImageSequence.Iterator(Image.open(path)))) == 6
