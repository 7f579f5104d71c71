"""The trainings that the guide about curves shows, and what is kept of each: the numbers of all its ticks."""

import json
import subprocess
import time
from pathlib import Path
from typing import Any, NamedTuple

from allaprima.training.directory import RunDirectory

ROOT = Path(__file__).parents[1]
KEPT = ROOT / "docs" / "benchmarks" / "curves"
NUMBERS = {
    "kimg": "Progress/kimg",
    "loss_D": "Loss/D/loss",
    "loss_G": "Loss/G/loss",
    "r1": "Loss/r1_penalty",
    "score_real": "Loss/scores/real",
    "score_held_out": "Loss/scores/held_out",
    "score_fake": "Loss/scores/fake",
    "sign_real": "Loss/signs/real",
    "sign_fake": "Loss/signs/fake",
    "p": "Progress/augment",
    "diversity": "Health/diversity",
    "gradient_G": "Gradients/G",
    "gradient_D": "Gradients/D",
}
DIGITS = 4  # that are kept of a number
PROCESSOR = "one thread of 2 × Intel(R) Xeon(R) Processor (avx2 avx512f amx_bf16), with other work beside"


class Kept(NamedTuple):
    """A training of the guides.

    Attributes:
        command: What made it, without the directory that its data and it lie in.
        short: What a row of sheets calls it.
        begun_at: Thousands of images that the model had seen which it began with.
        commit: Of the sources it ran with; None: the run does not tell.
    """

    command: str
    short: str = ""
    begun_at: int = 0
    commit: str | None = None


FEW = (
    "--recipe laptop --set batch=32 --set gamma=0.1 --set glr=0.0025 --set dlr=0.0025 --set holdout=25"
    " --set snap=20 --kimg 2000"
)
STACKS = (
    "python benchmarks/stacked_mnist.py train stacks.zip RUN --recipe laptop --set aug=noaug --set holdout=0"
    " --set cbase=1024 --set cmax=64 --set z_dim=64 --set w_dim=64 --set batch=32 --set glr=0.002 --set dlr=0.002"
    " --set r1_interval=4 --set tick=2 --set kimg=200"
)
TUNING = "--recipe laptop-32 --set mirror=true --set tick=0.5 --set snap=4 --kimg 2"

RUNS = {
    "emoji-32": Kept("allaprima train emoji-32.zip emoji-32 --recipe laptop-32 --set mirror=true --kimg 1000"),
    "none500-32": Kept(f"allaprima train emoji-500-32.zip none500-32 {FEW} --set aug=noaug", "without"),
    "ada500-32-late": Kept(
        f"allaprima train emoji-500-32.zip ada500-32-late {FEW} --set ada_kimg=200"
        " --init-from none500-32/snapshots/network-snapshot-000080.safetensors",
        "ADA",
        80,
    ),
    "stacks-ns": Kept(f"{STACKS} --set gamma=10", "non-saturating"),
    "stacks-rel": Kept(f"{STACKS} --set gamma=10 --set loss=relativistic --set penalty=r1+r2", "relativistic"),
    "stacks-ns-gamma1": Kept(f"{STACKS} --set gamma=1"),
    "diverging": Kept(
        "allaprima train fashion-mnist-dress-24-gray.zip diverging --recipe laptop-24 --set aug=noaug"
        " --set cbase=1024 --set cmax=32 --set loss=wasserstein --set gamma=0 --set tick=0.5 --set snap=2 --kimg 7",
        commit="cb2acf2",
    ),
    "tuned": Kept(
        f"allaprima train blob-300-32.zip tuned --init-from emoji-32.safetensors {TUNING}",
        "fine-tuned",
        commit="cb2acf2",
    ),
    "scratch": Kept(f"allaprima train blob-300-32.zip scratch {TUNING}", "from scratch", commit="cb2acf2"),
    "emoji-64-b": Kept(
        "allaprima convert emoji-32 emoji-32-as-64.safetensors --size 64;"
        " allaprima train emoji-64.zip emoji-64-b --recipe laptop --set mirror=true --set gamma=0.3 --set glr=0.0025"
        " --set dlr=0.0025 --set ada_kimg=500 --set p=0.2 --set cbase=2048 --init-from emoji-32-as-64.safetensors",
        "from 32×32",
    ),
    "emoji-64-first": Kept(
        "allaprima train emoji-64.zip emoji-64-first --recipe laptop --set mirror=true", "from scratch"
    ),
}


def keep(name: str, directory: Path) -> str:
    """Write what is kept of a run to docs/benchmarks/curves/NAME.json; returns a sentence about it."""
    rows = [json.loads(line) for line in (directory / "stats.jsonl").read_text().splitlines()]
    begun = rows[0]["timestamp"] - rows[0]["Timing/total_sec"]["mean"]
    config: dict[str, Any] | None = RunDirectory(directory).config()
    assert config is not None
    columns = {name: [shortened(row, key) for row in rows] for name, key in NUMBERS.items()}
    facts = {
        "command": RUNS[name].command,
        "begun": time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(begun)),
        "ended": time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(rows[-1]["timestamp"])),
        "commit": RUNS[name].commit,
        "newest_commit_at_its_begin": commit_at(begun),
        "torch": config["torch_version"],
        "processor": PROCESSOR,
        "data": config["data"],
        "recipe": config["recipe"],
    }
    lines = [f"  {json.dumps(key)}: {json.dumps(value)}" for key, value in facts.items()]
    lines += ['  "said": ' + json.dumps(said(directory))]
    ticks = ",\n".join(f"    {json.dumps(key)}: {json.dumps(values)}" for key, values in columns.items())
    KEPT.mkdir(parents=True, exist_ok=True)
    path = KEPT / f"{name}.json"
    path.write_text("{\n" + ",\n".join([*lines, f'  "ticks": {{\n{ticks}\n  }}']) + "\n}\n")
    return f"{path.relative_to(ROOT)}: {len(rows)} ticks, {path.stat().st_size} bytes"


def shortened(row: dict[str, Any], key: str) -> float | None:
    """A tick's mean of one number; None if it was not measured."""
    return float(f"{row[key]['mean']:.{DIGITS}g}") if key in row else None


def said(directory: Path) -> list[list[Any]]:
    """At how many thousand images the verdict in the log changed, and to what."""
    changes: list[list[Any]] = []
    for line in (directory / "log.txt").read_text().splitlines():
        words = line.split()
        if words[:1] == ["tick"] and (not changes or changes[-1][1] != words[-1]):
            changes.append([float(words[3].split("/")[0]), words[-1]])
    return changes


def commit_at(moment: float) -> str:
    """The newest commit of that time: runs are often of copies of the sources, and say no commit."""
    command = ["git", "log", "-1", "--format=%h", f"--before={int(moment)}"]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip()
