"""Runs and moments small enough for a test."""

import json
from functools import partial
from pathlib import Path

import torch

from allaprima.checkpoint import Networks, save
from allaprima.visuals.film_records import Footage, Moment
from tests.surgery.small import discriminator, generator


def pixels(count: int, *shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randint(256, (count, *shape), dtype=torch.uint8, generator=torch.Generator().manual_seed(seed))


def given(images: torch.Tensor) -> torch.Tensor:
    return images


def footage(
    num_moments: int = 3, num_fakes: int = 3, num_reals: int = 2, shape: tuple[int, ...] = (3, 16, 16)
) -> Footage:
    """Random images and scores."""
    moments = []
    for number in range(num_moments):
        generator = torch.Generator().manual_seed(number)
        moments.append(
            Moment(
                kimg=10.0 * number,
                seconds=100.0 * number,
                fakes=partial(given, pixels(num_fakes, *shape, seed=number + 1)),
                fake_scores=torch.randn(num_fakes, generator=generator),
                real_scores=torch.randn(num_reals, generator=generator) if num_reals else None,
            )
        )
    return Footage(moments=tuple(moments), reals=pixels(num_reals, *shape) if num_reals else None)


def make_run(
    path: Path,
    kinds: tuple[str, str | None] = ("skip", "resnet"),
    shape: tuple[int, int, int] = (16, 16, 3),
    kimgs: tuple[int, ...] = (0, 4, 8),
    c_dim: int = 0,
) -> Path:
    """A run directory with snapshots of networks that have not been trained; shape is (height, width, channels)."""
    (path / "snapshots").mkdir(parents=True)
    for seed, kimg in enumerate(kimgs):
        D = None if kinds[1] is None else discriminator(kinds[1], *shape, seed=seed, c_dim=c_dim)
        networks = Networks(
            G_ema=generator(kinds[0], *shape, seed=seed, c_dim=c_dim), D=D, provenance={"images_seen": kimg * 1000}
        )
        save(networks, path / f"snapshots/network-snapshot-{kimg:06d}.safetensors")
    rows = [{"Progress/kimg": {"mean": kimg}, "Timing/sec_per_tick": {"mean": 60.0}} for kimg in range(1, 9)]
    (path / "stats.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path
