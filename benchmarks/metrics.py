"""How long does a metric take, apart from painting the images that it compares?

    python benchmarks/metrics.py
    python benchmarks/metrics.py --images 4096 --sides 64 256
    python benchmarks/metrics.py --detectors inception own --features 64

Prints, as JSON, the seconds of the sliced Wasserstein distance between two sets of random images of each size, and
images of one set a second; images a second that each detector (with random weights) finds the features of; and the
seconds that each comparison of features takes.
"""

import argparse
import time
from collections.abc import Callable
from statistics import median
from typing import Any

import torch
from measuring import show

from allaprima.allocator import keep_memory
from allaprima.checkpoint.detectors import DETECTORS
from allaprima.metrics import sliced_wasserstein
from allaprima.metrics.density_coverage import density_coverage
from allaprima.metrics.detector import Detector
from allaprima.metrics.frechet import frechet_distance
from allaprima.metrics.kernel_distance import kernel_distance
from allaprima.metrics.moments import moments_of
from allaprima.metrics.own_features import OwnNetwork
from allaprima.metrics.precision_recall import precision_recall

WIDTHS = {"own": 128, "inception": 2048, "dinov2": 1024, "vgg16": 4096}
COMPARISONS: dict[str, Callable[[torch.Tensor, torch.Tensor], Any]] = {
    "frechet": lambda a, b: frechet_distance(moments_of(a), moments_of(b)),
    "kernel": kernel_distance,
    "precision_recall": precision_recall,
    "density_coverage": density_coverage,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=int, default=1024)
    parser.add_argument("--sides", type=int, nargs="*", default=[32, 64, 128])
    parser.add_argument("--channels", type=int, default=3)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--detectors", nargs="*", default=["own", "inception"], choices=sorted(WIDTHS))
    parser.add_argument("--features", type=int, default=64, help="images that each detector is shown")
    parser.add_argument("--compared", type=int, default=2000, help="features of each set that are compared")
    arguments = parser.parse_args()
    keep_memory()
    show([measure(side, arguments) for side in arguments.sides])
    show([measure_detector(name, arguments) for name in arguments.detectors])
    show([measure_comparison(name, width, arguments) for width in (128, 2048) for name in COMPARISONS])


def measure(side: int, arguments: argparse.Namespace) -> dict[str, Any]:
    """One row of the sliced Wasserstein distance."""
    shape = (arguments.images, arguments.channels, side, side)
    reals, fakes = (torch.randint(256, shape, dtype=torch.uint8) for _ in range(2))
    seconds = timed(lambda: sliced_wasserstein(reals, fakes), arguments.repeats)
    return {
        "shape": shape,
        "sliced_wasserstein_seconds": round(seconds, 3),
        "images_per_second": round(arguments.images / seconds, 1),
    }


def measure_detector(name: str, arguments: argparse.Namespace) -> dict[str, Any]:
    """One row of a detector."""
    network = OwnNetwork(arguments.channels).eval() if name == "own" else DETECTORS[name].build()
    detector = Detector(title=name, sha256="", resize="", network=network, wants_rgb=name != "own")
    pixels = torch.randint(256, (arguments.features, arguments.channels, 64, 64), dtype=torch.uint8)
    seconds = timed(lambda: detector.features(pixels), arguments.repeats)
    return {"detector": name, "side": 64, "images_per_second": round(arguments.features / seconds, 1)}


def measure_comparison(name: str, width: int, arguments: argparse.Namespace) -> dict[str, Any]:
    """One row of a comparison of features."""
    real, fake = (torch.randn(arguments.compared, width) for _ in range(2))
    seconds = timed(lambda: COMPARISONS[name](real, fake), 1)
    return {"comparison": name, "features": width, "images": arguments.compared, "seconds": round(seconds, 2)}


def timed(work: Callable[[], Any], repeats: int) -> float:
    """Median seconds."""
    times = []
    for _ in range(repeats):
        begun = time.perf_counter()
        work()
        times.append(time.perf_counter() - begun)
    return median(times)


if __name__ == "__main__":
    main()
