"""allaprima train: from images to a directory of model files."""

import dataclasses
import json
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Literal

import click

from allaprima.cli.device import choose_device, device_option

if TYPE_CHECKING:
    from allaprima.metrics.in_training import MetricWatch
    from allaprima.training import Recipe, Report
    from allaprima.training.footprint import Expectation
    from allaprima.training.session import Session

DEFAULT_RECIPE = "auto"


def list_recipes(context: click.Context, parameter: click.Parameter, wished: bool) -> None:
    """Print a name in each line."""
    if wished and not context.resilient_parsing:
        from allaprima.training import RECIPES

        click.echo("\n".join(RECIPES))
        context.exit()


GLANCE = 0.1  # seconds


@click.command()
@click.argument("data", type=click.Path(path_type=Path))
@click.argument("run", type=click.Path(path_type=Path))
@click.option("--recipe", "recipe_name", help="Named starting point; --dry-run shows what is in it. [default: auto]")
@click.option("--set", "overrides", multiple=True, metavar="FIELD=VALUE", help="Change a field of it; repeatable.")
@click.option("--init-from", metavar="MODEL", help="Begin with the weights of this model, as far as they fit.")
@click.option(
    "--on-divergence",
    type=click.Choice(["stop", "rollback"]),
    default="stop",
    show_default=True,
    help="What to do when numbers explode: stop, or go back to the last good snapshot with half the rates.",
)
@click.option("--kimg", type=float, help="Length of the training in thousands of images; fractions are allowed.")
@click.option(
    "--metric",
    "metrics",
    multiple=True,
    metavar="NAME@KIMG",
    help="Measure a snapshot every so many thousand images, beside the training; keep the best. As fd5k_own@50.",
)
@click.option(
    "--patience",
    type=click.FloatRange(min=0, min_open=True),
    metavar="KIMG",
    help="Stop when no --metric has got better for so many thousand images.",
)
@click.option("--weights", type=click.Path(path_type=Path), help="Directory with published weights for --metric.")
@device_option()
@click.option(
    "--list-recipes",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=list_recipes,
    help="Print the names of all recipes, and stop.",
)
@click.option("--dry-run", is_flag=True, help="Print the decided recipe and the networks' sizes, and stop.")
def train(
    data: Path,
    run: Path,
    recipe_name: str | None,
    overrides: tuple[str, ...],
    init_from: str | None,
    on_divergence: Literal["stop", "rollback"],
    kimg: float | None,
    metrics: tuple[str, ...],
    patience: float | None,
    weights: Path | None,
    device_name: str,
    dry_run: bool,
) -> None:
    """Train a generator on the images of DATA and keep everything under RUN.

    \b
    Examples:
      allaprima train flowers.zip runs/flowers --recipe laptop
      allaprima train flowers.zip runs/flowers --recipe laptop --kimg 2000
      allaprima train faces.zip runs/faces --recipe paper256 --set gamma=2
      allaprima train birds.zip runs/birds --init-from runs/flowers --set freezed=10
      allaprima train birds.zip runs/birds --metric fd5k_own@50 --patience 500

    DATA is an archive made by `allaprima dataset`, or a folder of images of one size. The same command goes on exactly
    where RUN stopped; Ctrl-C and SIGTERM save first.
    """  # noqa: D301  click reads the backspace
    from allaprima.training import is_finished, open_session
    from allaprima.training.footprint import expect

    watch = watch_of(run, data, metrics, patience, weights, device_name)
    recipe = chosen_recipe(recipe_name, overrides, kimg, run=run, fine_tuned=init_from is not None)
    device = choose_device(device_name)
    if dry_run:
        show(data, recipe, device)
        return
    session = open_session(data, run, recipe, device=device, init_from=init_from)
    for note in session.notes:
        click.echo(f"allaprima: {note}", err=True)
    if is_finished(session.run):
        seen, wanted = session.run.images_seen / 1000, session.run.recipe.kimg
        click.echo(f"{run} is finished: it has seen {seen:g} of {wanted:g} kimg; a larger --kimg goes on with it")
        return
    verb = "going on" if session.run.step else "starting"
    click.echo(f"{verb} at {session.run.images_seen / 1000:g} kimg with {len(session.dataset)} images on {device}")
    watch.options += ["--mirror"] if session.run.recipe.mirror else []
    expected = expect(session.run)
    end = follow(session, watch, on_divergence, expected)
    if end is not None:
        used_gb = end.memory_gb[-1]
        click.echo(f"memory: {used_gb:.2f} GB at most, of about {expected.peak_gb:.2f} GB that were expected")
    is_open = end is not None and end.stopped
    click.echo(f"run directory: {run}" + (" (the same command goes on)" if is_open else ""))


def follow(
    session: "Session", watch: "MetricWatch", on_divergence: Literal["stop", "rollback"], expected: "Expectation"
) -> "Report | None":
    """Train, and tell what happens; the last report, if there was one."""
    from allaprima.training import fit

    report: Report | None = None
    told = "healthy"
    run = session.run
    with closing(watch), stop_signal() as stop, progress(run.images_seen, run.recipe.kimg) as bar:
        bar.write(expected.sentence())
        for report in fit(
            session,
            on_divergence=on_divergence,
            should_stop=lambda: stop.wished or stop.enough,
            on_step=lambda r: bar.update(r.images_seen),
            expected_gb=expected.peak_gb,
        ):
            bar.write(sentence(report))
            if report.warning:
                bar.write(report.warning)
            if report.verdict and report.verdict.condition != told:  # once, not at every tick
                told = report.verdict.condition
                bar.write(f"the training is {told}: {report.verdict.reason}; {report.verdict.remedy}")
            if report.snapshot:
                watch.add(report.snapshot)
            for line in watch.news():
                bar.write(line)
                stop.enough = watch.wishes_to_stop
        if watch.is_waiting and not stop.wished:
            bar.write("measuring the last snapshots (Ctrl-C leaves that out)")
            last(watch, bar, stop)
        if stop.enough:
            bar.write(f"no metric got better for {watch.patience:g} kimg: stopped")
    return report


