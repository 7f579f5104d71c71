"""allaprima generate --shards: very many images, by as many processes as one likes."""

import hashlib
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from allaprima.cli.device import choose_device
from allaprima.cli.origin import require_room
from allaprima.cli.sharing import Share
from allaprima.cli.truncation import truncation_of
from allaprima.duration import duration
from allaprima.errors import ConfigError, LatentError, OutputError

if TYPE_CHECKING:
    from allaprima.checkpoint import Networks
    from allaprima.generation.batches import Paint
    from allaprima.generation.order import Order
    from allaprima.generation.shards import Step

EACH = "each"


def shard_options() -> Callable[[Any], Any]:
    """``--shards``, ``--shard`` and ``--format``."""

    def decorate(command: Any) -> Any:
        command = click.option(
            "--format", "format_", type=click.Choice(["zip", "tar"]), help="Of the shards.  [default: zip]"
        )(command)
        command = click.option(
            "--shard", metavar="I/N", help="Be the I-th of N processes that fill the shards, from 1/N to N/N."
        )(command)
        return click.option(
            "--shards", type=click.IntRange(min=1), help="Fill so many archives with manifests; see above."
        )(command)

    return decorate


@dataclass(frozen=True, kw_only=True)
class Wish:
    """What the other options of the command say."""

    model: str
    seeds: Sequence[int]
    latents: Path | None
    truncation: str
    cutoff: int | None
    class_name: str | None
    noise: str | None
    metadata: bool
    watermark: bool
    device_name: str


def require_seeds_alone(wish: Wish, *, grid: bool) -> None:
    """Raise `ConfigError` for options that have no meaning for shards."""
    given = {"--latents": wish.latents is not None, "--grid": grid, "--noise saved": wish.noise == "saved"}
    for name, is_given in given.items():
        if is_given:
            raise ConfigError(f"shards are painted from seeds, one image for each: leave {name} out")


def fill_shards(wish: Wish, share: Share, out: Path, *, grid: bool = False) -> None:
    """Paint this process's shards, or those of them that are missing.

    Raises:
        LatentError: A class that the model does not have.
        ConfigError: The images cannot be cut into so many shards, or an option has no meaning for shards.
        OutputError: ``out`` holds other images, or cannot be written.
    """
    import torch

    from allaprima.checkpoint import load_networks
    from allaprima.generation.batches import one_thread
    from allaprima.generation.shards import claim, finish, paint_shards

    require_seeds_alone(wish, grid=grid)
    device = choose_device(wish.device_name, local_rank=share.local_rank)
    networks = load_networks(wish.model, roles=("G_ema",), device=device)
    with one_thread(torch.device(device)):
        order, paint = order_of(wish, share, networks)
        claim(out, order)
        with what_stays(out, order):
            teller = Teller(order, share, out)
            for step in paint_shards(out, order, share.indices, paint, place_of(device)):
                teller.tell(step)
            teller.end(finish(out, order))


def order_of(wish: Wish, share: Share, networks: "Networks") -> tuple["Order", "Paint"]:
    """The order of these options, and what paints its images. Raises `LatentError` or `ConfigError`."""
    from allaprima.cli.generate import require_png
    from allaprima.cli.label import label_of
    from allaprima.generation import generate
    from allaprima.generation.batches import even_batch_size
    from allaprima.generation.order import Order
    from allaprima.metrics.detector import hash_of

    G, names = networks.G_ema, networks.class_names
    require_png(G)
    if wish.watermark:
        require_room(G.img_height, G.img_width)
    each = wish.class_name == EACH and EACH not in (names or [])
    if each and (G.c_dim < 2 or wish.truncation.endswith("@class")):
        raise LatentError("--class each is for models with several classes, and without --truncation @class")
    label = {} if each else label_of(wish.class_name, names)
    options = truncation_of(wish.truncation, G, label) | {"truncation_cutoff": wish.cutoff}
    centres, noise = options.get("centres"), wish.noise or "const"
    order = Order(
        model=wish.model,
        generator_sha256=hash_of(G),
        seeds=wish.seeds,
        shards=share.shards,
        format=share.format,
        batch_size=even_batch_size(G.img_height * G.img_width),
        class_of_all=wish.class_name if "c" in label else label.get("class_index"),
        classes=G.c_dim if each else 0,
        metadata=wish.metadata,
        watermark=wish.watermark,
        options={
            "truncation": options["truncation_psi"] if centres is None else wish.truncation,
            "centres_sha256": None if centres is None else hashlib.sha256(centres.cpu().numpy().tobytes()).hexdigest(),
            "cutoff": wish.cutoff,
            "noise": noise,
        },
    )
    paint = painter(G, options | label, noise, each=each)
    generate(G, seeds=wish.seeds[:1], **label_for(G, wish.seeds[:1], label, each=each))  # refuses wrong labels now
    return order, paint


