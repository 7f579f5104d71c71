"""allaprima convert: the same model in another size, with other channels, or in a smaller file."""

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from allaprima.checkpoint import Networks


@click.command()
@click.argument("model")
@click.argument("out", type=click.Path(path_type=Path))
@click.option("--size", type=click.IntRange(min=1), help="Height and width in pixels.")
@click.option("--height", type=click.IntRange(min=1), help="Height alone.")
@click.option("--width", type=click.IntRange(min=1), help="Width alone.")
@click.option(
    "--doublings", type=click.IntRange(min=0), help="Of StyleGAN2's base grid, to paint things larger or smaller."
)
@click.option("--channels", type=click.IntRange(1, 4), help="1 gray, 2 gray with alpha, 3 RGB, 4 RGB with alpha.")
@click.option("--strip", is_flag=True, help="Keep the generator that paints (G_ema) alone.")
@click.option("--half", is_flag=True, help="Store weights in 16 bits: half the file.")
def convert(
    model: str,
    out: Path,
    size: int | None,
    height: int | None,
    width: int | None,
    doublings: int | None,
    channels: int | None,
    strip: bool,
    half: bool,
) -> None:
    """Write MODEL to OUT in another form.

    \b
    Examples:
      allaprima convert runs/flowers flowers.safetensors --strip --half
      allaprima convert emoji-64 larger.safetensors --size 128
      allaprima convert emoji-64 narrow.safetensors --height 64 --width 48 --channels 3

    MODEL is a bundled name, a model file, a directory or a run directory. A larger model paints the same images, only
    larger, and is meant to be trained on (allaprima train --init-from OUT). What loses its alpha lies over black.
    """  # noqa: D301  click reads the backspace
    import torch

    from allaprima.checkpoint import load_networks, save
    from allaprima.errors import ConfigError

    if size is not None and (height is not None or width is not None):
        raise ConfigError("give --size, or --height and --width, not both")
    if not (size or height or width or channels or strip or half or doublings is not None):
        raise ConfigError("say what to convert: --size, --height, --width, --channels, --strip or --half")
    networks = load_networks(model)
    if strip:
        networks = dataclasses.replace(networks, G=None, D=None)
    before = networks.spec
    networks, notes = reshaped(networks, height=size or height, width=size or width, doublings=doublings)
    if channels is not None:
        networks = recoloured(networks, channels)
    after = networks.spec
    done = {"from": shape(before), "to": shape(after), "strip": strip, "half": half}
    told = {"parent": model, "conversions": [*networks.provenance.get("conversions", []), done]}
    save(networks, out, provenance=told, dtype=torch.float16 if half else None)
    for note in notes:
        click.echo(note)
    click.echo(f"converted {model} ({shape(before)}) into {out} ({shape(after)})")


def reshaped(
    networks: "Networks", *, height: int | None, width: int | None, doublings: int | None
) -> "tuple[Networks, list[str]]":
    """All networks in another size, and sentences about what has to be learned first."""
    from allaprima import surgery

    if height is None and width is None and doublings is None:
        return networks, []
    members, notes = {}, []
    for role, network in networks.members().items():
        old = network.spec
        members[role] = new = surgery.with_size(network, height or old.height, width or old.width, doublings=doublings)
        if not surgery.keeps_colours(old, new.spec):
            notes.append(f"{role}: only its finest block knows colours, and that is new: train it first")
    return dataclasses.replace(networks, **members), notes


def recoloured(networks: "Networks", channels: int) -> "Networks":
    """All networks with other channels."""
    from allaprima import surgery

    members: dict[str, Any] = {
        role: surgery.with_channels(network, channels) for role, network in networks.members().items()
    }
    return dataclasses.replace(networks, **members)


def shape(spec: Any) -> str:
    """Height, width and channels of images."""
    return f"{spec.height}×{spec.width}×{spec.img_channels}"
