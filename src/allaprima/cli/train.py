"""allaprima train: from images to a directory of model files."""

import dataclasses
import json
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from allaprima.cli.device import device_option
from allaprima.cli.following import train_on
from allaprima.cli.many_processes import joined_for_training, own_device, start_again_as, told_once

if TYPE_CHECKING:
    from allaprima.metrics.in_training import MetricWatch
    from allaprima.training import Recipe

DEFAULT_RECIPE = "auto"


def list_recipes(context: click.Context, parameter: click.Parameter, wished: bool) -> None:
    """Print a name in each line."""
    if wished and not context.resilient_parsing:
        from allaprima.training import RECIPES

        click.echo("\n".join(RECIPES))
        context.exit()


@click.command()
@click.argument("data")
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
    "--processes",
    "process_count",
    type=click.IntRange(min=1),
    default=1,
    help="Share the training among so many processes of this machine, one for each GPU; torchrun does it for several.",
)
@click.option(
    "--hang-after",
    "hang_minutes",
    type=click.FloatRange(min=0, min_open=True),
    default=30.0,
    show_default=True,
    metavar="MINUTES",
    help="End a process of several that is stuck in one step for so long, and say where.",
)
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
    data: str,
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
    process_count: int,
    hang_minutes: float,
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

    DATA is an archive made by `allaprima dataset`, or a folder of images of one size; shards and addresses serve, too.
    The same command goes on exactly where RUN stopped; Ctrl-C and SIGTERM save first. Any number of processes, here
    (--processes) or by torchrun on many machines, train alike, and a training may go on with another number of them.
    """  # noqa: D301  click reads the backspace
    if process_count > 1 and not dry_run:
        start_again_as(process_count)
    with joined_for_training(hang_minutes) as processes:
        with told_once(processes):
            watch = processes.each(lambda: watch_of(run, data, metrics, patience, weights, device_name))
            recipe = processes.of_first(
                lambda: chosen_recipe(recipe_name, overrides, kimg, run=run, fine_tuned=init_from is not None)
            )
            device = own_device(device_name, processes)
            if dry_run:
                show(data, recipe, device)
                return
            from allaprima.training import open_session

            session = open_session(data, run, recipe, device=device, init_from=init_from, processes=processes)
        train_on(session, watch if processes.is_first else None, on_divergence, hang_minutes)


def watch_of(
    run: Path, data: str, metrics: tuple[str, ...], patience: float | None, weights: Path | None, device_name: str
) -> "MetricWatch":
    """What measures the snapshots. Raises `ConfigError`."""
    from allaprima.errors import ConfigError
    from allaprima.metrics.in_training import MetricWatch, parse_wanted

    if patience is not None and not metrics:
        raise ConfigError("--patience waits for a metric: say which, as --metric fd5k_own@50")
    wanted = [parse_wanted(text) for text in metrics]
    options = ["--device", device_name, *(["--weights", str(weights)] if weights else [])]
    return MetricWatch(run=run, data=data, wanted=wanted, options=options, patience=patience)


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


def show(data: str, recipe: "Recipe", device: object) -> None:
    """Print what a training would be."""
    import torch

    from allaprima.models import count_parameters, outline
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
    sizes = [count_parameters(outline(spec)) for spec in pair]
    click.echo(f"{len(dataset)} images of {height}×{width} pixels, {channels} channels, {dataset.label_dim} labels")
    click.echo(f"generator {sizes[0]:,} parameters, discriminator {sizes[1]:,}")
    found = footprint(decided, **size)
    click.echo(on_device(found, device, held=held_gb(device) + found.weights / GIGABYTE).sentence())
