"""Opening a run directory: a new training, or one that goes on exactly where it stopped."""

import dataclasses
import platform
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from allaprima.checkpoint import load_networks
from allaprima.data import ImageDataset, open_images
from allaprima.errors import ConfigError, RunError
from allaprima.ops.minibatch_std import actual_group
from allaprima.processes import ALONE, Processes
from allaprima.training.directory import RunDirectory
from allaprima.training.fields import from_json
from allaprima.training.recipe import Recipe, decide
from allaprima.training.run import Run, choose_precision, start
from allaprima.training.state import restore_newest, share_state
from allaprima.training.transfer import transfer
from allaprima.version import __version__

FORMAT_VERSION = 1
FREE_FIELDS = ("kimg", "tick", "snap", "workers", "checkpointing")  # may differ when a run goes on


@dataclass(slots=True, kw_only=True)
class Session:
    """A run with its data and its directory, ready to be trained.

    Attributes:
        run: The training.
        dataset: Its images.
        directory: Its files.
        provenance: Facts that its model files will carry.
        notes: Sentences for the user about what was found.
    """

    run: Run
    dataset: ImageDataset
    directory: RunDirectory
    provenance: dict[str, Any]
    notes: list[str]


def decide_for(recipe: Recipe, dataset: ImageDataset, device: torch.device) -> Recipe:
    """The recipe with every open field chosen for the images of ``dataset``, on ``device``. Raises `ConfigError`."""
    decided = decide(recipe, height=dataset.height, width=dataset.width)
    return dataclasses.replace(decided, precision=choose_precision(decided.precision, device))


def open_session(
    data: str | Path,
    path: Path,
    recipe: Recipe | None,
    *,
    device: torch.device,
    init_from: str | Path | None = None,
    processes: Processes = ALONE,
) -> Session:
    """Open the run at ``path`` for the images at ``data``.

    Of several processes all read the images, but the first alone reads and writes the run directory.

    Args:
        data: Archive, folder, or anything else that `allaprima.data.open_images` opens.
        path: Run directory; a new one is made, one with a state is gone on with.
        recipe: None takes the one that the run was started with.
        device: Where to train.
        init_from: Model whose weights a new run begins with, as far as they fit; one that goes on has its own.
        processes: Those that share the training.

    Raises:
        ModelFileError: ``init_from`` cannot be read.
        DataError: The images cannot be read.
        ConfigError: The recipe cannot work with them.
        RunError: The directory is of another kind, or its run was started with other data or another recipe.
        OutputError: The directory cannot be written.
    """
    directory = RunDirectory(path)
    config = processes.of_first(lambda: _stored_config(directory))
    stored = None if config is None else stored_recipe(path, config)
    wanted = recipe or stored
    if wanted is None:
        raise ConfigError("a new run needs a recipe")
    dataset = processes.each(lambda: open_dataset(data, wanted))
    decided = processes.of_first(lambda: decide_for(wanted, dataset, device))
    require_even_shares(decided, processes)
    facts = processes.of_first(lambda: describe(dataset))
    if config is not None and stored is not None:
        if wanted.precision == "auto":
            decided = dataclasses.replace(decided, precision=stored.precision)
        if wanted.cond == stored.cond and config["data"]["fingerprint"] != facts["fingerprint"]:
            raise RunError(
                f"{path} was trained on other images ({config['data']['name']}, {config['data']['images']} images)"
                f" than {data}: give those, or another run directory"
            )
        refuse_changes(path, stored, decided)
    run = start(
        decided,
        height=dataset.height,
        width=dataset.width,
        channels=dataset.num_channels,
        label_table=dataset.label_table(),
        device=device,
        processes=processes,
    )
    run.halvings = 0 if config is None else int(config.get("halvings", 0))
    new = config is None
    wish = new_config(decided, facts) | {"init_from": None if init_from is None else str(init_from)} if new else None
    begins_from = init_from if new else None
    notes = processes.of_first(lambda: _fill(run, directory, wish, begins_from)) + group_notes(run)
    share_state(run)
    parent = begins_from if config is None else config.get("init_from")
    provenance: dict[str, Any] = {"data": facts, "recipe": dataclasses.asdict(decided)}
    if parent:
        provenance["parent"] = str(parent)
    return Session(run=run, dataset=dataset, directory=directory, provenance=provenance, notes=notes)


def _stored_config(directory: RunDirectory) -> dict[str, Any] | None:
    """The configuration of a run to go on with. Raises `RunError` if the directory is of another kind."""
    config = directory.config()
    if config is None:
        refuse_foreign(directory.path)
        return None
    return config if directory.is_begun() else None  # if it stopped before anything was trained, the run is new


