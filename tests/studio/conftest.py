"""A studio in this process, on tiny models; and one in a process of its own, with a browser before it."""

import os
import queue
import re
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import torch
from fastapi.testclient import TestClient

from allaprima.checkpoint import Networks, save
from allaprima.images import write_png
from allaprima.studio.app import create_app
from allaprima.studio.settings import Settings
from tests.surgery.small import discriminator, generator

SOURCE = Path(__file__).parents[2] / "src"
NAMES = ("chromium", "chromium-browser", "google-chrome")
CHROMIUM = next((path for name in NAMES if (path := shutil.which(name))), None)
STARTED = re.compile(r"open at (http://\S+)")
PATIENCE = 90.0  # seconds until a studio is open
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--force-color-profile=srgb"]


@pytest.fixture(scope="session")
def model_files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """One tiny model of each architecture, gray to RGBA, square and not, with and without classes."""
    folder = tmp_path_factory.mktemp("models")
    made = {
        "stylegan2": Networks(G_ema=generator("skip", 16, 16, 4), D=discriminator("resnet", 16, 16, 4)),
        "classes": Networks(G_ema=generator("skip", 24, 16, c_dim=3), class_names=["cat", "dog", "newt"]),
        "stylegan3": Networks(G_ema=generator("stylegan3", 16, 16)),
        "stylegan": Networks(G_ema=generator("stylegan"), D=discriminator("stylegan")),
        "progan": Networks(G_ema=generator("progan", 16, 16, 1), D=discriminator("progan", 16, 16, 1)),
        "r3gan": Networks(G_ema=generator("r3gan"), D=discriminator("r3gan")),
    }
    files = {name: folder / f"{name}.safetensors" for name in made}
    for name, networks in made.items():
        save(networks, files[name])
    return files


@pytest.fixture(scope="session")
def image_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Forty pictures of 16×16 RGBA, two of them alike."""
    folder = tmp_path_factory.mktemp("images")
    numbers = torch.Generator().manual_seed(1)
    for index in range(40):
        pixels = torch.randint(256, (16, 16, 4), generator=numbers, dtype=torch.uint8).numpy()
        write_png(folder / f"{index:02d}.png", pixels)
    shutil.copy(folder / "07.png", folder / "twin.png")
    return folder


@pytest.fixture(scope="session")
def settings(model_files: dict[str, Path], image_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return Settings(
        models={name: str(path) for name, path in model_files.items()},
        datasets={"pictures": image_folder},
        out=tmp_path_factory.mktemp("studio"),
        device="cpu",
    )


@pytest.fixture(scope="session")
def client(settings: Settings) -> Iterator[TestClient]:
    """A client of one studio in this process, which all tests share."""
    with studio(settings) as client:
        yield client


@contextmanager
def studio(settings: Settings) -> Iterator[TestClient]:
    """A studio of one's own, in this process."""
    with TestClient(create_app(settings), base_url="http://127.0.0.1", raise_server_exceptions=False) as client:
        yield client


def finished(client: TestClient, job: dict[str, Any], seconds: float = 120.0) -> dict[str, Any]:
    """How a work stands when it is over."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        found: dict[str, Any] = client.get(f"/api/jobs/{job['id']}").json()
        if found["state"] in ("done", "failed", "stopped"):
            return found
        time.sleep(0.05)
    raise AssertionError(f"not over after {seconds} s: {found}")


@contextmanager
def running(*arguments: str, **environment: str) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """``allaprima studio`` as a process of its own: its address, and the process."""
    command = [sys.executable, "-m", "allaprima", "studio", "--port", "0", "--device", "cpu", *arguments]
    env = {**os.environ, "PYTHONPATH": str(SOURCE), "PYTHONUNBUFFERED": "1", **environment}
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=env)
    lines: queue.Queue[str] = queue.Queue()
    assert process.stdout is not None
    threading.Thread(target=lambda: [lines.put(line) for line in process.stdout or ()], daemon=True).start()
    try:
        line = lines.get(timeout=PATIENCE)
        found = STARTED.search(line)
        assert found, f"the studio said: {line}"
        yield found[1], process
    finally:
        process.terminate()
        process.wait(20)


@pytest.fixture(scope="session")
def address(
    model_files: dict[str, Path], image_folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """The address of a studio in a process of its own, which all browser tests share."""
    out = tmp_path_factory.mktemp("served")
    files = [str(path) for path in model_files.values()]
    with running(*files, "--data", str(image_folder), "--out", str(out)) as (found, _):
        yield found


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    """A browser; without one the tests that need it are skipped, loudly."""
    playwright = pytest.importorskip("playwright.sync_api", reason="no playwright: nothing was seen in a browser")
    if CHROMIUM is None:
        pytest.skip("no Chromium on this machine: nothing was seen in a browser")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


def is_complaint(message: Any, page: Any) -> bool:
    """Whether the console tells of something that the test does not expect."""
    return message.type == "error" and not any(f"a status of {status} " in message.text for status in page.refusals)


@pytest.fixture
def page(chromium: Any, address: str) -> Iterator[Any]:
    """An empty page. What it asks of other hosts, and what it complains of, fails the test."""
    context = chromium.new_context(base_url=address, viewport={"width": 1280, "height": 900}, reduced_motion="reduce")
    page = context.new_page()
    page.set_default_timeout(20_000)
    page.refusals = set()  # statuses of answers that a test provokes
    elsewhere: list[str] = []
    complaints: list[str] = []
    own = (address.rstrip("/"), address.replace("http", "ws", 1).rstrip("/"), "blob:", "data:")
    page.on("request", lambda request: None if request.url.startswith(own) else elsewhere.append(request.url))
    page.on("console", lambda message: complaints.append(message.text) if is_complaint(message, page) else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    yield page
    context.close()
    assert not elsewhere, f"asked of other hosts: {elsewhere}"
    assert not complaints, f"the console says: {complaints}"
