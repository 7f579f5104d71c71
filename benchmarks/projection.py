"""How near do projections come, and how long do they take?

    python benchmarks/projection.py emoji-64 /work/shared/data/emoji-noto-64-rgba.zip --sheet docs/images/projection.png

Projects as many images that the model paints itself (seeds from 0 on, its own noise, no truncation) into W+, as many of
the data, from all over it, into W and W+, and tunes the generator for the last. Prints JSON: the median, least and
largest PSNR (8-bit pixels, over all channels, colours premultiplied with alpha), and seconds for each image, all of a
kind being searched for at once.
"""

import argparse
import time
from pathlib import Path
from typing import Any

import torch
from measuring import show
from torch import Tensor

from allaprima.allocator import keep_memory
from allaprima.checkpoint import load_networks
from allaprima.cli.device import choose_device
from allaprima.data import ImageDataset
from allaprima.generation import generate
from allaprima.images import enlarge, lettered_grid, to_pixels, to_rgb, write_png
from allaprima.latents.projection import PivotalTuning, Search, Tuning, own_distance, project
from allaprima.latents.projection.outcome import painted_psnr
from allaprima.latents.projection.pivotal import painted
from allaprima.latents.projection.search import Space
from allaprima.latents.styles import as_tensors
from allaprima.models import fast_half, set_half
from allaprima.visuals.ranking import chosen, spread

SPACES: dict[str, tuple[Space, ...]] = {"own": ("w+",), "data": ("w", "w+")}
SHOWN, ENLARGED = 10, 64  # images of the sheet; pixels of a side from which they are not enlarged


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model")
    parser.add_argument("data", type=Path)
    parser.add_argument("--count", type=int, default=20)
    parser.add_argument("--steps", type=int, default=500)
    parser.add_argument("--tune", type=int, default=100)
    parser.add_argument("--device", default="auto")
    parser.add_argument("--sheet", type=Path, help="PNG of targets and projections.")
    arguments = parser.parse_args()
    keep_memory()
    show(measure(arguments))


def measure(arguments: argparse.Namespace) -> dict[str, Any]:
    """All searches, one after the other."""
    device = choose_device(arguments.device)
    networks = load_networks(arguments.model, roles=("G_ema", "D"), device=device)
    G = networks.G_ema
    dataset = ImageDataset(arguments.data)
    targets = {
        "own": torch.stack(list(as_tensors(generate(G, seeds=range(arguments.count))))),
        "data": chosen(dataset, spread(len(dataset.names), arguments.count)),
    }
    for network in networks.members().values():
        set_half(network, fast_half(device))
    figures: dict[str, Any] = {"model": arguments.model, "steps": arguments.steps, "images": arguments.count}
    rows: dict[str, Tensor] = {}
    for kind, pixels in targets.items():
        rows[f"{kind}"] = pixels
        for space in SPACES[kind]:
            begun = time.monotonic()
            how = Search(space=space, steps=arguments.steps)
            found = project(G, pixels, distance=own_distance(networks.D), how=how)
            took = time.monotonic() - begun
            rows[f"{kind} {space}"] = to_pixels(found.images())
            figures[f"{kind}, {space}"] = described(rows[f"{kind} {space}"], pixels, took)
    begun = time.monotonic()
    tuning = PivotalTuning.of(found, Tuning(steps=arguments.tune))
    for _ in tuning:
        pass
    rows["data tuned"] = painted(tuning.G, found.ws)
    figures[f"data, w+, tuned {arguments.tune} steps"] = described(
        rows["data tuned"], targets["data"], time.monotonic() - begun
    )
    if arguments.sheet:
        write_sheet(arguments.sheet, rows)
    return figures


def described(pixels: Tensor, targets: Tensor, took: float) -> dict[str, float]:
    """PSNR in dB, seconds for each image."""
    quality = painted_psnr(pixels, targets)
    return {
        "median_psnr": round(quality.quantile(0.5).item(), 2),
        "least_psnr": round(quality.min().item(), 2),
        "largest_psnr": round(quality.max().item(), 2),
        "seconds_for_each": round(took / len(targets), 2),
    }


def write_sheet(path: Path, rows: dict[str, Tensor]) -> None:
    """Targets over their projections."""
    shown = torch.cat([to_rgb(pixels[:SHOWN]) for pixels in rows.values()])
    factor = max(1, ENLARGED // max(shown.shape[2:]))
    columns = min(SHOWN, len(next(iter(rows.values()))))
    write_png(path, lettered_grid(enlarge(shown, factor), columns, row_names=list(rows)))


if __name__ == "__main__":
    main()
