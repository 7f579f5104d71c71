"""Make every picture of the guides about curves, little data and fine-tuning again.

    python tools/guide_curve_pictures.py [DIRECTORY …]

Charts are drawn from what docs/benchmarks/curves/ keeps of each run: numbers of every tick, and where they come from.
A run directory of a name in `RUNS` that lies in one of the directories given is read anew before: its numbers go to
docs/benchmarks/curves/NAME.json, and its sheets into docs/images/curves-….png. Without the run directories of a strip
of sheets that strip stays as it is, and a line says so. It takes some seconds.
"""

import json
import math
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from einops import rearrange
from guide_curve_runs import KEPT, RUNS, keep
from numpy.typing import NDArray
from PIL import Image

from allaprima.images import enlarge, lettered_grid, to_rgb
from allaprima.training.directory import RunDirectory
from allaprima.visuals.chart import Curve, line_chart
from allaprima.visuals.display import ramp

ROOT = Path(__file__).parents[1]
IMAGES = ROOT / "docs" / "images"
PLAYERS = {"score_real": "training images", "score_held_out": "held out", "score_fake": "fakes"}
TOGETHER = 9  # ticks whose median a curve of a long run shows
LARGE = 64  # pixels from which on images of a strip are not enlarged, and fewer
FEWER = 9
LIMIT = 0.45  # of diversity: health.LOW_DIVERSITY
Pixels = NDArray[np.uint8]
Columns = dict[str, list[float | None]]


def main() -> None:
    """Keep what is new, write the pictures, and print their names and sizes."""
    places = [Path(word) for word in sys.argv[1:]]
    found = {name: place / name for name in RUNS for place in places if (place / name / "stats.jsonl").is_file()}
    for name, directory in found.items():
        print(keep(name, directory))
    for name, chart in CHARTS.items():
        write(name, chart())
    for name, (runs, _) in STRIPS.items():
        missing = [run for run in runs if run not in found]
        if missing:
            print(f"curves-{name}.png stays as it is: no directory has {', '.join(missing)}")
        else:
            write(name, strips(name, found))


def write(name: str, pixels: Pixels) -> None:
    """Write one picture."""
    path = IMAGES / f"curves-{name}.png"
    Image.fromarray(pixels).save(path, optimize=True)
    print(path.relative_to(ROOT), path.stat().st_size, "bytes")


def columns_of(run: str) -> Columns:
    """What is kept of a run, one list a number; ``kimg`` is counted from the beginning of its first weights."""
    columns: Columns = json.loads((KEPT / f"{run}.json").read_text())["ticks"]
    return columns | {"kimg": [kimg + RUNS[run].begun_at for kimg in columns["kimg"] if kimg is not None]}


def curve(
    columns: Columns,
    number: str,
    name: str,
    colour: tuple[int, int, int],
    *,
    together: int = TOGETHER,
    mark: float | None = None,
    change: Callable[[float], float] = float,
) -> Curve:
    """The number over thousands of images; each point is the median of ``together`` ticks around it.

    Args:
        columns: What is kept of the run.
        number: Which column.
        name: For the legend.
        colour: Of the line.
        together: An odd number.
        mark: Where the curve gets a dot, in thousands of images.
        change: What is drawn instead of a median.
    """
    pairs = [(x, y) for x, y in zip(columns["kimg"], columns[number], strict=True) if x is not None and y is not None]
    half = together // 2
    medians = [float(np.median([y for _, y in pairs[max(0, i - half) : i + half + 1]])) for i in range(len(pairs))]
    return Curve(name=name, x=[x for x, _ in pairs], y=[change(y) for y in medians], colour=colour, mark=mark)


def first_said(run: str, condition: str) -> float | None:
    """At how many thousand images the log of a run has this verdict for the first time."""
    said = json.loads((KEPT / f"{run}.json").read_text())["said"]
    return next((float(kimg) for kimg, verdict in said if verdict == condition), None)


def chart(curves: Sequence[Curve], title: str, y_title: str) -> Pixels:
    """A line chart over thousands of images."""
    return line_chart(curves, title=title, x_title="thousands of images seen", y_title=y_title).pixels()


