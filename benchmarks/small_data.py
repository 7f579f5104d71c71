"""Does augmentation save a training on few images? The same images, budget and seed, with and without.

    python benchmarks/small_data.py prepare ARCHIVE SUBSET.zip --images 500
    allaprima train SUBSET.zip runs/none --recipe laptop --set aug=noaug --set mirror=true --kimg 200
    allaprima train SUBSET.zip runs/ada --recipe laptop --set mirror=true --kimg 200
    python benchmarks/small_data.py evaluate ARCHIVE runs/none runs/ada

``evaluate`` takes every snapshot, paints as many images as ARCHIVE holds (up to 2,048), and prints their sliced
Wasserstein distance from *all* images of ARCHIVE: those that neither training saw are what a memorising generator
misses. The figures are JSON; with ``--subset SUBSET.zip`` they also say how far the few images themselves are from all.
"""

import argparse
import json
from pathlib import Path
from typing import Any

import torch
from measuring import show
from torch import Tensor

from allaprima.checkpoint import load
from allaprima.data import ImageDataset
from allaprima.data.archive import archive_writer
from allaprima.generation import generate
from allaprima.metrics import sliced_wasserstein

MOST = 2048
STATISTICS = ("Progress/augment", "Loss/signs/real", "Loss/scores/real", "Loss/scores/fake", "Loss/scores/held_out")


def prepare(archive: Path, subset: Path, images: int) -> None:
    """Write ``images`` images of ``archive``, chosen by the seed 0, into an archive of their own."""
    dataset = ImageDataset(archive, max_images=images, seed=0)
    with archive_writer(subset) as writer:
        for index in range(len(dataset)):
            pixels = dataset[index][0].permute(1, 2, 0).numpy()
            writer.add(pixels if pixels.shape[2] > 1 else pixels[:, :, 0], None)
        writer.finish()
    print(f"{len(dataset)} of the images of {archive} are in {subset}")


def evaluate(archive: Path, runs: list[Path], subset: Path | None) -> None:
    """Print the distances of all snapshots of ``runs`` from ``archive``."""
    dataset = ImageDataset(archive)
    reals = dataset.load_all()[0][:MOST]
    figures: dict[str, Any] = {"archive": dataset.name, "images": len(reals), "runs": {}}
    if subset is not None:
        few = ImageDataset(subset).load_all()[0]
        figures["distance_of_subset"] = distance(reals, few[torch.randint(len(few), (len(reals),))])
    for run in runs:
        rows = [
            {"kimg": int(path.stem[-6:]), **distance(reals, paint(path, len(reals)))}
            for path in sorted((run / "snapshots").glob("*.safetensors"))
        ]
        figures["runs"][run.name] = {"swd": rows, "statistics": statistics(run)}
    show(figures)


def paint(snapshot: Path, count: int) -> Tensor:
    """uint8 [n, c, h, w] by ``G_ema`` for the seeds 0, 1, …"""
    images = [torch.from_numpy(image) for image in generate(load(snapshot), seeds=range(count))]
    return torch.stack([x.permute(2, 0, 1) if x.ndim == 3 else x[None] for x in images])


def distance(reals: Tensor, fakes: Tensor) -> dict[str, Any]:
    """The sliced Wasserstein distance, in all and by level."""
    found = sliced_wasserstein(reals, fakes)
    return {"swd": round(found.mean, 2), "by_level": {str(k): round(v, 2) for k, v in found.by_level.items()}}


def statistics(run: Path) -> dict[str, list[float | None]]:
    """What the training itself measured, tick by tick."""
    rows = [json.loads(line) for line in (run / "stats.jsonl").read_text().splitlines()]
    names = ("Progress/kimg", *STATISTICS)
    return {name: [round(row[name]["mean"], 4) if name in row else None for row in rows] for name in names}


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    preparing = commands.add_parser("prepare")
    preparing.add_argument("archive", type=Path)
    preparing.add_argument("subset", type=Path)
    preparing.add_argument("--images", type=int, default=500)
    evaluating = commands.add_parser("evaluate")
    evaluating.add_argument("archive", type=Path)
    evaluating.add_argument("runs", type=Path, nargs="+")
    evaluating.add_argument("--subset", type=Path)
    arguments = parser.parse_args()
    if arguments.command == "prepare":
        prepare(arguments.archive, arguments.subset, arguments.images)
    else:
        evaluate(arguments.archive, arguments.runs, arguments.subset)


if __name__ == "__main__":
    main()
