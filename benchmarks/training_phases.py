"""How long, and in what memory, does each phase of a training take, beside the same in the plain formulation?

    python benchmarks/training_phases.py                      # StyleGAN2 at 64², batch 8, then the laptop recipe
    python benchmarks/training_phases.py stylegan2 --rounds 3 --seconds 60
    python benchmarks/training_phases.py laptop --batch 32 --channels 4

Each measurement is a fresh process: ours as the command line runs it, the plain one (`plain_networks.py`, PyTorch's
default Adam) with the system's own memory allocation, in turn, ``--rounds`` times. In each: a warm-up, then the phases
in turn (generator, path length, discriminator, R1 penalty; each with its optimizer's step), the median of each, the
peak memory, then the machine's matrix ceiling. Losses, latents and random numbers are the same code in both. An
iteration is the phases, each in the share in which it is due. A ratio is the median of the rounds' ratios. Weights and
images are random.

Both run in float32. Where this machine's automatic precision is another one, ours is measured in that too
(``ours_automatic``). GFLOPs are those of the plain networks' convolutions and linear layers, forwards and backwards:
what an algorithm saves shows as a higher fraction of the ceiling, of more than 1 perhaps.
"""

import argparse
import json
import sys
from pathlib import Path
from statistics import median
from typing import Any

from generation_process import in_a_fresh_process
from measuring import show
from training_phases_process import Job, work

NETWORKS = ("stylegan2", "laptop")
SCRIPT = Path(__file__)
Figures = dict[str, Any]


def main() -> None:
    arguments = parse()
    if arguments.job:
        work(Job(**json.loads(arguments.job)))
        return
    rows = []
    for network in arguments.networks:
        print(f"{network} at {arguments.size}²", file=sys.stderr)
        rows.append({"network": network, "size": arguments.size, **summary(measure(network, arguments))})
    show({"networks": rows})


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("networks", nargs="*", default=NETWORKS, metavar="NETWORK", help=" or ".join(NETWORKS))
    parser.add_argument("--size", type=int, default=64, help="of the images' sides")
    parser.add_argument("--channels", type=int, default=3)
    parser.add_argument("--batch", type=int, default=0, help="images of an iteration, if not the recipe's own")
    parser.add_argument("--rounds", type=int, default=3, help="of processes for each figure")
    parser.add_argument("--repeats", type=int, default=10, help="of all phases in one process, at most")
    parser.add_argument("--seconds", type=float, default=60, help="in one process, about, if that are fewer repeats")
    parser.add_argument("--ceiling-seconds", type=float, default=1)
    parser.add_argument("--device", default="auto")
    parser.add_argument("--precision", default="auto", choices=["auto", "fp32"], help="fp32: no ours_automatic")
    parser.add_argument("--job", help=argparse.SUPPRESS)  # what one of those processes is to do
    return parser.parse_args()


def measure(network: str, arguments: argparse.Namespace) -> dict[str, list[Figures]]:
    """Figures of ours, of plain and, where it differs, of ours in its automatic precision, in alternating processes."""
    how = {key: getattr(arguments, key) for key in ("repeats", "seconds", "ceiling_seconds", "device")}
    image = {key: getattr(arguments, key) for key in ("size", "channels", "batch")}
    kinds = {"ours": ("ours", "fp32"), "plain": ("plain", "fp32")}
    if arguments.precision == "auto" and automatic_precision(arguments.device) != "fp32":
        kinds["ours_automatic"] = ("ours", "auto")
    found: dict[str, list[Figures]] = {name: [] for name in kinds}
    for _ in range(arguments.rounds):
        for name, (kind, precision) in kinds.items():
            job = Job(network=network, kind=kind, precision=precision, **image, **how)
            found[name].append(in_a_fresh_process(job, SCRIPT))
    return found


def automatic_precision(device: str) -> str:
    """What ``precision=auto`` means here."""
    from allaprima.cli.device import choose_device
    from allaprima.training.run import choose_precision

    return choose_precision("auto", choose_device(device))


def summary(found: dict[str, list[Figures]]) -> Figures:
    """Medians over the rounds, and the ratios to plain."""
    first, counted = found["ours"][0], found["plain"][0]["gflop"]
    row: Figures = {key: first[key] for key in ("batch", "every", "parameters", "device", "threads")}
    row["gflop"] = {name: round(value, 1) for name, value in counted.items()}
    row |= {name: _of_one_kind(runs, counted) for name, runs in found.items()}
    row |= {f"{name}_to_plain": ratios(runs, found["plain"]) for name, runs in found.items() if name != "plain"}
    return row


def iteration(values: dict[str, float], every: dict[str, int]) -> float:
    """Of one iteration on average: each phase in the share in which it is due."""
    return sum(value / every[name] for name, value in values.items())


def _of_one_kind(runs: list[Figures], counted: dict[str, float]) -> Figures:
    batch, every = runs[0]["batch"], runs[0]["every"]
    seconds = median(iteration(run["seconds"], every) for run in runs)
    speeds = [iteration(counted, every) / iteration(run["seconds"], every) for run in runs]
    fractions = [speed / run["ceiling_gflops"] for speed, run in zip(speeds, runs, strict=True)]
    row = {
        "precision": runs[0]["precision"],
        "seconds": {name: round(median(run["seconds"][name] for run in runs), 4) for name in every},
        "seconds_per_iteration": round(seconds, 4),
        "seconds_per_kimg": round(seconds / batch * 1000, 2),
        "gflops": round(median(speeds), 1),
        "ceiling_gflops": round(median(run["ceiling_gflops"] for run in runs), 1),
        "fraction_of_ceiling": round(median(fractions), 3),
        "peak_memory_mb": round(median(run["peak_memory_mb"] for run in runs)),
        "repeats": [run["repeats"] for run in runs],
    }
    if runs[0]["peak_gpu_memory_mb"] is not None:
        row["peak_gpu_memory_mb"] = round(median(run["peak_gpu_memory_mb"] for run in runs))
    return row


def ratios(runs: list[Figures], plain: list[Figures]) -> Figures:
    """How many times faster than plain each phase and an iteration are, and the share of its memory, round by round."""
    every, pairs = runs[0]["every"], list(zip(runs, plain, strict=True))
    faster = sorted(iteration(b["seconds"], every) / iteration(a["seconds"], every) for a, b in pairs)
    memory = "peak_memory_mb" if runs[0]["peak_gpu_memory_mb"] is None else "peak_gpu_memory_mb"
    return {
        "times_faster": {
            name: round(median(b["seconds"][name] / a["seconds"][name] for a, b in pairs), 2) for name in every
        },
        "iteration_times_faster": {"median": round(median(faster), 2), "all": [round(ratio, 2) for ratio in faster]},
        "memory_ratio": round(median(a[memory] / b[memory] for a, b in pairs), 2),
    }


if __name__ == "__main__":
    main()
