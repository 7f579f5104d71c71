"""A bulk job of many images killed a few times: does it end with exactly the images of an undisturbed one?

    python benchmarks/faults_bulk.py --images 10000 --shards 20 --kills 5

Runs the command line itself, with a bundled model. Compares the manifests, which name the hash of every archive and, in
one digest each, of all its images; and the archives themselves. Prints JSON. Exit status 1 if anything differs.
"""

import argparse
import hashlib
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from measuring import show

MODEL = "dress-24"
FIRST, LAST = 0.05, 0.9  # of the shards: between these the kills fall


def command(images: int, shards: int, out: Path) -> list[str]:
    """Of the bulk job."""
    words = ["generate", MODEL, "--seeds", f"0-{images - 1}", "--shards", shards, "--out", out, "--device", "cpu"]
    return [sys.executable, "-m", "allaprima", *map(str, words)]


def finish(words: list[str]) -> float:
    """Run it to its end; its seconds."""
    begun = time.monotonic()
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"the job ended with status {done.returncode}:\n{done.stdout}{done.stderr}")
    return time.monotonic() - begun


def kill(words: list[str], out: Path, archives: float, delay: float) -> bool:
    """Start it, and kill it so many seconds after it has so many archives; False if it was over before."""
    process = subprocess.Popen(words, stdout=subprocess.DEVNULL, start_new_session=True)
    while process.poll() is None and len(list(out.glob("shard-*.zip"))) < archives:
        time.sleep(0.002)
    time.sleep(delay)
    process.send_signal(signal.SIGKILL)
    return process.wait() == -signal.SIGKILL


def contents(out: Path) -> dict[str, str]:
    """Hashes of all files, the hidden ones too."""
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(out.iterdir())}


def bench(folder: Path, images: int, shards: int, kills: int, seed: int) -> dict[str, Any]:
    """In peace, then with kills."""
    chance, begun = random.Random(seed), time.monotonic()
    peace, war = (command(images, shards, folder / name) for name in ("peace", "war"))
    seconds = finish(peace)
    moments = sorted(chance.uniform(FIRST, LAST) * shards for _ in range(kills))
    done = sum(kill(war, folder / "war", moment, chance.uniform(0, seconds / shards)) for moment in moments)
    left_over = sum(name.startswith(".") and name.endswith(".tmp") for name in contents(folder / "war"))
    finish(war)
    mine, its = contents(folder / "war"), contents(folder / "peace")
    manifest = json.loads((folder / "war" / "manifest.json").read_text())
    return {
        "kind": "bulk",
        "model": MODEL,
        "images": sum(archive["images"] for archive in manifest["archives"]),
        "shards": shards,
        "tried": done,
        "survived": done if mine == its else 0,
        "data_lost": sum(mine.get(name) != its[name] for name in its),
        "killed_when_so_many_shards_were_there": [round(moment, 1) for moment in moments],
        "half_written_after_the_last_kill": left_over,
        "manifest_sha256_undisturbed": its["manifest.json"],
        "manifest_sha256_killed": mine["manifest.json"],
        "files_equal": mine == its,
        "failures": sorted(name for name in mine | its if mine.get(name) != its.get(name)),
        "seconds_undisturbed": round(seconds, 1),
        "seconds": round(time.monotonic() - begun, 1),
        "date": time.strftime("%Y-%m-%d"),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=int, default=10_000)
    parser.add_argument("--shards", type=int, default=20)
    parser.add_argument("--kills", type=int, default=5)
    parser.add_argument("--seed", type=int, default=0, help="of the moments")
    arguments = parser.parse_args()
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    with tempfile.TemporaryDirectory() as name:
        figures = bench(Path(name), arguments.images, arguments.shards, arguments.kills, arguments.seed)
    show(figures)
    sys.exit(0 if figures["files_equal"] and figures["tried"] == arguments.kills else 1)


if __name__ == "__main__":
    main()
