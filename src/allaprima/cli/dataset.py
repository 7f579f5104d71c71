"""allaprima dataset: any images to a dataset archive."""

from pathlib import Path

import click
from tqdm import tqdm

from allaprima.data.convert import ConvertOptions, ConvertReport, convert
from allaprima.data.dataset import describe_shape
from allaprima.data.sources import open_source
from allaprima.data.transform import Fit
from allaprima.errors import ConfigError

LISTED = 20
"""Skipped files that are named one by one."""


@click.command()
@click.argument("source", type=click.Path(path_type=Path))
@click.argument("out", type=click.Path(path_type=Path), metavar="OUT.zip")
@click.option("--size", type=click.IntRange(min=1), help="Make images N×N.", metavar="N")
@click.option("--height", type=click.IntRange(min=1), help="Rows; with --width.", metavar="N")
@click.option("--width", type=click.IntRange(min=1), help="Columns; with --height.", metavar="N")
@click.option("--channels", type=click.IntRange(1, 4), help="1 gray, 2 gray + alpha, 3 RGB, 4 RGBA.", metavar="N")
@click.option(
    "--fit",
    type=click.Choice(["crop", "pad", "stretch", "tile"]),
    default="crop",
    show_default=True,
    help="How images of another shape come to this one.",
)
@click.option(
    "--labels",
    default="auto",
    show_default=True,
    metavar="FILE|folders|none",
    help="A CSV or JSON file, or sub-folders as classes; auto takes what SOURCE brings.",
)
@click.option("--every", type=click.IntRange(min=1), default=1, help="Of a video, take every Nth frame.", metavar="N")
@click.option("--max-images", type=click.IntRange(min=1), help="Take at most N, evenly spread.", metavar="N")
@click.option("--overwrite", is_flag=True, help="Replace OUT.zip if it exists.")
def dataset(
    source: Path,
    out: Path,
    size: int | None,
    height: int | None,
    width: int | None,
    channels: int | None,
    fit: Fit,
    labels: str,
    every: int,
    max_images: int | None,
    overwrite: bool,
) -> None:
    """Make a dataset archive of the images in SOURCE.

    \b
    Examples:
      allaprima dataset photos flowers.zip --size 128 --channels 3
      allaprima dataset photos flowers.zip --height 96 --width 64 --labels folders
      allaprima dataset clip.mp4 frames.zip --every 10 --size 64

    SOURCE is a folder (searched through), a ZIP or tar archive, MNIST idx files, CIFAR, a video or an animation.
    Without a size the images keep their own, if they agree. Files that cannot be read are skipped and listed.
    """  # noqa: D301  click reads the backspace
    if size is not None and (height is not None or width is not None):
        raise ConfigError("--size makes a square: give it alone, or --height and --width")
    options = ConvertOptions(
        height=size or height,
        width=size or width,
        channels=channels,
        fit=fit,
        max_images=max_images,
        overwrite=overwrite,
    )
    opened = open_source(source, labels=labels, every=every)
    with tqdm(unit=" images", desc="reading", disable=None) as bar:

        def show(done: int, total: int | None) -> None:
            bar.total = total
            bar.update(done - bar.n)

        report = convert(opened, out, options, show)
    _print(report)


def _print(report: ConvertReport) -> None:
    for skipped in report.skipped[:LISTED]:
        click.echo(f"skipped {skipped.name}: {skipped.reason.removeprefix(skipped.name).lstrip()}")
    if len(report.skipped) > LISTED:
        click.echo(f"skipped {len(report.skipped) - LISTED} more")
    labels = f"{report.num_classes} classes" if report.num_classes else "no labels"
    click.echo(
        f"{report.path}: {report.num_images:,} images of {describe_shape(report.shape)}, {labels}, "
        f"{len(report.skipped)} skipped"
    )
