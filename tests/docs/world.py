"""What the reader of our pages has at hand, small: images, archives, a training, models of others.

Made once for all tests of a session; each page gets a copy.
"""

import os
import pickle
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from filelock import FileLock
from numpy.typing import NDArray

import allaprima
from allaprima.checkpoint import Networks
from allaprima.cli.main import main
from allaprima.data.archive import archive_writer
from allaprima.images import write_png
from tests.docs.shortened import STEPS_KIMG, TINY
from tests.interchange.torch_stylegan.published import programs
from tests.interchange.torch_stylegan.test_pickles import reference_module
from tests.surgery.small import discriminator, generator


def world_once(folder: Path) -> Path:
    """The world, made by whichever process of the session comes first."""
    done = folder / "world"
    with FileLock(folder / "world.lock"):
        if not done.exists():
            making = folder / "making"
            making.mkdir()
            _make(making)
            making.rename(done)
    return done


def call(arguments: list[str]) -> int:
    """Run ``allaprima`` in this process; its exit status."""
    try:
        main(arguments)
    except SystemExit as stop:
        return int(stop.code or 0)
    raise AssertionError("main returned")


def _make(world: Path) -> None:
    home = Path.cwd()
    os.chdir(world)
    try:
        for step in (_images, _models, _training, _latents):
            step()
    finally:
        os.chdir(home)


def _images() -> None:
    for folder, side in (("photos", 20), ("my-images", 70)):
        Path(folder).mkdir()
        for index in range(72):
            write_png(Path(folder) / f"{index:02d}.png", _picture(index, side, side, 3))
    for name in ("flowers", "dresses", "birds"):
        _archive(Path(f"{name}.zip"), 72, 16, 16, 3)
    _archive(Path("emoji.zip"), 8, 64, 64, 4)
    write_png("smile.png", _picture(3, 64, 64, 4))
    for name, side in (("me", 16), ("you", 24)):
        write_png(f"{name}.png", _picture(side, side, side, 3))
        shutil.copy(f"{name}.png", f"{name}.jpg")  # content tells the format


def _models() -> None:
    for name, seed in (("faces", 0), ("cartoons", 1)):
        G, D = generator("skip", 64, 64, seed=seed), discriminator("resnet", 64, 64, seed=seed)
        allaprima.save(Networks(G_ema=G, D=D), f"{name}.safetensors")
    allaprima.save(allaprima.load_networks("faces.safetensors"), "faces")
    allaprima.save(Networks(G_ema=generator("stylegan3", 16, 16)), "dresses.safetensors")
    cats = generator("skip", 16, 16, c_dim=2)
    allaprima.save(Networks(G_ema=cats, class_names=["cat", "dog"]), "pets.safetensors")
    with programs():
        content = pickle.dumps({"G_ema": reference_module("stylegan2_generator_skip_1ch", "G.")})
    for name in ("network-snapshot-025000.pkl", "unknown.pkl"):
        Path(name).write_bytes(content)


def _training() -> None:
    tiny = [word for field in TINY for word in ("--set", field)]
    for name in ("flowers", "dresses"):
        words = ["train", f"{name}.zip", f"runs/{name}", "--recipe", "laptop", "--kimg", f"{STEPS_KIMG:g}", *tiny]
        assert call(words) == 0
    for copy in ("old", "faces"):
        shutil.copytree("runs/flowers", f"runs/{copy}")


def _latents() -> None:
    for index, name in enumerate("abc"):
        words = ["project", "emoji-64", "smile.png", "--steps", "1", "--start", f"seed:{index}", "--out", name]
        assert call(words) == 0
        shutil.move(f"{name}/latents.safetensors", f"{name}.safetensors")


def _archive(path: Path, count: int, height: int, width: int, channels: int) -> None:
    with archive_writer(path) as archive:
        for index in range(count):
            archive.add(_picture(index, height, width, channels), None)
        archive.finish()


def _picture(seed: int, height: int, width: int, channels: int) -> NDArray[np.uint8]:
    """A smooth picture, so that nothing calls it noise or a duplicate."""
    numbers = np.random.default_rng(seed)
    y, x = np.mgrid[0:height, 0:width] / max(height, width)
    a, b, c = numbers.uniform(1, 9, (3, channels))
    waves = np.sin(a * y[..., None] + b * x[..., None] + c)
    return (waves * 120 + 128).astype(np.uint8)


PREPARED: dict[str, Callable[[], dict[str, Any]]] = {}
"""What a page's sentences introduce before its code uses it: files, and names of Python."""


def prepares(page: str) -> Callable[[Callable[[], dict[str, Any]]], Callable[[], dict[str, Any]]]:
    """Register what a page has before its first line."""

    def register(function: Callable[[], dict[str, Any]]) -> Callable[[], dict[str, Any]]:
        PREPARED[page] = function
        return function

    return register


@prepares("README.md")
def _latent_and_label() -> dict[str, Any]:
    import torch

    return {"z": torch.zeros(1, 128), "c": None}


@prepares("docs/datasets.md")
def _no_training_yet() -> dict[str, Any]:
    shutil.rmtree("runs/flowers")  # the page makes another archive of that name
    return {}


@prepares("docs/explaining.md")
def _training_of_their_own() -> dict[str, Any]:
    shutil.copytree("runs/flowers", "runs/mine")
    shutil.copy("flowers.zip", "my-images.zip")
    return {}


@prepares("docs/painting.md")
def _painter() -> dict[str, Any]:
    return {"allaprima": allaprima, "G": allaprima.load("emoji-64"), "Path": Path}


@prepares("docs/other-programs.md")
def _exported() -> dict[str, Any]:
    import onnxruntime

    allaprima.save(
        Networks(G_ema=generator("skip", 8, 8)), "small.safetensors"
    )  # one of 64×64 takes three times as long
    assert call(["export", "small.safetensors", "model.onnx"]) == 0
    return {"onnxruntime": onnxruntime, "z": np.zeros((2, 8), np.float32)}


@prepares("docs/safety.md")
def _modules() -> dict[str, Any]:
    return {"os": os, "pickle": pickle}
