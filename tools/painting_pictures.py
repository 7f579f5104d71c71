"""Paint the pictures and films of docs/painting.md and docs/explaining.md again.

    python tools/painting_pictures.py runs /path/to/archives            all of them, about ten minutes on two cores
    python tools/painting_pictures.py runs /path/to/archives walks      one group: mixing, walks, directions, centres,
                                                                        explain, verdicts, films

RUNS holds the run directories emoji-64, dress-24, dress-progan, dress-stylegan, dress-stylegan3-t and dress-stylegan3-r
(docs/models.md and docs/systems.md say how they were trained), ARCHIVES the two data sets.
"""

import argparse
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import torch

import allaprima
from allaprima.checkpoint import load_networks
from allaprima.data import ImageDataset
from allaprima.images import lettered_grid, to_rgb, write_png
from allaprima.images.film import write_film
from allaprima.latents import cluster_centres, styles_of_seeds
from allaprima.latents.styles import painted
from allaprima.visuals import assessment_frames, from_snapshots, learning_frames, verdicts_section
from allaprima.visuals.film_records import Sample
from allaprima.visuals.ranking import chosen, spread
from allaprima.visuals.timeline import instants

IMAGES = Path(__file__).parents[1] / "docs" / "images"
EMOJI, DRESSES = "emoji-noto-64-rgba.zip", "fashion-mnist-dress-24-gray.zip"
WALK = ["--grid", "1x4", "--truncation", "0.7", "--fps", "12.5"]
LOOP = "0,9,38,15,5,48,1,30,11,54,28,23,13,40,6,36"


def command(*arguments: Any) -> None:
    """Run ``allaprima``."""
    subprocess.run([sys.executable, "-m", "allaprima", *map(str, arguments)], check=True)


def mixing(runs: Path, data: Path, folder: Path) -> None:
    """Sheets of three depths, and a film."""
    command("mix", "emoji-64", folder)
    for depth in ("coarse", "middle", "fine"):
        shutil.copy(folder / f"{depth}.png", IMAGES / f"mixing-{depth}.png")
    command("mix", "dress-24", IMAGES / "mixing-dress.png")
    columns = ["--rows", "0-3", "--columns", "8,12,11,10"]
    command("mix", "emoji-64", IMAGES / "mixing.webm", "--layers", "coarse", *columns)


def walks(runs: Path, data: Path, folder: Path) -> None:
    """Loops through latents, and from model to model."""
    snapshots = [runs / f"emoji-64/snapshots/network-snapshot-000{kimg}.safetensors" for kimg in ("020", "200")]
    turn = ["--seeds", "0-3", "--set", "rotate=360,enlarge=4"]
    command("walk", "emoji-64", IMAGES / "walk-loop.gif", "--seeds", LOOP, *WALK, "--seconds", 5)
    breathing = ["--seeds", "9,0,15,38", "--grid", "1x4", "--truncation", "0.2:1", "--seconds", 4, "--fps", 12.5]
    command("walk", "emoji-64", IMAGES / "walk-breathing.gif", *breathing)
    command("walk", runs / "dress-stylegan3-r", IMAGES / "walk-turn.gif", *turn, *WALK, "--seconds", 4)
    command("walk", *snapshots, IMAGES / "walk-models.gif", "--seeds", "9,0,15,38", *WALK, "--seconds", 4)


def directions(runs: Path, data: Path, folder: Path) -> None:
    """Strips of SeFa and of principal components."""
    for method in ("sefa", "pca"):
        command("directions", "emoji-64", folder / method, "--method", method, "--count", 6)
        shutil.copy(folder / method / "directions.png", IMAGES / f"directions-{method}.png")
    found = f"{folder}/sefa/directions.safetensors"
    command("directions", "emoji-64", IMAGES / "direction.png", "--method", f"{found}:sefa-1", "--seeds", "0-4")
    command("directions", "emoji-64", IMAGES / "directions.webm", "--method", found)


def centres(runs: Path, data: Path, folder: Path) -> None:
    """Truncation towards the mean, and towards the nearest of 64 clusters."""
    G = allaprima.load("emoji-64")
    clusters = {"centres": cluster_centres(G, 64)}
    rows: dict[str, dict[str, Any]] = {
        "as learned": {},
        "0.5": {"truncation_psi": 0.5},
        "0.5@64": {"truncation_psi": 0.5, **clusters},
        "0": {"truncation_psi": 0.0},
        "0@64": {"truncation_psi": 0.0, **clusters},
    }
    images = torch.cat([painted(G, styles_of_seeds(G, range(8), **how)) for how in rows.values()])
    names = {"column_names": [f"seed {seed}" for seed in range(8)], "row_names": list(rows)}
    write_png(IMAGES / "truncation-clusters.png", lettered_grid(to_rgb(images), 8, **names))


