"""What a training on very many images needs of storage, network and processors, from measured figures.

    python benchmarks/scale.py [--images 100000000] [--gpus 64] [--rate 256=100] [--rate 1024=12]

Prints the tables of docs/scale.md: the measured ones, out of docs/benchmarks/loader.json and index-of-images.json, and
what follows from them. The images that a GPU trains on in a second are assumed, not measured: give your own by --rate.
"""

import argparse
import json
from pathlib import Path
from typing import Any

MEASURED = Path(__file__).parents[1] / "docs/benchmarks"
SMALL, LARGE, HUGE = "64×64 RGBA", "256×256 RGB", "1024×1024 RGB"
PER_NODE = 8  # GPUs


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=int, default=100_000_000)
    parser.add_argument("--gpus", type=int, default=64)
    parser.add_argument(
        "--rate", action="append", default=[], metavar="SIDE=IMAGES", help="trained in a second by a GPU"
    )
    options = parser.parse_args()
    rates = {"256": 100.0, "1024": 12.0} | dict(text.split("=") for text in options.rate)
    loader = json.loads((MEASURED / "loader.json").read_text())["figures"]
    index = json.loads((MEASURED / "index-of-images.json").read_text())["figures"]
    blocks = [
        sources(loader),
        steps(loader),
        needs(loader, options.images, options.gpus, {side: float(rate) for side, rate in rates.items()}),
        knowing(index, options.images),
    ]
    print("\n\n".join(blocks))


def sources(loader: dict[str, Any]) -> str:
    """Images per second by source."""
    rows = []
    for name in loader[SMALL]["sources"]:
        cells = [name]
        for size in (SMALL, LARGE):
            found = loader[size]["sources"][name]
            cells += [f"{found[f'images_per_s_{workers}_workers']:,}" for workers in (0, 2)]
        found = loader[SMALL]["sources"][name]
        cells += [f"{found['open_s']:.2f} s", f"{found['open_again_s']:.3f} s"]
        rows.append(cells)
    heading = ["source", "64×64, 0 workers", "2 workers", "256×256, 0 workers", "2 workers", "opened first", "again"]
    return table(heading, rows)


def steps(loader: dict[str, Any]) -> str:
    """Microseconds an image."""
    names = loader[SMALL]["steps_us"]
    rows = [[name, *(f"{loader[size]['steps_us'][name]:,.1f}" for size in (SMALL, LARGE))] for name in names]
    return table(["step, µs an image", "64×64 RGBA", "256×256 RGB"], rows)


def needs(loader: dict[str, Any], images: int, gpus: int, rates: dict[str, float]) -> str:
    """Storage, network and cores, by size and form."""
    rows = []
    after = sum(loader[LARGE]["steps_us"][name] for name in ("copy to [c, h, w]", "put into a batch"))
    for size, side, pixels in ((LARGE, "256", 1), (HUGE, "1024", 16)):
        for form, found in loader["forms"][size].items():
            rate = rates[side]
            rows.append(
                [
                    f"{side}², {form}",
                    f"{found['bytes'] / 1000:,.0f} kB",
                    f"{images * found['bytes'] / 1e12:,.1f} TB",
                    f"{rate * found['bytes'] / 1e6:,.1f} MB/s",
                    f"{rate * PER_NODE * found['bytes'] * 8 / 1e9:,.2f} Gbit/s",
                    f"{rate * gpus * found['bytes'] / 1e9:,.2f} GB/s",
                    f"{rate * (found['decode_us'] + pixels * after) / 1e6:,.2f}",
                    f"{images / (rate * gpus) / 3600:,.1f} h",
                ]
            )
    heading = ["images", "an image", f"{images / 1e6:,.0f} million", "a GPU reads", f"a node of {PER_NODE}"]
    heading += [f"{gpus} GPUs", "cores a GPU", "an epoch takes"]
    return table(heading, rows)


def knowing(index: dict[str, Any], images: int) -> str:
    """What it costs to know where the images are."""

    def gb(bytes_each: float) -> str:
        return f"{images * bytes_each / 1e9:,.1f} GB"

    def time(us_each: float) -> str:
        seconds = images * us_each / 1e6
        return f"{seconds:,.0f} s" if seconds < 600 else f"{seconds / 3600:,.1f} h"

    shards, order = index["shards"], index["order"]
    rows = [
        ["names as a list of strings, each process", gb(index["list_of_names"]["bytes"]), ""],
        ["directory of one ZIP archive, each process", gb(index["zip"]["bytes"]), time(index["zip"]["us"])],
        ["going through tar shards, once", "", f"{time(index['tar']['us'])} on one core"],
        ["merging their indices, once", gb(shards["merging"]["bytes_at_most"]), time(shards["merging"]["us"])],
        ["merged index, one file for all processes of a node", gb(shards["file_bytes"]), ""],
        [
            "opening it, each process",
            gb(shards["opening_again"]["bytes"]),
            f"{shards['opening_again']['us'] * images / 1e6:.1f} s for {images // 10_000:,} shards",
        ],
        ["fingerprint, each process", "", time(shards["fingerprint_us"])],
        ["finding one image", "", f"{shards['finding_a_name_us']:.0f} µs"],
        ["a permutation kept, each process, each epoch", gb(order["permutation_bytes"]), time(order["permutation_us"])],
        ["a permutation computed", "0 GB", f"{order['computed_us']:.0f} µs an image"],
    ]
    return table([f"{images / 1e6:,.0f} million images", "memory", "time"], rows)


def table(heading: list[str], rows: list[list[str]]) -> str:
    lines = [heading, ["---"] * len(heading), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


if __name__ == "__main__":
    main()
