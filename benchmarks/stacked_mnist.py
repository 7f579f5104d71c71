"""Does a training find all modes of its data? A thousand of them: three random digits, one in each colour.

    python benchmarks/digits.py
    python benchmarks/stacked_mnist.py make stacks.zip --count 60000
    python benchmarks/stacked_mnist.py train stacks.zip runs/stacks --recipe laptop --set kimg=500
    python benchmarks/stacked_mnist.py evaluate runs/stacks

The test of VEEGAN (Srivastava et al. 2017) and PacGAN (Lin et al. 2018). ``evaluate`` paints 26,000 images, names the
digit in each colour by the classifier of digits.py, and prints JSON: how many of the 1000 numbers of three digits
occur, and KL(generated ‖ uniform), whose floor for that many samples is 0.019; ``kl_to_data`` is from the numbers'
shares in the data, as MNIST has more ones than fives. Of an archive of real stacks it shows what a perfect generator
would get. In one stack of fifty a digit is misread, so that some numbers are counted which nobody made: of real stacks
of 500 numbers 585, of 900 numbers 926. ``modes_above_tenth`` leaves out what occurs less than a tenth of its fair share
(532 and 905).
"""

import argparse
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import digits
import torch
import torch.nn.functional as F
from einops import einsum, rearrange
from jaxtyping import Int64, UInt8
from measuring import show
from torch import Tensor, nn

from allaprima.allocator import keep_memory
from allaprima.checkpoint import load, locate, read_description
from allaprima.cli.device import choose_device
from allaprima.data import ImageDataset
from allaprima.data.archive import archive_writer
from allaprima.generation import generate
from allaprima.metrics import mode_coverage
from allaprima.training import RECIPES, fit, open_session, with_overrides

COUNT = 26_000
MODES = 1000
PLACES = torch.tensor([100, 10, 1])  # of the digits in red, green and blue
DIGIT_COUNTS = (5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949)  # in MNIST's training set
AT_ONCE = 1000

