"""StyleGAN3's filtered leaky ReLU on the CPU: how fast, and in what memory, beside the plain formulation?

    python benchmarks/filtered_lrelu.py                             # T and R at 256², batch 1 and 4
    python benchmarks/filtered_lrelu.py --configurations t --batches 1 --rounds 3

Each measurement is a fresh process that runs the filtered leaky ReLU of every layer of the generator, in their order:
ours with memory kept, as the command line has it, the plain one with the system's own allocation; in turn, ``--rounds``
times. Of a layer, the median of ``--repeats`` after a warm-up. Memory is the peak of the process less that before
the first layer, and so contains inputs and outputs of the largest one. Random input; the published filters.
"""

import argparse
import json
import subprocess
import sys
import time
from itertools import product
from pathlib import Path
from statistics import median
from typing import Any

from generation_process import peak_memory_mb
from measuring import show

CONFIGURATIONS: dict[str, dict[str, Any]] = {
    "t": {},
    "r": {"conv_kernel": 1, "use_radial_filters": True, "channel_base": 65536, "channel_max": 1024},
}
KINDS = ("ours", "plain")


def main() -> None:
    arguments = parse()
    if arguments.kind:
        work(arguments)
        return
    show([compare(name, batch, arguments) for name, batch in product(arguments.configurations, arguments.batches)])


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--configurations", nargs="+", choices=sorted(CONFIGURATIONS), default=["t", "r"])
    parser.add_argument("--batches", nargs="+", type=int, default=[1, 4], metavar="IMAGES")
    parser.add_argument("--size", type=int, default=256)
    parser.add_argument("--rounds", type=int, default=3, help="pairs of processes for each figure")
    parser.add_argument("--repeats", type=int, default=3, help="of each layer in one process")
    parser.add_argument("--kind", choices=KINDS, help=argparse.SUPPRESS)  # of one of those processes
    return parser.parse_args()


def compare(configuration: str, batch: int, arguments: argparse.Namespace) -> dict[str, Any]:
    """Ours and plain, in alternating processes."""
    found: dict[str, list[dict[str, Any]]] = {kind: [] for kind in KINDS}
    for _ in range(arguments.rounds):
        for kind in KINDS:
            print(f"{configuration} batch {batch} {kind}", file=sys.stderr)
            found[kind].append(in_a_fresh_process(kind, configuration, batch, arguments))
    pairs = list(zip(found["ours"], found["plain"], strict=True))
    ratios = sorted(total(plain) / total(ours) for ours, plain in pairs)
    layers = {}
    for name, ours in found["ours"][0]["layers"].items():
        times = {kind: median(run["layers"][name]["seconds"] for run in runs) for kind, runs in found.items()}
        ratio = round(times["plain"] / times["ours"], 2)
        layers[name] = {"shape": ours["shape"], **{kind: round(s, 4) for kind, s in times.items()}, "ratio": ratio}
    memory = {kind: median(run["memory_mb"] for run in runs) for kind, runs in found.items()}
    return {
        "configuration": configuration,
        "size": arguments.size,
        "batch": batch,
        "seconds": {kind: round(median(map(total, runs)), 3) for kind, runs in found.items()},
        "times_faster": {"median": round(median(ratios), 2), "all": [round(ratio, 2) for ratio in ratios]},
        "memory_mb": {kind: round(figure) for kind, figure in memory.items()},
        "memory_ratio": round(memory["ours"] / memory["plain"], 2),
        "layers": layers,
    }


def total(run: dict[str, Any]) -> float:
    """Seconds of all layers of one process."""
    return float(sum(layer["seconds"] for layer in run["layers"].values()))


def in_a_fresh_process(kind: str, configuration: str, batch: int, arguments: argparse.Namespace) -> dict[str, Any]:
    options = {"kind": kind, "configurations": configuration, "batches": batch}
    options |= {key: getattr(arguments, key) for key in ("size", "repeats")}
    command = [sys.executable, str(Path(__file__))]
    for key, value in options.items():
        command += [f"--{key}", str(value)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"measuring {kind} failed with status {done.returncode}: see above")
    figures: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return figures


def work(arguments: argparse.Namespace) -> None:
    """Measure one kind and print the figures as one line of JSON."""
    if arguments.kind == "ours":
        from allaprima.allocator import keep_memory

        keep_memory()  # as the command line does when it begins
    import torch

    from allaprima.models.stylegan3 import StyleGAN3Generator, plan_layers

    torch.manual_seed(0)
    spec: dict[str, Any] = CONFIGURATIONS[arguments.configurations[0]]
    G = StyleGAN3Generator(height=arguments.size, width=arguments.size, img_channels=3, **spec)
    torch.randn(1 << 16).square().sum()  # threads are started
    before = peak_memory_mb()
    with torch.inference_mode():
        layers = {plan.name: measure(plan, arguments) for plan in plan_layers(G) if not plan.is_torgb}
    print(json.dumps({"layers": layers, "memory_mb": peak_memory_mb() - before}))


def measure(plan: Any, arguments: argparse.Namespace) -> dict[str, Any]:
    """Median seconds of one layer."""
    import torch

    from allaprima import ops
    from allaprima.models.stylegan3 import SynthesisLayer
    from allaprima.ops import plain

    lrelu = ops.filtered_lrelu if arguments.kind == "ours" else plain.filtered_lrelu
    layer = SynthesisLayer(plan, w_dim=1)
    rows, columns = (side + plan.kernel_size - 1 for side in plan.source.size)
    x = torch.randn(arguments.batches[0], plan.target.channels, rows, columns)
    how = {"up": plan.up, "down": plan.down, "padding": plan.padding, "clamp": 256.0}
    times = []
    for _ in range(arguments.repeats + 1):
        begun = time.perf_counter()
        lrelu(x, layer.up_filter, layer.down_filter, layer.bias, **how)
        times.append(time.perf_counter() - begun)
    return {"shape": list(x.shape), "seconds": median(times[1:])}


if __name__ == "__main__":
    main()
