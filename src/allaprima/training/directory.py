"""The run directory: what a training writes, and where.

config.json                 the decided recipe, the data, versions; written first
log.txt                     the progress lines
stats.jsonl                 numbers of each tick, in the reference's format
events.out.tfevents.*       the same for TensorBoard, if that is installed
reals.png, fakes_init.png, fakesNNNNNN.png    sheets; N counts thousands of images
snapshots/                  model files
film/                       what its films are made of: see allaprima.training.film_log
state/                      what an exact resume needs
"""

import json
import math
import time
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO

import torch
from torch import Tensor

from allaprima.checkpoint import Networks, save
from allaprima.errors import OutputError, RunError
from allaprima.files import lock, make_directory, write_text
from allaprima.images import grid, to_pixels, write_png
from allaprima.training.film_log import FilmLog
from allaprima.training.randomness import Streams
from allaprima.training.run import Run

SHEET_PIXELS = (720, 1280)  # (height, width) that a sheet should about fill
PAINT_AT_ONCE = 16


class RunDirectory:
    """Writes the files of one run. All methods raise `OutputError`.

    After `prepare` no other process can prepare the same directory, until this one ends or drops the object.

    Args:
        path: The directory; made if it is not there.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.states = path / "state"
        self.snapshots = path / "snapshots"
        self.config_path = path / "config.json"
        self._lock: BinaryIO | None = None

    def prepare(self) -> None:
        """Make the folders, and remove what a killed process left half-written.

        Raises:
            RunError: Another process is training here.
        """
        make_directory(self.path)
        try:
            self._lock = lock(self.path / ".lock")
        except BlockingIOError as error:
            raise RunError(f"another process is training in {self.path}: wait for it, or stop it first") from error
        for folder in (self.path, self.states, self.snapshots):
            make_directory(folder)
        for folder in (self.path, self.states, self.snapshots, self.path / "film"):
            for leftover in (*folder.glob(".*.tmp"), *folder.glob(".tmp*")):  # ours, and those of safetensors
                with suppress(OSError):
                    leftover.unlink()

    def config(self) -> dict[str, Any] | None:
        """What config.json holds; None if there is none. Raises `RunError`."""
        if not self.config_path.is_file():
            return None
        try:
            config = json.loads(self.config_path.read_bytes())
        except (OSError, ValueError, RecursionError) as error:
            raise RunError(f"{self.config_path} cannot be read: {error}") from error
        if not isinstance(config, dict):
            raise RunError(f"{self.config_path} is not a run's configuration: it holds no JSON object")
        return config

    def is_begun(self) -> bool:
        """Whether a training has left anything worth keeping: a state or a snapshot."""
        return any(self.states.glob("*.safetensors")) or any(self.snapshots.glob("*.safetensors"))

    def write_config(self, config: dict[str, Any]) -> None:
        """Write config.json."""
        write_text(self.config_path, json.dumps(config, indent=2) + "\n")

    def append(self, name: str, line: str) -> None:
        """Add a line to a text file."""
        try:
            with (self.path / name).open("a", encoding="utf-8") as file:
                file.write(line + "\n")
        except OSError as error:
            raise OutputError(f"cannot write {self.path / name}: {error.strerror or error}") from error

    def append_statistics(self, summary: dict[str, dict[str, float]]) -> None:
        """Add a tick to stats.jsonl."""
        self.append("stats.jsonl", json.dumps({**summary, "timestamp": time.time()}))

    def statistics(self) -> list[dict[str, Any]]:
        """What the lines of stats.jsonl hold."""
        path = self.path / "stats.jsonl"
        lines = path.read_text().splitlines() if path.is_file() else []
        return [json.loads(line) for line in lines if math.isfinite(_kimg(line))]

    def seconds_trained(self) -> float:
        """Time of all ticks in stats.jsonl."""
        return sum(float(row.get("Timing/sec_per_tick", {}).get("mean", 0.0)) for row in self.statistics())

    def forget_after(self, kimg: float) -> None:
        """Remove the ticks after ``kimg`` from stats.jsonl and the film: a resume will write them again."""
        FilmLog(self.path).forget_after(kimg)
        path = self.path / "stats.jsonl"
        if not path.is_file():
            return
        kept = [line for line in path.read_text().splitlines() if _kimg(line) <= kimg + 1e-6]
        write_text(path, "".join(f"{line}\n" for line in kept))

    def write_reals(self, images: Tensor) -> None:
        """Write reals.png from uint8 images."""
        write_png(self.path / "reals.png", grid(images, columns=sheet_size(*images.shape[2:])[1]))

    def write_fakes(self, run: Run, name: str) -> None:
        """Write a sheet of fakes, always from the same latents."""
        rows, columns = sheet_size(run.G.img_height, run.G.img_width)
        write_png(self.path / f"{name}.png", grid(paint_sheet(run, rows * columns), columns=columns))

    def write_snapshot(self, run: Run, provenance: dict[str, Any], class_names: list[str] | None) -> Path:
        """Write a model file of all three networks."""
        path = self.snapshots / f"network-snapshot-{run.images_seen // 1000:06d}.safetensors"
        networks = Networks(G_ema=run.G_ema, G=run.G, D=run.D, provenance=provenance, class_names=class_names)
        save(networks, path, provenance={"images_seen": run.images_seen})
        return path


def sheet_size(height: int, width: int) -> tuple[int, int]:
    """(rows, columns) of a sheet of images of one size: about a screen, 3×4 to 9×16."""
    return min(max(SHEET_PIXELS[0] // height, 3), 9), min(max(SHEET_PIXELS[1] // width, 4), 16)


@torch.no_grad()
def paint_sheet(run: Run, count: int) -> Tensor:
    """Images of ``G_ema`` for fixed latents and labels: uint8 [n, c, h, w]."""
    generator = Streams(run.recipe.seed).generator("sheet")
    z = torch.randn(count, run.G.z_dim, generator=generator)
    labels = run.label_table[torch.randint(len(run.label_table), (count,), generator=generator)]
    parts = zip(torch.split(z, PAINT_AT_ONCE), torch.split(labels, PAINT_AT_ONCE), strict=True)
    images = [run.G_ema(z.to(run.device), c.to(run.device), noise_mode="const").float().cpu() for z, c in parts]
    return to_pixels(torch.cat(images))


def _kimg(line: str) -> float:
    """Thousands of images of a line of stats.jsonl; infinite for a line that was cut short."""
    try:
        return float(json.loads(line)["Progress/kimg"]["mean"])
    except (ValueError, KeyError, TypeError, RecursionError):
        return float("inf")
