"""allaprima film: how a training went, as films."""

import sys
from collections.abc import Iterable
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from allaprima.cli.device import choose_device, device_option

if TYPE_CHECKING:
    from allaprima.visuals.film_records import Footage, Sample

FILMS = ("learning", "assessment")
NUM_COMPANY = 31  # real images to choose company from: groups of minibatch statistics are smaller


@click.command()
@click.argument("run", type=click.Path(path_type=Path))
@click.option(
    "--what",
    type=click.Choice([*FILMS, "both"]),
    default="both",
    show_default=True,
    help="learning: the same latents as the generator learns; assessment: images and fakes in the order of the"
    " discriminator's scores.",
)
@click.option("--data", type=click.Path(path_type=Path), help="Archive of the real images, for a film from snapshots.")
@click.option(
    "--from",
    "source",
    type=click.Choice(["auto", "records", "snapshots"]),
    default="auto",
    show_default=True,
    help="What the training kept, or its snapshots; auto: the snapshots if nothing was kept.",
)
@click.option("--seconds", default=20.0, show_default=True, help="Length of a film.")
@click.option("--fps", default=30.0, show_default=True, help="Frames in a second.")
@click.option(
    "--format",
    "suffix",
    type=click.Choice(["mp4", "webm", "gif", "apng"]),
    help="[default: mp4; gif without PyAV, which the extra 'video' brings]",
)
@click.option("--out", type=click.Path(path_type=Path), help="Directory to write to.  [default: RUN]")
@device_option()
def film(
    run: Path,
    what: str,
    data: Path | None,
    source: str,
    seconds: float,
    fps: float,
    suffix: str | None,
    out: Path | None,
    device_name: str,
) -> None:
    """Make films of the training in the run directory RUN: its learning, and its assessment by the discriminator.

    \b
    Examples:
      allaprima film runs/flowers
      allaprima film runs/flowers --what learning --seconds 10 --format gif --out films
      allaprima film runs/old --from snapshots --data flowers.zip

    In the assessment film a disc marks real images. The most real-looking image is at the upper left, and the colour of
    its frame is its score: blue for real-looking, red for generated-looking.
    """  # noqa: D301  click reads the backspace
    from allaprima.cli import filming
    from allaprima.errors import RunError
    from allaprima.files import make_directory
    from allaprima.images.film import check_film
    from allaprima.visuals.timeline import instants

    out = run if out is None else out
    suffix = ("mp4" if find_spec("av") else "gif") if suffix is None else suffix
    names = FILMS if what == "both" else (what,)
    next(instants(1, seconds=seconds, fps=fps))  # a wrong length is told before any work
    if not run.is_dir():
        raise RunError(f"there is no run directory {run}: give the one that 'allaprima train' wrote")
    make_directory(out)
    for name in names:
        check_film(out / f"{name}.{suffix}", fps=fps)
    footage = found(run, data, source, judged="assessment" in names, device=choose_device(device_name))
    if len(footage.moments) < 2:
        raise RunError(f"{run} has one moment of its training to show, and a film needs two: train it further")
    if "assessment" in names and not footage.is_judged:
        if what != "both":
            raise RunError(
                f"the snapshots in {run} hold no discriminator: there is nobody whose scores could be filmed"
            )
        click.echo("the snapshots hold no discriminator: there is no assessment film")
        names = ("learning",)
    for name in names:
        path = out / f"{name}.{suffix}"
        count = filming.film(path, frames_of(name, footage, seconds, fps), round(seconds * fps), fps=fps)
        click.echo(f"{path}: {count} frames")


def found(run: Path, data: Path | None, source: str, *, judged: bool, device: Any) -> "Footage":
    """What the training kept, or what its snapshots paint. Raises `RunError`, `DataError`, `ModelFileError`."""
    from allaprima.errors import RunError
    from allaprima.visuals.film_records import from_snapshots, recorded

    if source != "snapshots":
        footage = recorded(run)
        if footage is not None and (source == "records" or len(footage.moments) > 1):
            click.echo(f"{len(footage.moments)} moments that the training kept")
            return footage
        if source == "records":
            raise RunError(f"{run} has no records for a film: --from snapshots makes it of the snapshots")
    reals = real_images(run, data) if data is not None and judged else None
    if judged and reals is None:
        click.echo("no real images in the film: --data ARCHIVE shows them too")
    with bar("snapshots", "snapshot") as painted:

        def advance(done: int, of: int) -> None:
            painted.total = of
            painted.update(done - painted.n)

        footage = from_snapshots(run, reals=reals, judged=judged, device=device, progress=advance)
    click.echo(f"{len(footage.moments)} moments from snapshots")
    return footage


def real_images(run: Path, data: Path) -> "Sample":
    """Images from all over the data. Raises `DataError`, `RunError`."""
    from allaprima.data import ImageDataset
    from allaprima.training import recipe_of
    from allaprima.training.directory import RunDirectory
    from allaprima.training.session import describe, open_dataset
    from allaprima.visuals.film_records import SAMPLE, Sample
    from allaprima.visuals.ranking import chosen, spread

    recipe, config = recipe_of(run), RunDirectory(run).config()
    if recipe is None or config is None:
        dataset = ImageDataset(data)
    else:
        dataset = open_dataset(data, recipe)
        if describe(dataset)["fingerprint"] != config["data"]["fingerprint"]:
            click.echo(f"these are other images than those that {run} was trained on; they are judged all the same")
    numbers = spread(len(dataset.names), SAMPLE)
    return Sample(
        images=chosen(dataset, numbers),
        labels=dataset.label_table()[numbers],
        company=chosen(dataset, spread(len(dataset.names), NUM_COMPANY)),
    )


def frames_of(name: str, footage: "Footage", seconds: float, fps: float) -> Iterable[Any]:
    """Frames of the film of that name."""
    from allaprima.visuals.assessment_film import assessment_frames
    from allaprima.visuals.learning_film import learning_frames

    return (learning_frames if name == "learning" else assessment_frames)(footage, seconds=seconds, fps=fps)


def bar(name: str, unit: str, total: int | None = None) -> Any:
    """A progress bar on a terminal, and nothing elsewhere."""
    from tqdm import tqdm

    return tqdm(desc=name, unit=unit, total=total, disable=not sys.stderr.isatty(), leave=False)
