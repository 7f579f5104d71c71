import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from allaprima.data.sources import open_source
from allaprima.errors import DataError
from allaprima.images import write_png
from allaprima.images.png import to_array


def write_video(path: Path, frames: int = 7, height: int = 32, width: int = 48) -> None:
    """Frame i is flat with the value 30 * i."""
    av = pytest.importorskip("av")
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=10)
        stream.height, stream.width, stream.pix_fmt = height, width, "yuv420p"
        for i in range(frames):
            frame = av.VideoFrame.from_ndarray(np.full((height, width, 3), 30 * i, np.uint8), format="rgb24")
            container.mux(stream.encode(frame))
        container.mux(stream.encode())


def grays(path: Path, every: int = 1) -> list[int]:
    return [round(float(to_array(item.read()).mean()) / 30) for item in open_source(path, every=every)]


def test_frames_in_order(tmp_path: Path) -> None:
    write_video(tmp_path / "clip.mp4")
    assert grays(tmp_path / "clip.mp4") == [0, 1, 2, 3, 4, 5, 6]
    assert grays(tmp_path / "clip.mp4", every=3) == [0, 3, 6]
    source = open_source(tmp_path / "clip.mp4", every=3)
    assert (source.kind, source.count) == ("video", None)
    items = list(source)
    assert [item.name for item in items] == ["clip.mp4/000000", "clip.mp4/000003", "clip.mp4/000006"]
    assert items[0].read().size == (48, 32)
    assert items[0].read().mode == "RGB"


def test_videos_in_folders_are_frames_with_labels(tmp_path: Path) -> None:
    for name in ("run", "walk"):
        (tmp_path / "clips" / name).mkdir(parents=True)
        write_video(tmp_path / "clips" / name / "a.mp4", frames=2)
    write_png(tmp_path / "clips" / "walk" / "b.png", np.zeros((4, 4, 3), np.uint8))
    source = open_source(tmp_path / "clips", labels="folders")
    assert [item.label for item in source] == [0, 0, 1, 1, 1]
    assert source.count is None
    assert source.class_names == ["run", "walk"]


def test_animations_need_nothing_but_pillow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "av", None)
    frames = [Image.new("L", (6, 4), 30 * i) for i in range(4)]
    frames[0].save(tmp_path / "clip.gif", save_all=True, append_images=frames[1:])
    assert grays(tmp_path / "clip.gif", every=2) == [0, 2]


def test_transparent_animations_keep_their_alpha(tmp_path: Path) -> None:
    frames = [Image.new("RGBA", (6, 4), (255, 0, 0, 0)) for _ in range(2)]
    frames[1].putpixel((1, 1), (0, 255, 0, 255))
    frames[0].save(tmp_path / "clip.webp", save_all=True, append_images=frames[1:], lossless=True)
    second = list(open_source(tmp_path / "clip.webp"))[1].read()
    assert second.mode == "RGBA"
    assert to_array(second)[1, 1].tolist() == [0, 255, 0, 255]
    assert to_array(second)[0, 0, 3] == 0


def test_what_is_no_video_is_a_broken_item(tmp_path: Path) -> None:
    pytest.importorskip("av")
    (tmp_path / "clip.mp4").write_bytes(b"no video at all" * 100)
    (item,) = open_source(tmp_path / "clip.mp4")
    with pytest.raises(DataError, match=r"clip.mp4 breaks off at frame 0: "):
        item.read()


def test_without_pyav_one_sentence_says_how_to_get_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "av", None)
    (tmp_path / "clip.mp4").write_bytes(b"whatever")
    with pytest.raises(DataError, match=r"^reading videos needs PyAV: pip install 'allaprima\[video\]'$"):
        open_source(tmp_path / "clip.mp4")
