"""Make every picture of the docs again: ``make pictures DATA=… RUNS=…`` runs this.

    python tools/pictures.py DATA RUNS [NAME …]
    python tools/pictures.py --list

DATA holds the image archives that docs/datasets.md names, RUNS the run directories. Where a training that a group of
pictures needs is not there, it is named, with the page that has its command, and the group is left as it is.
"""

import argparse
import shlex
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
IMAGES = ROOT / "docs" / "images"
DRESSES = ("dress-progan", "dress-stylegan", "dress-stylegan3-t", "dress-stylegan3-r", "dress-r3gan")


@dataclass(frozen=True, slots=True)
class Group:
    """Pictures that one command makes.

    Attributes:
        command: Arguments for Python; ``{data}`` and ``{runs}`` stand for the directories.
        pictures: Patterns of their names in docs/images.
        runs: Trainings that must be there.
        page: Of the docs, with the commands of those trainings.
    """

    command: str
    pictures: tuple[str, ...]
    runs: tuple[str, ...] = ()
    page: str = "docs/models.md"


GROUPS = {
    "models": Group(
        "tools/docs_pictures.py {runs}/emoji-64 {runs}/dress-24",
        ("emoji-64.png", "dress-24.png", "*-training.png"),
        ("emoji-64", "dress-24"),
    ),
    "systems": Group(
        "tools/docs_pictures.py --systems " + " ".join(f"{{runs}}/{name}" for name in DRESSES),
        ("systems.png",),
        DRESSES,
        "docs/systems.md",
    ),
    "painting": Group(
        "tools/painting_pictures.py {runs} {data}",
        (
            "mixing*",
            "walk-*",
            "direction*",
            "truncation-clusters.png",
            "explain-*",
            "verdicts-*",
            "learning-*",
            "assessment-*",
        ),
        ("emoji-64", "dress-24", *DRESSES[:4]),
        "docs/systems.md",
    ),
    "projection": Group(
        "benchmarks/projection.py emoji-64 {data}/emoji-noto-64-rgba.zip --sheet docs/images/projection.png",
        ("projection.png",),
    ),
    "converted": Group("tools/docs_pictures.py --converted {runs}/emoji-64", ("converted.png",), ("emoji-64",)),
    "studio": Group(
        "tools/studio_pictures.py {data}/emoji-noto-64-rgba.zip {runs}/emoji-64", ("studio-*",), ("emoji-64",)
    ),
    "curves": Group(
        "tools/guide_curve_pictures.py {runs}",
        ("curves-*",),
        page="docs/guides/reading-curves.md",
    ),
    "guides": Group(
        "tools/guide_data_pictures.py {data} {runs}/stamps {runs}/clothes",
        ("guide-*",),
        ("stamps", "clothes"),
        "docs/guides/preparing-data.md",
    ),
    "tour": Group("tools/tour_pictures.py", ("tour/*",)),
}


def main() -> None:
    """Make the pictures of all groups, or of those named."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", nargs="?", type=Path)
    parser.add_argument("runs", nargs="?", type=Path)
    parser.add_argument("names", nargs="*", choices=[[], *GROUPS], default=[])
    parser.add_argument("--list", action="store_true", help="Say what would be run.")
    arguments = parser.parse_args()
    if not arguments.list and arguments.runs is None:
        parser.error("give the directory of the data, and that of the runs")
    data, runs = (path or Path(name) for path, name in ((arguments.data, "DATA"), (arguments.runs, "RUNS")))
    for name in arguments.names or GROUPS:
        group = GROUPS[name]
        missing = [] if arguments.list else [run for run in group.runs if not (runs / run).is_dir()]
        if missing:
            print(f"{name}: left as it is, for {runs} has no {', '.join(missing)}; {group.page} says how to train them")
            continue
        command = group.command.format(data=data.resolve(), runs=runs.resolve())
        print(f"{name}: python {command}", flush=True)
        if not arguments.list:
            subprocess.run([sys.executable, *shlex.split(command)], cwd=ROOT, check=True)


if __name__ == "__main__":
    main()
