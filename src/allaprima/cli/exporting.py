"""allaprima export: our models for other programs."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from allaprima.checkpoint import Networks

Writer = Callable[["Networks", Path], list[str]]
"""Writes a model to a path, and gives sentences about what could not be kept."""


@click.command(name="export")
@click.argument("model")
@click.argument("out", type=click.Path(path_type=Path))
@click.option(
    "--format",
    "kind",
    type=click.Choice(["onnx", "program", "names", "rosinality", "hub"]),
    help="What to write, if OUT's ending does not tell.",
)
@click.option("--painter", is_flag=True, help="Write the generator that paints (G_ema) alone.")
def export_model(model: str, out: Path, kind: str | None, painter: bool) -> None:
    """Write MODEL to OUT in a format that other programs read.

    \b
    Examples:
      allaprima export emoji-64 emoji.onnx
      allaprima export runs/faces faces.pth --painter
      allaprima export ffhq-1024 ffhq.pt

    \b
    OUT ends in     format
      .onnx         onnx: one file from z to image; with --format onnx, a directory of
                    mapping.onnx and synthesis.onnx
      .pt2          program: torch.export
      .safetensors  names: weights under the names of the published PyTorch code
      .pth          names, as a file of torch.save
      .pt           rosinality: weights under the names of rosinality's StyleGAN2
      nothing       hub: a directory for the Hugging Face hub, with a model card
    """  # noqa: D301  click reads the backspace
    from allaprima.checkpoint import Networks, load_networks
    from allaprima.errors import ConfigError
    from allaprima.files import remove_leftovers

    chosen = kind or KINDS.get(out.suffix.lower())
    if chosen is None:
        endings = ", ".join(ending for ending in KINDS if ending)
        raise ConfigError(f"{out} does not tell what to write: end it in {endings} or nothing, or give --format")
    networks = load_networks(model)
    if painter:
        networks = Networks(G_ema=networks.G_ema, provenance=networks.provenance, class_names=networks.class_names)
    remove_leftovers(out)
    for sentence in WRITERS[chosen](networks, out):
        click.echo(sentence)
    click.echo(f"wrote {out}")


def write_onnx(networks: "Networks", out: Path) -> list[str]:
    """ONNX of the painter."""
    from allaprima.interchange.exported import export_onnx

    files = export_onnx(networks.G_ema, out)
    return [f"  {file.name}" for file in files] if len(files) > 1 else []


def write_program(networks: "Networks", out: Path) -> list[str]:
    """A program of `torch.export`."""
    from allaprima.interchange.exported import export_program

    export_program(networks.G_ema, out)
    return []


def write_names(networks: "Networks", out: Path) -> list[str]:
    """Published parameter names."""
    from allaprima.interchange.state_dict_file import export_state_dict

    return export_state_dict(networks.members(), out)


def write_rosinality(networks: "Networks", out: Path) -> list[str]:
    """Names of rosinality's program."""
    from allaprima.interchange.rosinality import export_rosinality

    return export_rosinality(networks.members(), out)


def write_hub(networks: "Networks", out: Path) -> list[str]:
    """A directory for the Hugging Face hub."""
    from allaprima.checkpoint.hub import save_pretrained

    save_pretrained(networks, out)
    return []


KINDS = {
    ".onnx": "onnx",
    ".pt2": "program",
    ".safetensors": "names",
    ".pth": "names",
    ".pt": "rosinality",
    "": "hub",
}
WRITERS: dict[str, Writer] = {
    "onnx": write_onnx,
    "program": write_program,
    "names": write_names,
    "rosinality": write_rosinality,
    "hub": write_hub,
}