def scores_and_signs(run: str) -> Pixels:
    """What D thinks of three kinds of images, and how sure it is of reals, with the strength of the augmentation."""
    columns = columns_of(run)
    three = [
        curve(columns, number, name, colour, mark=first_said(run, "overfitting"))
        for (number, name), colour in zip(PLAYERS.items(), ramp(3), strict=True)
    ]
    signs = [curve(columns, "sign_real", "r_t: sign of reals", ramp(2)[0])]
    if any(value is not None for value in columns["p"]):
        signs.append(curve(columns, "p", "p: augmentation", ramp(2)[1]))
    else:
        signs.append(curve(columns, "loss_D", "loss of D", ramp(2)[1]))
    return np.concatenate([chart(three, run, "mean logit"), chart(signs, run, "")])


def diversities() -> Pixels:
    """How different fakes are from each other in three trainings on the same digits."""
    runs = {"stacks-rel": "relativistic", "stacks-ns": "non-saturating", "stacks-ns-gamma1": "the same, gamma 1"}
    curves = [
        curve(columns_of(run), "diversity", name, colour, together=5)
        for (run, name), colour in zip(runs.items(), ramp(3), strict=True)
    ]
    ends = [curves[0].x[0], curves[0].x[-1]]
    limit = Curve(name="limit of the verdict", x=ends, y=[LIMIT, LIMIT], colour=(150, 150, 150))
    return chart([*curves, limit], "Diversity of fakes", "diversity: 1 is that of the data")


def explosion() -> Pixels:
    """Sizes of what grows in a training that diverges."""
    columns = columns_of("diverging")
    names = {
        "score_real": "logits of reals",
        "score_fake": "logits of fakes",
        "gradient_G": "gradient of G",
        "gradient_D": "gradient of D",
    }
    curves = [
        curve(columns, number, name, colour, together=1, mark=first_said("diverging", "diverging"), change=power)
        for (number, name), colour in zip(names.items(), ramp(4), strict=True)
    ]
    return chart(curves, "A training that diverges", "size, as a power of ten")


def power(value: float) -> float:
    """Size of a number, as a power of ten."""
    return math.log10(max(abs(value), 0.01))


def strips(name: str, found: dict[str, Path]) -> Pixels:
    """The beginnings of some sheets under one another, each with its number of images seen."""
    runs, kimgs = STRIPS[name]
    tiles, names = [], []
    for run in runs:
        for kimg in kimgs:
            own = kimg - RUNS[run].begun_at
            sheet = found[run] / ("fakes_init.png" if own == 0 else f"fakes{own:06d}.png")
            tiles.append(first_tiles(sheet, found[run]))
            names.append(f"{RUNS[run].short} {kimg}" if len(runs) > 1 else f"{kimg}")
    count = min(len(row) for row in tiles)
    pictures = torch.cat([row[:count] for row in tiles])
    return lettered_grid(pictures, count, row_names=names, gap=2, size=12)


def first_tiles(sheet: Path, run: Path, width: int = 880) -> torch.Tensor:
    """Images of a sheet's first row, small ones twice enlarged, on white: as many as fit into ``width`` pixels."""
    config: dict[str, Any] | None = RunDirectory(run).config()
    assert config is not None
    _, h, w = config["data"]["shape"]
    pixels = torch.from_numpy(np.array(Image.open(sheet)))
    pixels = pixels[..., None] if pixels.ndim == 2 else pixels
    times = 1 if w >= LARGE else 2
    count = width // (2 * w) if times == 2 else FEWER
    row = rearrange(pixels[:h], "h (n w) c -> n c h w", w=w)[:count]
    return enlarge(to_rgb(row, (255, 255, 255)), times)


CHARTS: dict[str, Callable[[], Pixels]] = {
    "healthy": lambda: scores_and_signs("emoji-32"),
    "overfitting": lambda: scores_and_signs("none500-32"),
    "little-data": lambda: scores_and_signs("ada500-32-late"),
    "collapsing": diversities,
    "diverging": explosion,
}
STRIPS: dict[str, tuple[tuple[str, ...], tuple[int, ...]]] = {
    "healthy-sheets": (("emoji-32",), (0, 20, 60, 120, 240, 380)),
    "overfitting-sheets": (("none500-32",), (0, 20, 100, 180, 260, 420)),
    "collapsing-sheets": (("stacks-ns", "stacks-rel"), (20, 40, 60, 80)),
    "diverging-sheets": (("diverging",), (0, 1, 2, 3, 4, 6)),
    "little-data-sheets": (("none500-32", "ada500-32-late"), (100, 240, 420)),
    "fine-tuning-sheets": (("tuned", "scratch"), (0, 2)),
    "another-size-sheets": (("emoji-64-b", "emoji-64-first"), (20, 100)),
}


if __name__ == "__main__":
    main()