EXPLAINED = [  # model, options, {file: picture}
    (
        "emoji-64",
        ["--seeds", "5,69,42", "--only", "layers,features,truncation"],
        {
            "layers-running-sum.png": "layers.png",
            "layers-contributions.png": "contributions.png",
            "layers-film.webm": "layers.webm",
            "features-principal.png": "features.png",
            "features-channels.png": "channels.png",
            "truncation.png": "truncation.png",
            "truncation-film.webm": "truncation.webm",
        },
    ),
    (
        "emoji-64",
        ["--seeds", "5,2,69,42", "--only", "crossovers", "--no-films"],
        {"crossovers-5-2.png": "crossovers.png", "crossovers-change.png": "crossovers-change.png"},
    ),
    (
        "emoji-64",
        ["--seeds", "5,69", "--only", "interpolation", "--no-films"],
        {"interpolation.png": "interpolation.png", "interpolation-lengths.png": "interpolation-lengths.png"},
    ),
    (
        "dress-stylegan",
        ["--only", "noise"],
        {"noise-deviation.png": "noise.png", "noise-film-all-layers.webm": "noise.webm"},
    ),
    ("dress-24", ["--only", "noise", "--no-films"], {"noise-deviation.png": "noise-dress-24.png"}),
    (
        "dress-stylegan3-t",
        ["--only", "spectra", "--no-films"],
        {"spectra-layers.png": "spectra-stylegan3-t.png", "spectra-curves.png": "spectra-curves.png"},
    ),
    ("dress-stylegan3-r", ["--only", "spectra", "--no-films"], {"spectra-layers.png": "spectra-stylegan3-r.png"}),
    ("dress-progan", ["--only", "layers", "--no-films"], {"layers-running-sum.png": "levels-progan.png"}),
]


def explain(runs: Path, data: Path, folder: Path) -> None:
    """Pictures of pages about models."""
    for number, (model, options, wanted) in enumerate(EXPLAINED):
        known = model in ("emoji-64", "dress-24")
        command("explain", model if known else runs / model, *options, "--out", folder / str(number))
        for name, picture in wanted.items():
            shutil.copy(folder / str(number) / name, IMAGES / f"explain-{picture}")


def verdicts(runs: Path, data: Path, folder: Path) -> None:
    """What two discriminators think of their data."""
    for name, archive in (("emoji-64", EMOJI), ("dress-24", DRESSES)):
        networks = load_networks(runs / name)
        section = verdicts_section(networks.G_ema, networks.D, ImageDataset(data / archive))
        pictures = {picture.name.removeprefix("verdicts-"): picture.image for picture in section.pictures}
        stacked = [pictures[part] for part in ("scores", "images-highest", "images-lowest")]
        width = max(part.shape[1] for part in stacked)
        padded = [np.pad(p, ((0, 12), (0, width - p.shape[1]), (0, 0)), constant_values=255) for p in stacked]
        write_png(IMAGES / f"verdicts-{name}.png", np.concatenate(padded))
        write_png(IMAGES / f"verdicts-{name}-gradients.png", pictures["gradients"])


def films(runs: Path, data: Path, folder: Path) -> None:
    """The learning film and the assessment film, from snapshots, and sheets of their frames."""
    dataset = ImageDataset(data / EMOJI)
    numbers = {count: spread(len(dataset.names), count) for count in (32, 31)}
    company = chosen(dataset, numbers[31])
    sample = Sample(images=chosen(dataset, numbers[32]), labels=torch.zeros(32, 0), company=company)
    footage = from_snapshots(runs / "emoji-64", reals=sample)
    count, slow = len(footage.moments), {"seconds": 12, "fps": 20}
    small: dict[str, Any] = {"count": 8, "height": 130, "width": 520}
    write_film(IMAGES / "learning-emoji-64.gif", learning_frames(footage, seconds=6, fps=6, **small), fps=6)
    large: dict[str, Any] = {"seconds": 10, "fps": 15, "count": 16, "height": 330, "width": 600}
    write_film(IMAGES / "assessment-emoji-64.webm", assessment_frames(footage, **large), fps=15, quality=50)
    times = list(instants(count, **slow))
    still = {k: next(i for i, t in enumerate(times) if t.before == k and t.share == 0) for k in (0, 4, count - 1)}
    moving = next(i for i, t in enumerate(times) if t.before == 4 and t.share > 0.4)
    frames = list(assessment_frames(footage, **slow, count=16, height=200, width=560))
    shown = [np.pad(frames[i], ((4, 4), (4, 4), (0, 0)), constant_values=160) for i in (still[0], still[4], moving)]
    shown.append(np.pad(frames[still[count - 1]], ((4, 4), (4, 4), (0, 0)), constant_values=160))
    rows = [np.concatenate(shown[:2], axis=1), np.concatenate(shown[2:], axis=1)]
    write_png(IMAGES / "assessment-emoji-64.png", np.concatenate(rows))


GROUPS = [mixing, walks, directions, centres, explain, verdicts, films]


def main() -> None:
    """Read the command line, paint."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("runs", type=Path)
    parser.add_argument("archives", type=Path)
    parser.add_argument("groups", nargs="*", choices=[[], *(group.__name__ for group in GROUPS)], default=[])
    arguments = parser.parse_args()
    for group in GROUPS:
        if not arguments.groups or group.__name__ in arguments.groups:
            with tempfile.TemporaryDirectory() as folder:
                group(arguments.runs, arguments.archives, Path(folder))


if __name__ == "__main__":
    main()
