"""From how many channels and pixels on is Winograd's convolution quicker than PyTorch's own, on this CPU?

    python benchmarks/convolution.py
    python benchmarks/convolution.py --train --channels 128 256

Prints, as JSON, the median milliseconds of a 3×3 convolution of n images of so many channels and pixels: PyTorch's in
both memory layouts and ours, in turn, in one process. ``--train`` adds both gradients. `allaprima.ops.cpu_choice`
decides by such figures. ONEDNN_MAX_CPU_ISA=AVX2, MKL_ENABLE_INSTRUCTIONS=AVX2 and ATEN_CPU_CAPABILITY=avx2 in the
environment make a processor with AVX-512 do what one without does.
"""

import argparse
import time
from collections.abc import Callable
from itertools import product
from statistics import median
from typing import Any

import torch
import torch.nn.functional as F
from measuring import show
from torch import Tensor

from allaprima.allocator import keep_memory
from allaprima.ops import winograd_conv2d

BATCHES = (1, 4, 16)
MOST = 4e10  # operations: what takes longer is left out


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--channels", type=int, nargs="+", default=[32, 64, 128, 256, 512])
    parser.add_argument("--sides", type=int, nargs="+", default=[8, 16, 32, 64, 128])
    parser.add_argument("--train", action="store_true")
    parser.add_argument("--repeats", type=int, default=9)
    arguments = parser.parse_args()
    keep_memory()
    rows = [
        compare(*case, train=arguments.train, repeats=arguments.repeats)
        for case in product(arguments.channels, arguments.sides, BATCHES)
        if 18 * case[0] ** 2 * case[1] ** 2 * case[2] < MOST
    ]
    show({"capability": torch.backends.cpu.get_cpu_capability(), "milliseconds": rows})


def compare(channels: int, side: int, n: int, *, train: bool, repeats: int) -> dict[str, Any]:
    """One row."""
    x = torch.randn(n, channels, side, side)
    weight = torch.randn(channels, channels, 3, 3, requires_grad=train)

    def own(x: Tensor, weight: Tensor) -> Tensor:
        return F.conv2d(x, weight, padding=1)

    last = x.contiguous(memory_format=torch.channels_last)
    ways: dict[str, tuple[Callable[[Tensor, Tensor], Tensor], Tensor]] = {
        "channels_first": (own, x),
        "channels_last": (own, last),
        "winograd": (winograd_conv2d, last),
    }
    times: dict[str, list[float]] = {name: [] for name in ways}
    for turn in range(repeats + 2):
        for name, (convolve, image) in ways.items():
            image = image.detach().requires_grad_(train)
            begun = time.perf_counter()
            y = convolve(image, weight)
            if train:
                torch.autograd.grad(y, (image, weight), torch.ones_like(y))
            if turn >= 2:  # the first two warm up
                times[name].append(time.perf_counter() - begun)
    found = {name: round(median(values) * 1000, 3) for name, values in times.items()}
    best = min(found["channels_first"], found["channels_last"])
    return {"channels": channels, "side": side, "batch": n, **found, "times_faster": round(best / found["winograd"], 2)}


if __name__ == "__main__":
    main()
