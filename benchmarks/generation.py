"""How fast, and in what memory, does a generator paint, beside the same network in the plain formulation?

    python benchmarks/generation.py                          # everything: many minutes
    python benchmarks/generation.py emoji-64 dress-24        # these models, at batch 1, 8 and 32
    python benchmarks/generation.py --stylegan2 64 256 --batches 1 4 --rounds 3
    python benchmarks/generation.py --peers                  # other people's generators (peers.py), where installed
    python benchmarks/generation.py --start-up

Each measurement is a fresh process: ours as the command line runs it, the plain one (`plain_networks.py`) with the
system's own memory allocation, in turn, ``--rounds`` times; in each, a warm-up, repeats, their median, the peak memory,
then the machine's matrix ceiling. A ratio is the median of the rounds' ratios. Random weights, float32, threads as
PyTorch chooses. StyleGAN2 has the published channels of configuration F at 256² and more (base 32768, at most 512), and
by the same rule below: 512 up to 64², 256 at 128². GFLOPs are those of the plain network's convolutions and linear
layers, for one image: what an algorithm saves shows as a higher fraction of the ceiling, of more than 1 perhaps.
"""

import argparse
import json
import sys
import tempfile
from itertools import product
from pathlib import Path
from statistics import median
from typing import Any

from generation_process import Job, in_a_fresh_process, work
from measuring import show
from peers import PEERS, installed
from peers import work as measure_peer
from start_up import start_up

FIRST_MODEL = "emoji-64"
STYLEGAN2_POINTS = ((64, 1), (64, 8), (128, 1), (256, 1), (256, 4), (512, 1), (1024, 1))  # size and batch
STYLEGAN3_POINTS = ((256, 1),)
BATCHES, MODEL_BATCHES = (1, 4, 8), (1, 8, 32)
PEER_SIZES, PEER_BATCHES = (64, 256), (1, 4)


def main() -> None:
    arguments = parse()
    if arguments.job:
        job = Job(**json.loads(arguments.job))
        (measure_peer if job.kind == "peer" else work)(job)
        return
    some = (arguments.models, arguments.stylegan2, arguments.stylegan3, arguments.start_up, arguments.peers)
    everything = not any(some)
    rows = []
    for network, size, batch in [] if arguments.peers else jobs(arguments, everything):
        print(f"{network} {size or ''} batch {batch}", file=sys.stderr)
        rows.append(compare(network, size, batch, arguments))
    figures: dict[str, Any] = {"networks": rows}
    if everything or arguments.peers:
        figures["peers"] = compare_with_peers(arguments)
    if everything or arguments.start_up:
        figures["start_up"] = start_up(FIRST_MODEL, rounds=arguments.rounds)
    show(figures)


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="*", help="names or files of models to measure")
    parser.add_argument("--stylegan2", nargs="+", type=int, default=[], metavar="SIZE")
    parser.add_argument("--stylegan3", nargs="+", type=int, default=[], metavar="SIZE")
    parser.add_argument("--batches", nargs="+", type=int, default=[], metavar="IMAGES")
    parser.add_argument("--rounds", type=int, default=3, help="pairs of processes for each figure")
    parser.add_argument("--repeats", type=int, default=10, help="in one process, at most")
    parser.add_argument("--seconds", type=float, default=20, help="in one process, about, if that are fewer repeats")
    parser.add_argument("--ceiling-seconds", type=float, default=1)
    parser.add_argument("--device", default="auto")
    parser.add_argument("--only-ours", action="store_true", help="no plain twin")
    parser.add_argument("--peers", action="store_true", help="only other people's generators beside StyleGAN2")
    parser.add_argument("--start-up", action="store_true", help="time `allaprima --help` and a first image")
    parser.add_argument("--job", help=argparse.SUPPRESS)  # what one of those processes is to do
    return parser.parse_args()


def jobs(arguments: argparse.Namespace, everything: bool) -> list[tuple[str, int, int]]:
    """Network, size (0: the model's own) and batch of each row."""
    models = [FIRST_MODEL] if everything else arguments.models
    given = arguments.batches
    stylegan2 = STYLEGAN2_POINTS if everything else product(arguments.stylegan2, given or BATCHES)
    stylegan3 = STYLEGAN3_POINTS if everything else product(arguments.stylegan3, given or (1,))
    return [
        *((name, 0, batch) for name, batch in product(models, given or MODEL_BATCHES)),
        *(("stylegan2", size, batch) for size, batch in stylegan2),
        *(("stylegan3-t", size, batch) for size, batch in stylegan3),
    ]


