"""Small datasets, made when a test runs."""

import json
import re
import tarfile
import threading
import zipfile
import zlib
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from allaprima.images import encode_png, write_png

Pixels = NDArray[np.uint8]


@pytest.fixture
def picture() -> Callable[..., Pixels]:
    """Makes pixels [height, width, channels] that depend on a seed alone."""

    def make(seed: int = 0, height: int = 6, width: int = 4, channels: int = 3) -> Pixels:
        return np.random.RandomState(seed).randint(0, 256, (height, width, channels), dtype=np.uint8)

    return make


@pytest.fixture
def make_folder(tmp_path: Path, picture: Callable[..., Pixels]) -> Callable[..., Path]:
    """Makes a folder of PNGs: names and, if wanted, shapes (height, width, channels)."""

    def make(names: list[str], shapes: dict[str, tuple[int, int, int]] | None = None, folder: str = "images") -> Path:
        root = tmp_path / folder
        for i, name in enumerate(names):
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            write_png(root / name, picture(i, *(shapes or {}).get(name, (6, 4, 3))))
        return root

    return make


@pytest.fixture
def make_archive(tmp_path: Path, picture: Callable[..., Pixels]) -> Callable[..., Path]:
    """Makes an archive in the ecosystem's format, written by hand."""

    def make(count: int = 5, labels: Any = None, channels: int = 3, name: str = "set.zip", **more: Any) -> Path:
        path = tmp_path / name
        names = [f"00000/img{i:08d}.png" for i in range(count)]
        with zipfile.ZipFile(path, "w") as archive:
            for i, image in enumerate(names):
                archive.writestr(image, encode_png(picture(i, channels=channels)))
            pairs = None if labels is None else [list(pair) for pair in zip(names, labels, strict=False)]
            archive.writestr("dataset.json", json.dumps({"labels": pairs} | more))
        return path

    return make


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Indices of shards are kept where each test begins with none."""
    monkeypatch.setenv("ALLAPRIMA_HOME", str(tmp_path / "home"))


@pytest.fixture
def make_shards(tmp_path: Path) -> Callable[..., list[Path]]:
    """Makes tar shards of an archive's images, as WebDataset has them: an image, and its label as .cls or .json."""

    def make(archive: Path, per_shard: int = 3, ending: str = ".cls", folder: str = "shards") -> list[Path]:
        root = tmp_path / folder
        root.mkdir()
        with zipfile.ZipFile(archive) as images:
            labels = dict(json.loads(images.read("dataset.json"))["labels"] or [])
            names = sorted(name for name in images.namelist() if name.endswith(".png"))
            files = []
            for start in range(0, len(names), per_shard):
                files.append(root / f"{start // per_shard:06d}.tar")
                with tarfile.open(files[-1], "w") as shard:
                    for name in names[start : start + per_shard]:
                        add_to_tar(shard, name, images.read(name))
                        if name in labels:
                            add_to_tar(shard, name.removesuffix(".png") + ending, json.dumps(labels[name]).encode())
        return files

    return make


def add_to_tar(archive: tarfile.TarFile, name: str, content: bytes) -> None:
    member = tarfile.TarInfo(name)
    member.size = len(content)
    archive.addfile(member, BytesIO(content))


@pytest.fixture
def make_table(tmp_path: Path) -> Callable[..., Path]:
    """Makes a folder as ``datasets.save_to_disk`` does, of an archive's images and labels."""

    def make(archive: Path, split: str | None = None, folder: str = "table") -> Path:
        datasets = pytest.importorskip("datasets")
        with zipfile.ZipFile(archive) as images:
            labels = json.loads(images.read("dataset.json"))["labels"]
            rows = [{"bytes": images.read(n), "path": None} for n in sorted(images.namelist()) if n.endswith(".png")]
        columns, features = {"picture": rows}, {"picture": datasets.Image()}
        if labels:
            columns["kind"] = [label for _, label in labels]
            features["kind"] = datasets.ClassLabel(names=["ant", "bee", "cow"])
        table = datasets.Dataset.from_dict(columns, features=datasets.Features(features))
        datasets.disable_progress_bars()
        (table if split is None else datasets.DatasetDict({split: table})).save_to_disk(str(tmp_path / folder))
        return tmp_path / folder

    return make


class Server:
    """An HTTP server of a folder that knows ranges, and can be told to misbehave."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.failures = 0  # of the next requests
        self.knows_ranges = True
        self.requests: list[str] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            wbufsize = 1 << 16  # else headers and body go as two packets, and the second waits 40 ms

            def do_HEAD(self) -> None:
                self.answer(body=False)

            def do_GET(self) -> None:
                self.answer(body=True)

            def answer(self, *, body: bool) -> None:
                outer.requests.append(f"{self.command} {self.path} {self.headers.get('Range', '')}".strip())
                file = outer.root / self.path.lstrip("/")
                if outer.failures > 0:
                    outer.failures -= 1
                    self.close_connection = True  # without an answer, as a server that goes away
                    return
                if not file.is_file():
                    self.send_error(404)
                    return
                content, status = file.read_bytes(), 200
                total = len(content)
                found = re.fullmatch(r"bytes=(\d+)-(\d+)", self.headers.get("Range", ""))
                if found and outer.knows_ranges:
                    first, last = int(found[1]), min(int(found[2]), total - 1)
                    content, status = content[first : last + 1], 206
                self.send_response(status)
                self.send_header("Content-Length", str(len(content)))
                self.send_header("ETag", f'"{zlib.crc32(file.read_bytes())}"')
                if outer.knows_ranges:
                    self.send_header("Accept-Ranges", "bytes")
                if status == 206:
                    self.send_header("Content-Range", f"bytes {first}-{last}/{total}")
                self.end_headers()
                if body:
                    self.wfile.write(content)

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.address = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """Serves everything below the test's own folder."""
    pytest.importorskip("aiohttp")
    serving = Server(tmp_path)
    yield serving
    serving.stop()
