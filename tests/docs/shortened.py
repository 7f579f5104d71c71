"""How the pages' commands are made short enough for a test, and which of them cannot be run here.

Options are added, never taken away: the last of two equal ones counts. A number in Python code that decides how long
something takes is exchanged for a smaller one.
"""

import re
from collections.abc import Sequence

from tests.docs.blocks import Command

NOT_RUN = {
    r"^pip install": "changes the environment; .ci/run installs with the README's own lines",
    r"^(OMP_NUM_THREADS=1 )?pytest|^\.ci/run": "is the test suite itself",
    r"^python benchmarks/": "measures for minutes to hours",
    r"^torchrun": "needs eight devices, or four machines; tests/training starts it with two processes",
    r"ffhq-1024": "fetches a file of the internet",
    r"https://host/": "reads an address that stands for the reader's own",
    r"ssh host": "reads an address that stands for the reader's own",
}
"""Patterns of lines and why nothing runs them; what `allaprima` gets in them is read by its parser all the same."""

PAGES_NOT_RUN = {
    "docs/reference/commands.md": "has the examples of --help, with all kinds of files; the parser reads them",
}

PYTHON_NOT_RUN = {
    r"push_to_hub\(": "publishes at the Hugging Face hub; tests/checkpoint does so with a hub of its own",
}

NUMBERS = {
    "Search(steps=300)": "Search(steps=2)",
    "frames=240": "frames=6",
    '["fd5k_own", "pr5k3_own", "swd8k"]': '["fd500_own", "pr500_own", "swd500"]',
    'explain(load_networks("emoji-64"), "emoji", title="emoji-64", seeds=(5, 2, 69, 42))': (
        'explain(load_networks("emoji-64"), "emoji", title="emoji-64", seeds=(5, 2), only=("layers",), films=False)'
    ),
}
"""In Python code: what takes long, and the same in short."""

TINY = ["cbase=64", "cmax=8", "z_dim=8", "w_dim=8", "map_depth=1", "batch=128", "tick=0.5", "snap=1", "workers=0"]
STEPS_KIMG = 1.0
"""Length of a training, in thousands of images: 8 steps, and two snapshots."""

LARGEST = 32
"""Images that are larger are made smaller."""


def reason_not_to_run(text: str, table: dict[str, str] = NOT_RUN) -> str | None:
    """Why this is not run, or None."""
    return next((reason for pattern, reason in table.items() if re.search(pattern, text)), None)


def added_to(command: Command, trainings_before: int) -> list[str]:
    """Options that make an `allaprima` command short.

    Args:
        command: The command.
        trainings_before: How many trainings were run in this world: each goes as far again.
    """
    name, *words = command.arguments or ()
    match name:
        case "train":
            length = ["--kimg", f"{STEPS_KIMG * (trainings_before + 1):g}"]
            return [*length, *(word for field in TINY for word in ("--set", field))]
        case "generate":
            fewer = [] if "--latents" in words else ["--seeds", "0-7"]
            return [*fewer, *(["--shards", "3"] if "--shards" in words else [])]
        case "walk":
            return ["--seconds", "0.3", "--fps", "10"]
        case "mix":
            return ["--rows", "0,1", "--columns", "8,9"] if words[1].endswith((".mp4", ".gif")) else []
        case "film":
            data = "my-images.zip" if words[0] == "runs/mine" else "flowers.zip"
            return ["--seconds", "0.5", "--fps", "8", "--from", "snapshots", "--data", data]
        case "project":
            return ["--steps", "3", *(["--tune", "2"] if "--tune" in words else [])]
        case "dataset":
            return ["--overwrite", *smaller(words)]
        case "encoder":
            return ["--steps", "2"]
        case "explain":
            return ["--no-films", "--only", "layers"]
        case "evaluate":
            return [] if "--metric" in words else ["--metric", "swd500,fd500_own"]
        case "studio":
            return ["--port", "0"]
    return []


def smaller(words: Sequence[str]) -> list[str]:
    """Options of `allaprima dataset` that make large images a quarter as high and wide, or 16 pixels of a square's."""
    sides = {name: int(words[words.index(name) + 1]) for name in ("--size", "--height", "--width") if name in words}
    if max(sides.values(), default=0) <= LARGEST:
        return []
    return [word for name, side in sides.items() for word in (name, "16" if name == "--size" else str(side // 4))]


def in_short(code: str) -> str:
    """Python code with its long numbers exchanged."""
    for long, short in NUMBERS.items():
        code = code.replace(long, short)
    return code
