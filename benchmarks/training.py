"""How long does a thousand images take to train, and in what memory?

    python benchmarks/training.py 64 64 4 --recipe laptop --set batch=32

Trains on random images of HEIGHT WIDTH CHANNELS: speed does not depend on what is in them. Networks that grow are
measured at their full size, where most of a training goes. Prints JSON: seconds per thousand images (averaged over all
phases in the share in which they occur), images a second, parameters, peak memory.
"""

import argparse
import dataclasses

import torch
from measuring import seconds, show

from allaprima.allocator import keep_memory
from allaprima.cli.device import choose_device
from allaprima.models import count_parameters
from allaprima.training import RECIPES, with_overrides
from allaprima.training.loop import memory_gb
from allaprima.training.recipe import decide
from allaprima.training.run import choose_precision, start
from allaprima.training.schedule import level_of_detail
from allaprima.training.step import train_step

STEPS = 16  # of a cycle, at least


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("height", "width", "channels"):
        parser.add_argument(name, type=int)
    parser.add_argument("--recipe", choices=sorted(RECIPES), default="laptop")
    parser.add_argument("--set", dest="overrides", action="append", default=[], metavar="FIELD=VALUE")
    parser.add_argument("--device", default="auto")
    parser.add_argument("--cycles", type=int, default=2, help="of 16 steps or one R1 interval each")
    arguments = parser.parse_args()
    keep_memory()

    device = choose_device(arguments.device)
    recipe = with_overrides(RECIPES[arguments.recipe], arguments.overrides)
    recipe = decide(recipe, height=arguments.height, width=arguments.width)
    recipe = dataclasses.replace(recipe, precision=choose_precision(recipe.precision, device))
    size = {"height": arguments.height, "width": arguments.width, "channels": arguments.channels}
    run = start(recipe, **size, label_table=torch.zeros(1, 0), device=device)
    while level_of_detail(recipe, run.geometry, run.images_seen) > 0:
        run.images_seen += 1000
    shape = (run.batch, arguments.channels, arguments.height, arguments.width)
    pixels = torch.randint(256, shape, dtype=torch.uint8)
    labels = torch.zeros(run.batch, 0)

    steps = max(recipe.r1_interval, STEPS)

    def cycle() -> None:
        for _ in range(steps):
            train_step(run, pixels, labels)

    per_image = seconds(cycle, device=device, repeats=arguments.cycles, warm_up=1) / (steps * run.batch)
    show(
        {
            **size,
            "recipe": dataclasses.asdict(recipe),
            "device": str(device),
            "G_parameters": count_parameters(run.G),
            "D_parameters": count_parameters(run.D),
            "seconds_per_kimg": round(per_image * 1000, 3),
            "images_per_second": round(1 / per_image, 1),
            "peak_memory_gb": [round(gb, 2) for gb in memory_gb(device)],
        }
    )


if __name__ == "__main__":
    main()