def compare(network: str, size: int, batch: int, arguments: argparse.Namespace) -> dict[str, Any]:
    """Ours and plain, in alternating processes."""
    how = {key: getattr(arguments, key) for key in ("repeats", "seconds", "ceiling_seconds", "device")}
    kinds = ["ours"] if arguments.only_ours else ["ours", "plain"]
    found: dict[str, list[dict[str, Any]]] = {kind: [] for kind in kinds}
    with tempfile.TemporaryDirectory() as directory:
        paths = {kind: Path(directory) / f"{kind}.npy" for kind in kinds}
        model = network
        if size:  # both read it from a file, as commands do
            model = str(Path(directory) / "model.safetensors")
            in_a_fresh_process(Job(network=network, size=size, batch=batch, kind="write", image=model, **how))
        for _ in range(arguments.rounds):
            for kind in kinds:
                job = Job(network=model, size=0, batch=batch, kind=kind, image=str(paths[kind]), **how)
                found[kind].append(in_a_fresh_process(job))
        row = summary(found, batch) if len(kinds) == 1 else summary(found, batch) | likeness(paths)
    return {"network": network, "batch": batch, **row}


def summary(found: dict[str, list[dict[str, Any]]], batch: int) -> dict[str, Any]:
    """Medians over the rounds, and the ratios of ours to plain."""
    facts = ("shape", "parameters", "gflop_per_image", "device", "threads")
    row: dict[str, Any] = {key: found["ours"][0][key] for key in facts}
    for kind, runs in found.items():
        seconds = median(run["seconds"] for run in runs)
        speeds = [run["gflop_per_image"] * batch / run["seconds"] for run in runs]
        fractions = [speed / run["ceiling_gflops"] for speed, run in zip(speeds, runs, strict=True)]
        row[kind] = {
            "seconds_per_batch": seconds,
            "images_per_second": round(batch / seconds, 2),
            "gflops": round(median(speeds), 1),
            "ceiling_gflops": round(median(run["ceiling_gflops"] for run in runs), 1),
            "fraction_of_ceiling": round(median(fractions), 3),
            "peak_memory_mb": round(median(run["peak_memory_mb"] for run in runs)),
            "repeats": [run["repeats"] for run in runs],
        }
        if runs[0]["peak_gpu_memory_mb"] is not None:
            row[kind]["peak_gpu_memory_mb"] = round(median(run["peak_gpu_memory_mb"] for run in runs))
    if "plain" in found:
        pairs = list(zip(found["ours"], found["plain"], strict=True))
        ratios = sorted(plain["seconds"] / ours["seconds"] for ours, plain in pairs)
        memory = median(ours["peak_memory_mb"] / plain["peak_memory_mb"] for ours, plain in pairs)
        row["times_faster"] = {"median": round(median(ratios), 2), "all": [round(ratio, 2) for ratio in ratios]}
        row["memory_ratio"] = round(memory, 2)
    return row


def likeness(paths: dict[str, Path]) -> dict[str, float]:
    """The largest difference of the first images, relative to the range of the plain one."""
    import numpy as np

    ours, plain = (np.load(paths[kind]) for kind in ("ours", "plain"))
    return {"difference_of_images": float(np.abs(ours - plain).max() / (plain.max() - plain.min()))}


def compare_with_peers(arguments: argparse.Namespace) -> list[dict[str, Any]]:
    """Other people's generators beside our StyleGAN2 of that size, which is another network: parameters are told."""
    for name in PEERS:
        if name not in installed():
            print(f"peer {name}: not installed, skipped (benchmarks/peers.py says how to install it)", file=sys.stderr)
    sizes, batches = arguments.stylegan2 or PEER_SIZES, arguments.batches or PEER_BATCHES
    return [compare_with(name, *case, arguments) for name, *case in product(installed(), sizes, batches)]


def compare_with(peer: str, size: int, batch: int, arguments: argparse.Namespace) -> dict[str, Any]:
    """Ours and a peer's, in alternating processes, on the CPU."""
    print(f"{peer} {size} batch {batch}", file=sys.stderr)
    how = {key: getattr(arguments, key) for key in ("repeats", "seconds", "ceiling_seconds")}
    how |= {"size": size, "batch": batch, "device": "cpu"}
    found: dict[str, list[dict[str, Any]]] = {"ours": [], "peer": []}
    with tempfile.TemporaryDirectory() as directory:
        for _ in range(arguments.rounds):
            for kind, network in (("ours", "stylegan2"), ("peer", peer)):
                job = Job(network=network, kind=kind, image=str(Path(directory) / "image.npy"), **how)
                found[kind].append(in_a_fresh_process(job))
    row: dict[str, Any] = {"peer": peer, "size": size, "batch": batch}
    for kind, runs in found.items():
        row[kind if kind == "ours" else "theirs"] = {
            "parameters": runs[0]["parameters"],
            "images_per_second": round(batch / median(run["seconds"] for run in runs), 2),
            "peak_memory_mb": round(median(run["peak_memory_mb"] for run in runs)),
            "ceiling_gflops": round(median(run["ceiling_gflops"] for run in runs), 1),
        }
    pairs = zip(found["ours"], found["peer"], strict=True)
    ratios = sorted(theirs["seconds"] / ours["seconds"] for ours, theirs in pairs)
    return row | {"times_faster": {"median": round(median(ratios), 2), "all": [round(ratio, 2) for ratio in ratios]}}


if __name__ == "__main__":
    main()
