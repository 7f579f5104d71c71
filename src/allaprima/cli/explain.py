"""allaprima explain: a page of pictures that show how a model paints."""

import sys
from pathlib import Path
from typing import Any

import click

from allaprima.cli.device import choose_device, device_option


@click.command()
@click.argument("model")
@click.option("--seeds", default="0-3", show_default=True, help="Seeds of the images to show, eight at most.")
@click.option(
    "--truncation", default=1.0, show_default=True, help="ψ of all pictures: 1 as learned, less for safer images."
)
@click.option("--class", "class_name", help="Class to show, by number or name; a label as in generate.")
@click.option(
    "--data",
    type=click.Path(path_type=Path),
    help="Real images, an archive or a folder: the discriminator judges them, spectra are compared.",
)
@click.option("--only", metavar="NAMES", help="Some sections, joined by commas: layers,noise.  [default: all]")
@click.option("--films/--no-films", default=True, show_default=True, help="Make films too.")
@click.option(
    "--out", type=click.Path(path_type=Path), default=Path("explained"), show_default=True, help="Directory to fill."
)
@device_option()
def explain(
    model: str,
    seeds: str,
    truncation: float,
    class_name: str | None,
    data: Path | None,
    only: str | None,
    films: bool,
    out: Path,
    device_name: str,
) -> None:
    """Show how MODEL paints: one page, OUT/index.html, that holds all of its pictures and films.

    \b
    Examples:
      allaprima explain emoji-64 --out emoji
      allaprima explain runs/flowers --data flowers.zip --seeds 7,12,30-31 --out flowers
      allaprima explain runs/faces --only layers,noise,truncation --no-films

    The sections: layers (the image as a sum), features (what layers hand on), spectra (their frequencies), noise (what
    is left to chance), truncation (from an image to its opposite), crossovers (which layer decides what), interpolation
    (ways between two images), verdicts (the discriminator's eye). MODEL is a bundled name, a model file, a directory or
    a run directory. The pictures and films are also files in OUT.
    """  # noqa: D301  click reads the backspace
    from allaprima import generation
    from allaprima.checkpoint import load_networks
    from allaprima.cli.label import label_of
    from allaprima.data import ImageDataset
    from allaprima.visuals.explain import PAGE, SECTIONS, check_sections
    from allaprima.visuals.explain import explain as write_page

    names = SECTIONS if only is None else tuple(name.strip() for name in only.split(","))
    check_sections(names)
    wanted = generation.parse_seeds(seeds)
    networks = load_networks(model, roles=("G_ema", "D"), device=choose_device(device_name))
    what: dict[str, Any] = {"seeds": wanted, "truncation_psi": truncation, "only": names}
    what |= label_of(class_name, networks.class_names)
    if data is not None:
        what["data"] = ImageDataset(data, use_labels=networks.G_ema.c_dim > 0)
    with Watch(len(set(names))) as watch:
        try:
            page = write_page(networks, out, title=Path(model).name or model, films=films, progress=watch, **what)
        except KeyboardInterrupt:
            if watch.done:
                click.echo(f"stopped; the sections that were done are in {out / PAGE}", err=True)
            raise
    click.echo(f"explained {model} in {page}")


class Watch:
    """A bar of sections with the time that is left."""

    def __init__(self, count: int) -> None:
        from tqdm import tqdm

        self.bar = tqdm(total=count, unit="section", disable=not sys.stderr.isatty(), leave=False)
        self.done = 0

    def __enter__(self) -> "Watch":
        return self

    def __exit__(self, *_: object) -> None:
        self.bar.close()

    def __call__(self, done: int, what: str) -> None:
        """Say how many sections are done, and what is being done now."""
        self.bar.set_description(what)
        self.bar.update(done - self.done)
        self.done = done
