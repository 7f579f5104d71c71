"""How long does a metric take, apart from painting the images that it compares?

    python benchmarks/metrics.py
    python benchmarks/metrics.py --images 4096 --sides 64 256

Prints, as JSON, the seconds of the sliced Wasserstein distance between two sets of random images of each size, and
images of one set a second. Metrics with a network (FID and the like) will be added with their detectors.
"""

import argparse
import time
from statistics import median
from typing import Any

import torch
from measuring import show

from allaprima.cli.allocator import keep_memory
from allaprima.metrics import sliced_wasserstein


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=int, default=1024)
    parser.add_argument("--sides", type=int, nargs="+", default=[32, 64, 128])
    parser.add_argument("--channels", type=int, default=3)
    parser.add_argument("--repeats", type=int, default=3)
    arguments = parser.parse_args()
    keep_memory()
    show([measure(side, arguments) for side in arguments.sides])


def measure(side: int, arguments: argparse.Namespace) -> dict[str, Any]:
    """One row."""
    shape = (arguments.images, arguments.channels, side, side)
    reals, fakes = (torch.randint(256, shape, dtype=torch.uint8) for _ in range(2))
    times = []
    for _ in range(arguments.repeats):
        begun = time.perf_counter()
        sliced_wasserstein(reals, fakes)
        times.append(time.perf_counter() - begun)
    seconds = median(times)
    return {
        "shape": shape,
        "sliced_wasserstein_seconds": round(seconds, 3),
        "images_per_second": round(arguments.images / seconds, 1),
    }


if __name__ == "__main__":
    main()
