"""What the fault bench disturbs: a training, the making of a dataset, bulk generation, an export.

Each job is one command, says which of its files are finished, and what two undisturbed runs of it would share.
"""

import hashlib
import json
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
from kills import Training
from PIL import Image

from allaprima.checkpoint import load_networks, read_tensors, save
from allaprima.data import ImageDataset
from allaprima.data.archive import archive_writer
from allaprima.errors import AllaPrimaError
from allaprima.models import StyleGAN2Generator, build

TICKS = 6


class Job(Protocol):
    """One command that fills ``place``."""

    place: Path

    @property
    def arguments(self) -> list[str]:
        """Of the command line."""
        ...

    def finished(self) -> dict[str, str]:
        """Digests of the files, or parts of them, that are finished. Raises `AllaPrimaError` if one cannot be read."""
        ...

    def outcome(self) -> Any:
        """All that two equal runs share when they are over."""
        ...


class TrainingJob:
    """A training of a tiny network that writes a sheet, a snapshot and a state at each tick."""

    def __init__(self, folder: Path, inputs: Path, ticks: int = TICKS, more: tuple[str, ...] = ()) -> None:
        self.place = folder / "run"
        self.training = Training(images_of(inputs), self.place, ticks)
        self.more = list(more)
        self.newest = 0

    @property
    def arguments(self) -> list[str]:
        return [*self.training.command[3:], *self.more]

    def finished(self) -> dict[str, str]:
        for state in self.training.states():
            read_tensors(state, kind="state", version=1)
        for snapshot in (self.place / "snapshots").glob("*.safetensors"):
            load_networks(snapshot)
        newest = int(self.training.states()[-1].stem.removeprefix("state-")) if self.training.states() else 0
        if newest < self.newest:
            raise AllaPrimaError(f"{self.newest} images had been seen, and now the newest state knows of {newest}")
        self.newest = newest
        return {}  # its files are read; what is in them is compared at the end

    def outcome(self) -> Any:
        return self.training.outcome()


class DatasetJob:
    """An archive of many photos, in the place of an older archive."""

    def __init__(self, folder: Path, inputs: Path) -> None:
        self.place = folder / "data"
        self.photos, self.older = photos_of(inputs), images_of(inputs)
        self.out = self.place / "out.zip"
        self.place.mkdir(exist_ok=True)
        if not self.out.exists():
            self.out.write_bytes(self.older.read_bytes())

    @property
    def arguments(self) -> list[str]:
        return ["dataset", str(self.photos), str(self.out), "--size", "32", "--channels", "3", "--overwrite"]

    def finished(self) -> dict[str, str]:
        ImageDataset(self.out).load_all()
        return {"out.zip": ""}  # the older, or the newer: each is whole

    def outcome(self) -> Any:
        return {path.name: digest(path) for path in self.place.iterdir() if not path.name.startswith(".")}


class GenerationJob:
    """Bulk generation into shards."""

    def __init__(self, folder: Path, inputs: Path, images: int = 60, shards: int = 6, model: str = "") -> None:
        self.place = folder / "many"
        wish = ["--seeds", f"0-{images - 1}", "--shards", str(shards), "--format", "zip", "--device", "cpu"]
        self.arguments = ["generate", model or str(model_of(inputs)), *wish, "--out", str(self.place)]

    def finished(self) -> dict[str, str]:
        found = {}
        for record in self.place.glob("shard-*.json"):
            archive = record.with_suffix(".zip")
            if digest(archive) != json.loads(record.read_bytes())["sha256"]:
                raise AllaPrimaError(f"{archive} is not what its record says")
            found |= {archive.name: digest(archive), record.name: digest(record)}
        return found

    def outcome(self) -> Any:
        return {path.name: digest(path) for path in self.place.iterdir() if not path.name.startswith(".")}


class ExportJob:
    """A model in another format, in the place of an older one."""

    def __init__(self, folder: Path, inputs: Path, ending: str = ".pth") -> None:
        self.place = folder / "exported"
        self.place.mkdir(exist_ok=True)
        self.out = self.place / f"model{ending}"
        self.arguments = ["export", str(model_of(inputs)), str(self.out)]

    def finished(self) -> dict[str, str]:
        return {path.name: digest(path) for path in self.place.rglob("*") if path.is_file() and path.name[0] != "."}

    def outcome(self) -> Any:
        return self.finished()


JOBS = {"training": TrainingJob, "dataset": DatasetJob, "generation": GenerationJob, "export": ExportJob}


def digest(path: Path) -> str:
    """SHA-256 of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def images_of(inputs: Path, name: str = "images.zip", class_names: tuple[str, ...] = ("even", "odd")) -> Path:
    """An archive of ten small images, made once."""
    path = inputs / name
    if not path.exists():
        with archive_writer(path) as archive:
            for i in range(10):
                pixels = np.random.default_rng(i).integers(0, 256, (8, 8), dtype=np.uint8)
                archive.add(pixels, i % len(class_names) if class_names else None)
            archive.finish(list(class_names) or None)
    return path


def bare_images_of(inputs: Path) -> Path:
    """The same without labels, so that nothing but the archive itself knows how many they are."""
    return images_of(inputs, "bare.zip", ())


def photos_of(inputs: Path, count: int = 150) -> Path:
    """A folder of photos of several sizes, made once."""
    folder = inputs / "photos"
    if not folder.exists():
        folder.mkdir()
        for i in range(count):
            pixels = np.random.default_rng(i).integers(0, 256, (40 + i % 7, 50, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(folder / f"{i:04d}.png")
    return folder


def model_of(inputs: Path) -> Path:
    """A small model, made once."""
    path = inputs / "model.safetensors"
    if not path.exists():
        torch.manual_seed(0)
        small = StyleGAN2Generator(
            height=24, width=16, z_dim=8, w_dim=8, map_depth=1, channel_base=256, channel_max=16, img_channels=3
        )
        save(build(small), path)
    return path