def watch_of(
    run: Path, data: Path, metrics: tuple[str, ...], patience: float | None, weights: Path | None, device_name: str
) -> "MetricWatch":
    """What measures the snapshots. Raises `ConfigError`."""
    from allaprima.errors import ConfigError
    from allaprima.metrics.in_training import MetricWatch, parse_wanted

    if patience is not None and not metrics:
        raise ConfigError("--patience waits for a metric: say which, as --metric fd5k_own@50")
    wanted = [parse_wanted(text) for text in metrics]
    options = ["--device", device_name, *(["--weights", str(weights)] if weights else [])]
    return MetricWatch(run=run, data=data, wanted=wanted, options=options, patience=patience)


def last(watch: "MetricWatch", bar: "Bar", stop: "Stop") -> None:
    """Wait for what is not measured yet, but not after Ctrl-C."""
    while watch.is_waiting:
        for line in watch.news():
            bar.write(line)
        if stop.wished:
            bar.write("left out: allaprima evaluate --all-snapshots measures them later")
            return
        time.sleep(GLANCE)


def sentence(report: "Report") -> str:
    """What is printed of a report."""
    if report.note:
        return report.note
    if report.stopped:
        return "stopped, state saved"
    if report.went_back:
        return f"the training diverged: back to {report.kimg:g} kimg, with half the learning rates"
    return report.line()


def chosen_recipe(
    name: str | None, overrides: tuple[str, ...], kimg: float | None, *, run: Path, fine_tuned: bool = False
) -> "Recipe":
    """The recipe of the command line: the one named, else the run's own, else `DEFAULT_RECIPE`; with its changes.

    A new run that begins with a model's weights adapts its augmentation faster and needs no ramps, as in the reference
    tools: ``ada_kimg`` 100, no ``ema_rampup``, no blur.
    """
    from allaprima.errors import ConfigError
    from allaprima.training import RECIPES, recipe_of, with_overrides

    if name is not None and name not in RECIPES:
        raise ConfigError(f"there is no recipe {name!r}; there are {', '.join(RECIPES)}")
    own = recipe_of(run) if name is None else None
    recipe = own or RECIPES[name or DEFAULT_RECIPE]
    if fine_tuned and own is None:
        recipe = dataclasses.replace(recipe, ada_kimg=100.0, ema_rampup=None, blur_init_sigma=0.0)
    recipe = with_overrides(recipe, overrides)
    return recipe if kimg is None else dataclasses.replace(recipe, kimg=kimg)


def show(data: Path, recipe: "Recipe", device: object) -> None:
    """Print what a training would be."""
    import torch

    from allaprima.models import build, count_parameters
    from allaprima.training import decide_for
    from allaprima.training.footprint import footprint, on_device
    from allaprima.training.networks import specs
    from allaprima.training.process_memory import GIGABYTE, held_gb
    from allaprima.training.session import open_dataset

    assert isinstance(device, torch.device)
    dataset = open_dataset(data, recipe)
    decided = decide_for(recipe, dataset, device)
    click.echo(json.dumps(dataclasses.asdict(decided), indent=2))
    channels, height, width = dataset.image_shape
    size = {"height": height, "width": width, "channels": channels, "c_dim": dataset.label_dim}
    pair = specs(decided, **size)
    with torch.device("meta"):
        sizes = [count_parameters(build(spec)) for spec in pair]
    click.echo(f"{len(dataset)} images of {height}×{width} pixels, {channels} channels, {dataset.label_dim} labels")
    click.echo(f"generator {sizes[0]:,} parameters, discriminator {sizes[1]:,}")
    found = footprint(decided, **size)
    click.echo(on_device(found, device, held=held_gb(device) + found.weights / GIGABYTE).sentence())


class Stop:
    """A wish to stop: of the user, or as no metric gets better any more."""

    wished = False
    enough = False


@contextmanager
def stop_signal() -> Iterator[Stop]:
    """Turn the first Ctrl-C or SIGTERM into a wish to stop; a second Ctrl-C stops at once."""
    stop = Stop()

    def wish(number: int, frame: FrameType | None) -> None:
        stop.wished = True
        signal.signal(signal.SIGINT, signal.default_int_handler)

    before = {number: signal.signal(number, wish) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


class Bar:
    """A progress bar on a terminal; plain lines elsewhere."""

    def __init__(self, images_seen: int, kimg: float) -> None:
        from tqdm import tqdm

        self._bar = tqdm(
            total=round(kimg * 1000),
            initial=images_seen,
            unit="img",
            unit_scale=True,
            disable=not sys.stderr.isatty(),
            dynamic_ncols=True,
        )

    def update(self, images_seen: int) -> None:
        """Move to ``images_seen``."""
        self._bar.update(images_seen - self._bar.n)

    def write(self, line: str) -> None:
        """Print ``line`` above the bar."""
        self._bar.clear()
        click.echo(line)
        self._bar.refresh()

    def close(self) -> None:
        """Remove the bar."""
        self._bar.close()


@contextmanager
def progress(images_seen: int, kimg: float) -> Iterator[Bar]:
    """A bar that is removed at the end."""
    bar = Bar(images_seen, kimg)
    try:
        yield bar
    finally:
        bar.close()