def painter(G: Any, options: dict[str, Any], noise: Any, *, each: bool) -> "Paint":
    """Seeds → images, as the command without shards paints them."""
    from allaprima.generation import generate
    from allaprima.latents.styles import styles_of_seeds

    def paint(seeds: Sequence[int]) -> Any:
        own = label_for(G, seeds, options, each=each)
        if "centres" in own:
            ws = styles_of_seeds(G, seeds, **own)
            return replace(generate(G, ws=ws, noise_mode=noise, batch_size=len(seeds)), seeds=seeds)  # of the noise
        return generate(G, seeds=seeds, noise_mode=noise, batch_size=len(seeds), **own)

    return paint


def label_for(G: Any, seeds: Sequence[int], options: dict[str, Any], *, each: bool) -> dict[str, Any]:
    """The options, with the classes of these seeds where each has its own."""
    import torch

    return options | {"c": torch.eye(G.c_dim)[[seed % G.c_dim for seed in seeds]]} if each else options


def place_of(device: Any) -> str:
    """What paints, in words: images of another place may differ by one in some pixels."""
    import torch

    if device.type == "cuda":
        machine = torch.cuda.get_device_name(device)
    else:
        machine = f"{device.type} {torch.backends.cpu.get_cpu_capability()}" if device.type == "cpu" else device.type
    return f"{machine}, torch {torch.__version__}"


@contextmanager
def what_stays(out: Path, order: "Order") -> Iterator[None]:
    """Say of whatever ends the work before its time that finished shards stay."""
    from allaprima.generation.shards import finished_shards

    def stay() -> str:
        there = len(finished_shards(out, order))
        return f"{there} of {order.shards} shards are finished in {out} and stay, and the same command goes on"

    try:
        yield
    except OutputError as error:
        raise OutputError(f"{error}: {stay()}") from error
    except KeyboardInterrupt:
        click.echo(f"allaprima: stopped: {stay()}", err=True)
        sys.exit(130)


class Teller:
    """Tells how the work goes: a bar on a terminal, else a line for each shard."""

    def __init__(self, order: "Order", share: Share, out: Path) -> None:
        from tqdm import tqdm

        self.order, self.share, self.out = order, share, out
        self.begun = time.perf_counter()
        self.painted = self.shards = self.kept = self.busy = self.done = 0
        self.total = sum(len(order.seeds_of(index)) for index in share.indices)
        self.bar = tqdm(
            total=self.total, unit="img", disable=not sys.stderr.isatty(), leave=False, position=share.local_rank
        )

    def tell(self, step: "Step") -> None:
        """Of one step."""
        self.done += step.images
        match step.event:
            case "kept":
                self.kept += 1
                self.bar.total -= step.images  # its time is not that of painting
            case "damaged":
                self.bar.clear()
                click.echo(f"{self.out / step.archive} is damaged: it is painted again", err=True)
            case "busy":
                self.busy += 1
                click.echo(f"{step.archive}: another process paints it")
            case "painting":
                self.painted += step.images
                self.bar.update(step.images)
            case "painted":
                self.shards += 1
                if self.bar.disable:
                    left = (self.total - self.done) / self.rate
                    click.echo(f"{step.archive}: {self.rate:.3g} images/s, {duration(left)} to go")

    @property
    def rate(self) -> float:
        """Images painted in a second."""
        return self.painted / max(time.perf_counter() - self.begun, 1e-9)

    def end(self, missing: int) -> None:
        """Say what was done, and what is left to others."""
        from allaprima.generation.shards import MANIFEST

        self.bar.close()
        if self.shards:
            click.echo(f"painted {self.painted:,} images into {self.shards} shards, {self.rate:.3g} images/s")
        if self.kept:
            click.echo(f"{self.kept} shards were there already, and are whole")
        if missing:
            click.echo(f"{missing} of {self.order.shards} shards are still missing in {self.out}")
        else:
            click.echo(f"all {self.order.shards} shards are finished: {self.out / MANIFEST}")
