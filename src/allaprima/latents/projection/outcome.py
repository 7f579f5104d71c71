"""What a projection leaves behind: pictures, latents, numbers, a film of the way.

Axes: n target, f frame, s style (one for each layer), d size of w, c channel, h w rows and columns.
"""

import csv
import io
import itertools
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Float, UInt8
from numpy.typing import NDArray
from torch import Tensor

from allaprima.checkpoint import write_tensors
from allaprima.files import atomic_file, make_directory, write_text
from allaprima.images import enlarge, grid, sheet_shape, to_network, to_pixels, to_rgb, write_png
from allaprima.latents.likeness import Likeness
from allaprima.latents.projection.curve import draw_curve
from allaprima.latents.projection.pivotal import painted
from allaprima.latents.projection.projection import Projection
from allaprima.latents.projection.target import psnr
from allaprima.models import paint_with_noise

KIND, FORMAT_VERSION = "latents", 1
READABLE = 192  # pixels of a side that a film enlarges small images to
MOST_FILMED = 24  # targets


def write_outcome(directory: Path, projection: Projection, names: Sequence[str]) -> Float[Tensor, " n"]:
    """Fill a directory; what of it is there is replaced.

    ``latents.safetensors`` holds ``ws`` and the noise maps of all targets, ``distance.csv`` and ``distance.png`` the
    way there, ``projection.json`` the settings and figures. ``target.png``, ``projected.png`` and ``projected_w.npz``
    (the reference's: ``w``, [1, num_ws, w_dim]) are beside them, or for several targets in a folder of each one's name.
    ``psnr_with_own_noise`` is that of the styles with the model's own noise: what ``allaprima generate`` paints.

    Args:
        directory: Is made.
        projection: What was found, to the end or not.
        names: Of the targets.

    Returns:
        The PSNR of each projection in dB, see `painted_psnr`.

    Raises:
        OutputError: It cannot be written.
    """
    make_directory(directory)
    pixels = to_pixels(projection.images())
    quality = painted_psnr(pixels, projection.targets)
    again = painted_psnr(painted(projection.G, projection.ws), projection.targets)
    for index, folder in enumerate(folders(directory, names)):
        make_directory(folder)
        write_picture(folder / "target.png", projection.targets[index])
        write_picture(folder / "projected.png", pixels[index])
        with atomic_file(folder / "projected_w.npz") as file:
            np.savez(file, w=projection.ws[index : index + 1].cpu().numpy())
    write_latents(directory / "latents.safetensors", projection, names)
    write_text(directory / "distance.csv", table(projection.curve, names))
    write_png(directory / "distance.png", draw_curve(projection.curve))
    write_text(directory / "projection.json", json.dumps(_figures(projection, names, quality, again), indent=2) + "\n")
    return quality


def folders(directory: Path, names: Sequence[str]) -> list[Path]:
    """Where each target's pictures are: the directory itself for one, a folder of its own for several."""
    if len(names) == 1:
        return [directory]
    taken: list[str] = []
    for name in names:
        numbered = (f"{name}-{number}" for number in itertools.count(2))
        taken.append(next(each for each in itertools.chain([name], numbered) if each not in taken))
    return [directory / each for each in taken]


def painted_psnr(painted: UInt8[Tensor, "n c h w"], targets: UInt8[Tensor, "n c h w"]) -> Float[Tensor, " n"]:
    """PSNR in dB of 8-bit pixels, over all channels; colours are premultiplied with alpha where there is alpha."""
    return psnr(to_network(painted), to_network(targets))


def write_latents(path: Path, projection: Projection, names: Sequence[str]) -> None:
    """Styles as ``ws`` and noise maps as ``noise.LAYER``: `allaprima.generation.read_latents` reads the first."""
    tensors = {"ws": projection.ws, **{f"noise.{name}": maps for name, maps in projection.noise.items()}}
    header = {
        "kind": KIND,
        "format_version": FORMAT_VERSION,
        "model": Likeness.of(projection.G).to_dict(),
        "names": list(names),
    }
    write_tensors(path, tensors, header)


def write_picture(path: Path, pixels: UInt8[Tensor, "c h w"]) -> None:
    """Write pixels as a PNG of their mode."""
    write_png(path, pixels.permute(1, 2, 0).cpu().numpy())


def table(curve: Float[Tensor, "t n"], names: Sequence[str]) -> str:
    """Distances as CSV: a line for each step that was done for any target, a column for each target."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["step", *names])
    for step, row in enumerate(curve.tolist(), start=1):
        if any(value == value for value in row):
            writer.writerow([step, *(f"{value:.6g}" if value == value else "" for value in row)])
    return text.getvalue()


def frames(projection: Projection) -> Iterator[NDArray[np.uint8]]:
    """The way from the start to what was found, each target over its projection; RGB on white, of the first targets."""
    shown = slice(0, MOST_FILMED)
    targets = to_rgb(projection.targets[shown])
    noise = {name: maps[shown] for name, maps in projection.noise.items()}
    height, width = targets.shape[2:]
    factor = max(1, READABLE // max(height, width) // (1 if len(targets) == 1 else 2))
    _, columns = sheet_shape(2 * height, width, len(targets))
    for ws in projection.trail[:, shown]:
        with torch.no_grad():
            images = paint_with_noise(projection.G, ws.to(projection.device), noise)
        painted = to_rgb(to_pixels(images.float().cpu()))
        pairs = torch.cat([targets, painted], dim=2 if len(targets) > 1 else 3)
        yield grid(enlarge(pairs, factor), columns)


def _figures(projection: Projection, names: Sequence[str], quality: Tensor, again: Tensor) -> dict[str, Any]:
    last = projection.curve.nan_to_num(nan=float("inf"))
    done = projection.curve.isfinite().sum(dim=0)
    return {
        "search": asdict(projection.how),
        "targets": [
            {
                "name": name,
                "psnr": round(float(quality[i]), 2),
                "psnr_with_own_noise": round(float(again[i]), 2),
                "distance": round(float(last[max(int(done[i]) - 1, 0), i]), 5) if done[i] else None,
                "steps": int(done[i]),
            }
            for i, name in enumerate(names)
        ],
    }