def _fill(run: Run, directory: RunDirectory, config: dict[str, Any] | None, init_from: str | Path | None) -> list[str]:
    """Prepare the directory, write the ``config`` of a new run, and put into ``run`` what it goes on from."""
    origin = None if init_from is None else load_networks(init_from)
    directory.prepare()
    if config is not None:
        directory.write_config(config)
    notes = restore_newest(run, directory.states)
    if origin is not None:
        notes += transfer(run, origin)
    directory.forget_after(run.images_seen / 1000)
    return notes


def require_even_shares(recipe: Recipe, processes: Processes) -> None:
    """Raise `ConfigError` unless every process gets as many images of a batch."""
    assert recipe.batch is not None
    for batch in (recipe.batch, *(batch for _, batch in recipe.batch_by_res)):
        if batch % processes.count:
            raise ConfigError(
                f"a batch of {batch} images cannot be shared evenly by {processes.count} processes:"
                f" set batch to a multiple of {processes.count}"
            )


def group_notes(run: Run) -> list[str]:
    """What to say where several processes make the groups of the minibatch standard deviation smaller."""
    size = actual_group(run.batch_gpu, run.recipe.mbstd_group)
    if run.processes.count == 1 or size == actual_group(run.batch, run.recipe.mbstd_group):
        return []
    return [
        f"the minibatch standard deviation compares {size} images, not {run.recipe.mbstd_group}: with"
        f" {run.processes.count} processes no more go through the networks at once, and groups do not cross processes"
    ]


def open_dataset(data: str | Path, recipe: Recipe) -> ImageDataset:
    """The images at ``data`` as ``recipe`` wants to see them. Raises `DataError`."""
    return open_images(
        data,
        use_labels=recipe.cond,
        mirror=recipe.mirror,
        yflip=recipe.yflip,
        holdout=recipe.holdout,
        seed=recipe.seed,
    )


def recipe_of(path: Path) -> Recipe | None:
    """The recipe that the run at ``path`` was started with; None if there is none to go on with. Raises `RunError`."""
    directory = RunDirectory(path)
    config = directory.config()
    return stored_recipe(path, config) if config is not None and directory.is_begun() else None


def refuse_foreign(path: Path) -> None:
    """Raise `RunError` if ``path``, which has no config.json, holds anything but what a killed start leaves."""
    if path.is_file():
        raise RunError(f"{path} is a file, but a run is kept in a directory: give another name")
    if path.is_dir() and any(
        not (p.name.startswith(".") or (p.is_dir() and not any(p.iterdir()))) for p in path.iterdir()
    ):
        raise RunError(f"{path} is not empty and holds no run (no config.json): give another directory")


def describe(dataset: ImageDataset) -> dict[str, Any]:
    """What a run remembers of its data."""
    return {
        "name": dataset.name,
        "fingerprint": dataset.fingerprint(),
        "images": len(dataset.names),
        "shape": list(dataset.image_shape),
        "label_dim": dataset.label_dim,
    }


def new_config(recipe: Recipe, facts: dict[str, Any]) -> dict[str, Any]:
    """What config.json holds."""
    return {
        "format_version": FORMAT_VERSION,
        "allaprima_version": __version__,
        "torch_version": torch.__version__,
        "machine": platform.platform(),
        "data": facts,
        "recipe": dataclasses.asdict(recipe),
    }


def stored_recipe(path: Path, config: dict[str, Any]) -> Recipe:
    """The recipe in config.json, whose other entries are looked for too. Raises `RunError`."""
    try:
        if config["format_version"] > FORMAT_VERSION:
            raise RunError(f"{path} was made by a newer allaprima: please install that one")
        _ = [config["data"][key] for key in ("name", "fingerprint", "images")]
        return from_json(Recipe, config["recipe"])
    except KeyError as error:
        raise RunError(f"{path / 'config.json'} is not a run's configuration: it has no {error}") from error
    except (AttributeError, TypeError, ConfigError) as error:
        raise RunError(f"{path / 'config.json'} is not a run's configuration: {error}") from error


def refuse_changes(path: Path, stored: Recipe, wanted: Recipe) -> None:
    """Raise `RunError` if a field that shapes the training differs."""
    for field in dataclasses.fields(Recipe):
        before, now = getattr(stored, field.name), getattr(wanted, field.name)
        if field.name not in FREE_FIELDS and before != now:
            raise RunError(
                f"{path} was started with {field.name}={before}, this command says {now}:"
                " repeat its settings to go on with it, or give another run directory"
            )
