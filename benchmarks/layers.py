"""Where does the time of a generator's forward pass go, layer by layer?

    python benchmarks/layers.py stylegan2 256 --batch 4
    python benchmarks/layers.py emoji-64

Prints, as JSON, the median milliseconds of each layer, in the order in which they run, and of the whole. Random weights
and the published channels, as in `generation.py`, or those of a model.
"""

import argparse
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

from allaprima.allocator import keep_memory

DEPTH = 3  # of a layer's name: synthesis.b64.conv0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("network", help="stylegan2, stylegan3-t, or the name or file of a model")
    parser.add_argument("size", nargs="?", type=int, default=0)
    parser.add_argument("--batch", type=int, default=1)
    parser.add_argument("--repeats", type=int, default=9)
    arguments = parser.parse_args()
    keep_memory()
    import torch
    from generation_process import Job, network
    from measuring import show

    from allaprima.checkpoint import load, save
    from allaprima.generation import latents_of_seeds
    from allaprima.ops.kept_kernels import KeptKernels

    what = {"network": arguments.network, "size": arguments.size, "batch": arguments.batch}
    how: dict[str, Any] = {"repeats": 1, "seconds": 1.0, "ceiling_seconds": 0.0, "device": "cpu"}
    G = network(Job(**what, kind="ours", image="", **how), torch.device("cpu"))
    with tempfile.TemporaryDirectory() as directory:  # read from a file, as commands do
        path = Path(directory) / "model.safetensors"
        save(G, path)
        G = load(path)
    times = watch(G)
    z = latents_of_seeds(range(arguments.batch), G.spec.z_dim)
    c = torch.eye(G.spec.c_dim)[[0] * arguments.batch] if G.spec.c_dim else None
    whole = []
    with torch.inference_mode(), KeptKernels():
        for _ in range(arguments.repeats + 2):
            begun = time.perf_counter()
            G(z, c, noise_mode="const")
            whole.append(time.perf_counter() - begun)
    calls = {name: len(found) // (arguments.repeats + 2) for name, found in times.items()}
    layers = {name: round(median(found[2:]) * 1000 * calls[name], 2) for name, found in times.items()}
    show({**what, "milliseconds": round(median(whole[2:]) * 1000, 1), "layers": layers})


def watch(G: Any) -> dict[str, list[float]]:
    """The seconds of each layer, which fill up as the network runs."""
    times: dict[str, list[float]] = {}
    begun: dict[str, float] = {}
    for name, module in G.named_modules():
        if name == "mapping" or (name.startswith("synthesis") and len(name.split(".")) == DEPTH):
            times[name] = []
            module.register_forward_pre_hook(lambda *_, name=name: begun.update({name: time.perf_counter()}))
            module.register_forward_hook(lambda *_, name=name: times[name].append(time.perf_counter() - begun[name]))
    return times


if __name__ == "__main__":
    main()
