"""Trainings small enough for a test."""

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch

from allaprima.data.archive import archive_writer
from allaprima.training import Recipe, Report, Session, fit, open_session
from allaprima.training.run import Run, start

CPU = torch.device("cpu")
TINY: dict[str, Any] = {
    "cbase": 64,
    "cmax": 8,
    "z_dim": 8,
    "w_dim": 8,
    "map_depth": 1,
    "precision": "fp32",
    "batch": 4,
    "gamma": 1.0,
    "r1_interval": 4,
    "pl_interval": 3,
    "ema_kimg": 0.05,
    "tick": 0.008,
    "snap": 2,
    "kimg": 0.032,
    "workers": 0,
}
"""Two steps a tick, two ticks a snapshot, eight steps in all."""

MIDDLE = 5
"""A step at which a tick is open."""


def tiny(**fields: Any) -> Recipe:
    return Recipe(**{**TINY, **fields})


def make_data(path: Path, shape: tuple[int, int, int] = (8, 8, 1), count: int = 10, classes: int = 0) -> Path:
    """An archive of random images (height, width, channels), their labels counting up where there are classes."""
    with archive_writer(path) as archive:
        for i in range(count):
            pixels = np.random.RandomState(i).randint(0, 256, shape, dtype=np.uint8)
            archive.add(pixels, i % classes if classes else None)
        archive.finish()
    return path


def small_run(*, shape: tuple[int, int, int] = (1, 8, 8), labels: int = 0, **fields: Any) -> Run:
    """A training without a directory; shape is (channels, height, width)."""
    channels, height, width = shape
    recipe = tiny(**{"batch_gpu": fields.get("batch", 4), "mbstd_group": 4, **fields})
    table = torch.eye(labels) if labels else torch.zeros(10, 0)
    return start(recipe, height=height, width=width, channels=channels, label_table=table, device=CPU)


def batch_for(run: Run, seed: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    """Pixels and labels of real images, as the data gives them."""
    generator = torch.Generator().manual_seed(seed)
    shape = (run.batch, run.G.img_channels, run.G.img_height, run.G.img_width)
    pixels = torch.randint(0, 256, shape, generator=generator, dtype=torch.uint8)
    return pixels, run.label_table[torch.randint(len(run.label_table), (run.batch,), generator=generator)]


def train(
    data: str | Path,
    path: Path,
    recipe: Recipe | None,
    *,
    stop_at: float = math.inf,
    on_step: Callable[[Run], None] = lambda run: None,
) -> tuple[Session, list[Report]]:
    """Open the run and train it until its end, or until step ``stop_at``, as a signal would stop it."""
    session = open_session(data, path, recipe, device=CPU)
    reports = list(fit(session, should_stop=lambda: session.run.step >= stop_at, on_step=on_step))
    return session, reports


class Killed(BaseException):
    """What a test raises to leave a training without any farewell."""


def train_and_die(data: Path, path: Path, recipe: Recipe, *, at_step: int) -> None:
    def die(run: Run) -> None:
        if run.step == at_step:
            raise Killed

    try:
        train(data, path, recipe, on_step=die)
    except Killed:
        return
    raise AssertionError("the training ended before its end")


def numbers(path: Path) -> list[dict[str, Any]]:
    """The lines of stats.jsonl, without what no two trainings share: times and memory."""
    rows = [json.loads(line) for line in (path / "stats.jsonl").read_text().splitlines()]
    return [{k: v for k, v in row.items() if not k.startswith(("Timing/", "Resources/", "timestamp"))} for row in rows]


def lasting_files(path: Path) -> dict[str, bytes]:
    """Content of all files of a run that two equal trainings share: pictures, snapshots, the newest state."""
    newest = max((path / "state").iterdir())
    files = [*path.glob("*.png"), *(path / "snapshots").iterdir(), newest]
    return {file.name: file.read_bytes() for file in files}
