"""allaprima import: the published models of other programs, safely."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from allaprima.checkpoint import Networks


@click.command(name="import")
@click.argument("source")
@click.argument("out", type=click.Path(path_type=Path), required=False)
@click.option("--inspect", is_flag=True, help="List what the file holds, module by module, and build nothing.")
@click.option("--half", is_flag=True, help="Store the weights in half precision: half the size.")
@click.option("--painter", is_flag=True, help="Keep the generator that paints (G_ema) alone.")
def import_model(source: str, out: Path | None, inspect: bool, half: bool, painter: bool) -> None:
    """Make a model file of SOURCE: a pickle or PyTorch file of another program, or a name from `allaprima models`.

    \b
    Examples:
      allaprima import stylegan2-cats.pkl cats.safetensors
      allaprima import --inspect unknown.pkl

    Nothing in the file is run. It reads Progressive GAN, StyleGAN, StyleGAN2 and 3 and R3GAN as published by their
    authors, and the StyleGAN2 of rosinality and lucidrains. OUT is a .safetensors file, or a directory for the Hugging
    Face hub; if it is left out, a file of that name here.
    """  # noqa: D301  click reads the backspace
    import torch

    from allaprima import interchange
    from allaprima.checkpoint import Networks, load_networks, locate, save
    from allaprima.errors import OutputError

    path = locate(source)
    if inspect:
        for line in interchange.inspect_file(path):
            click.echo(line)
        return
    target = out or Path(f"{path.stem}.safetensors")
    if out is None and target.exists():
        raise OutputError(f"{target} is there already: say where to write, as in allaprima import {source} OUT")
    if target.exists() and target.samefile(path):
        raise OutputError(f"{target} is the file to be read: give another name to write to")
    networks = load_networks(path)
    if painter:
        networks = Networks(G_ema=networks.G_ema, provenance=networks.provenance, class_names=networks.class_names)
    save(networks, target, dtype=torch.float16 if half else None)
    for line in told(networks, target):
        click.echo(line)


def told(networks: "Networks", target: Path) -> list[str]:
    """What was read, what was not, and where the result is."""
    G = networks.G_ema
    labels = f", {G.c_dim} label numbers" if G.c_dim else ""
    what = networks.provenance.get("format", "model")
    held = ", ".join(networks.members())
    notes = [f"  {note}" for note in networks.provenance.get("notes", [])]
    return [
        f"{what}: {held}; {G.img_height}×{G.img_width}, {G.img_channels} channels{labels}",
        *notes,
        f"wrote {target}",
    ]