Stacks = tuple[UInt8[Tensor, "n 3 h w"], Int64[Tensor, " n"]]
"""Images, and the number from 0 to 999 that each shows."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(required=True)

    command = commands.add_parser("make", help="an archive of random stacks")
    command.add_argument("out", type=Path)
    command.add_argument("--count", type=int, default=60_000)
    command.add_argument("--source", type=Path, default=digits.DATA / digits.TRAINING_DIGITS, help="digits to stack")
    command.add_argument("--padding", type=int, default=0, help="black pixels on each side: 2 makes 32×32")
    command.add_argument("--seed", type=int, default=0)
    command.set_defaults(work=make)

    command = commands.add_parser("train", help="train, or go on where the run stopped")
    command.add_argument("data", type=Path)
    command.add_argument("run", type=Path)
    command.add_argument("--recipe", choices=sorted(RECIPES), default="laptop")
    command.add_argument("--set", dest="overrides", action="append", default=[], metavar="FIELD=VALUE")
    command.add_argument("--device", default="auto")
    command.set_defaults(work=train)

    command = commands.add_parser("evaluate", help="count the modes of a model, a run, or an archive of real stacks")
    command.add_argument("model")
    command.add_argument("--count", type=int, default=COUNT)
    command.add_argument("--device", default="auto")
    command.set_defaults(work=evaluate)

    arguments = vars(parser.parse_args())
    keep_memory()
    arguments.pop("work")(**arguments)


def make(out: Path, *, count: int, source: Path, padding: int, seed: int) -> None:
    """Write an archive of random stacks; the label of each is the number that it shows."""
    images, labels = digits.read_digits(source)
    generator = torch.Generator().manual_seed(seed)
    with archive_writer(out) as archive:
        for start in range(0, count, AT_ONCE):
            stacks, numbers = stack(images, labels, min(AT_ONCE, count - start), generator, padding=padding)
            for pixels, number in zip(rearrange(stacks, "n c h w -> n h w c").numpy(), numbers.tolist(), strict=True):
                archive.add(pixels, number)
        archive.finish()


def stack(
    images: UInt8[Tensor, "d 1 h w"],
    labels: Int64[Tensor, " d"],
    count: int,
    generator: torch.Generator,
    *,
    padding: int = 0,
) -> Stacks:
    """Three random digits each, one in each colour, and the numbers that they make."""
    rows = torch.randint(len(images), (count, 3), generator=generator)
    stacks = rearrange(images[rows], "n c 1 h w -> n c h w")
    return F.pad(stacks, (padding, padding, padding, padding)), numbers_of(labels[rows])


def numbers_of(three_digits: Int64[Tensor, "n 3"]) -> Int64[Tensor, " n"]:
    """The number that each row of digits makes."""
    return einsum(three_digits, PLACES, "n c, c -> n")


def train(data: Path, run: Path, *, recipe: str, overrides: list[str], device: str) -> None:
    """Train through the public interface, printing its progress."""
    session = open_session(data, run, with_overrides(RECIPES[recipe], overrides), device=choose_device(device))
    for report in fit(session):
        print(report.line(), flush=True)


def evaluate(model: str, *, count: int, device: str) -> None:
    """Print how many modes ``model`` has."""
    classifier, accuracy = digits.load()
    begun = time.perf_counter()
    if model.endswith(".zip"):
        facts: dict[str, Any] = {"archive": Path(model).name}
        images = real_images(Path(model), count)
    else:
        facts = {"model": model, **facts_of(model)}
        images = painted_images(load(model, device=choose_device(device)), count)
    figures = coverage(classifier, images)
    seconds = time.perf_counter() - begun
    show({**facts, **figures, "classifier_accuracy": accuracy, "seconds": round(seconds, 1)})


def facts_of(model: str) -> dict[str, Any]:
    """What a model file says about its training."""
    provenance = read_description(locate(model))["provenance"]
    return {"images_seen": provenance.get("images_seen"), "recipe": provenance.get("recipe")}


def coverage(classifier: nn.Module, images: Iterable[UInt8[Tensor, "n 3 h w"]]) -> dict[str, Any]:
    """Modes and KL of batches of stacks."""
    numbers = torch.cat([classify(classifier, batch) for batch in images])
    modes, kl = mode_coverage(numbers, MODES)
    often = torch.bincount(numbers, minlength=MODES) * 10 * MODES >= len(numbers)
    return {
        "samples": len(numbers),
        "modes": modes,
        "modes_above_tenth": int(often.sum()),
        "kl_to_uniform": round(kl, 5),
        "kl_to_data": round(mode_coverage(numbers, MODES, shares_of_numbers()).kl, 5),
    }


def classify(classifier: nn.Module, stacks: UInt8[Tensor, "n 3 h w"]) -> Int64[Tensor, " n"]:
    """The number that each stack is taken for."""
    found = digits.classify(classifier, digits.channels_as_digits(stacks))
    return numbers_of(rearrange(found, "(n c) -> n c", c=3))


def shares_of_numbers() -> Tensor:
    """How often each number comes up: MNIST has more ones than fives."""
    shares = torch.tensor(DIGIT_COUNTS, dtype=torch.float64)
    return rearrange(einsum(shares, shares, shares, "r, g, b -> r g b"), "r g b -> (r g b)")


def painted_images(G: Any, count: int) -> Iterator[UInt8[Tensor, "n 3 h w"]]:
    """Images of the seeds 0, 1, 2 …, each with noise of its own."""
    for start in range(0, count, AT_ONCE):
        images = generate(G, seeds=range(start, min(start + AT_ONCE, count)), noise_mode="random")
        yield rearrange([torch.from_numpy(image) for image in images], "n h w c -> n c h w")


def real_images(path: Path, count: int) -> Iterator[UInt8[Tensor, "n 3 h w"]]:
    """The first images of an archive."""
    dataset = ImageDataset(path)
    for start in range(0, min(count, len(dataset)), AT_ONCE):
        yield torch.stack([dataset[i][0] for i in range(start, min(start + AT_ONCE, count, len(dataset)))])


if __name__ == "__main__":
    main()
