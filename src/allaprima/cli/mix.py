"""allaprima mix: sheets and films of mixed styles."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click

from allaprima.cli.device import choose_device, device_option
from allaprima.cli.origin import metadata_option, origin_of
from allaprima.cli.truncation import truncation_of, truncation_option

if TYPE_CHECKING:
    from allaprima.origin import Origin

FRAMES_PER_SECOND = 30
FILMS = (".mp4", ".m4v", ".webm", ".gif", ".apng")


@click.command()
@click.argument("model")
@click.argument("out", type=click.Path(path_type=Path))
@click.option("--rows", default="0-3", show_default=True, help="Seeds of the rows, which give all other styles.")
@click.option("--columns", default="8-13", show_default=True, help="Seeds of the columns, which give --layers.")
@click.option(
    "--layers",
    multiple=True,
    help="coarse, middle, fine, numbers (0-3,7) or names (b16.conv0); repeatable.  [default: each depth there is]",
)
@truncation_option()
@click.option("--class", "class_name", help="Class to paint, by number or name, as in `allaprima generate`.")
@click.option(
    "--seconds",
    type=click.FloatRange(min=0, min_open=True),
    default=2.0,
    show_default=True,
    help="Of a film, from one column to the next.",
)
@metadata_option()
@device_option()
def mix(
    model: str,
    out: Path,
    rows: str,
    columns: str,
    layers: tuple[str, ...],
    truncation: str,
    class_name: str | None,
    seconds: float,
    metadata: bool,
    device_name: str,
) -> None:
    """Paint images with some layers in the style of one seed and the others in that of another.

    \b
    Examples:
      allaprima mix emoji-64 mixed                        one sheet each: coarse.png, middle.png, fine.png
      allaprima mix emoji-64 sheet.png --layers coarse --rows 0-3 --columns 8-13
      allaprima mix emoji-64 film.mp4 --layers b16.conv0,b16.conv1 --truncation 0.7

    OUT is a directory, a .png with all sheets under one another, or a film (.mp4, .webm, .gif, .apng) in which the
    chosen layers walk from column to column and back to the first.
    """  # noqa: D301  click reads the backspace
    from allaprima.checkpoint import load_networks
    from allaprima.cli.label import label_of
    from allaprima.errors import ConfigError
    from allaprima.generation import parse_seeds
    from allaprima.latents.layer_choice import depths_of
    from allaprima.latents.mixing import require_several_styles

    sources = {"rows": parse_seeds(rows), "columns": parse_seeds(columns)}
    kind = kind_of_output(out)
    if kind == "film" and len(layers) > 1:
        raise ConfigError("a film shows one choice of layers: give --layers once, its parts joined by commas")
    networks = load_networks(model, roles=("G_ema",), device=choose_device(device_name))
    G = networks.G_ema
    require_several_styles(G)
    label = label_of(class_name, networks.class_names)
    how: dict[str, Any] = {**sources, **label, **truncation_of(truncation, G, label)}
    chosen = list(layers) or list(depths_of(G))
    origin = None
    if metadata:
        origin = origin_of(
            G, truncation=truncation, class_name=class_name, label=label, seed=f"rows {rows}, columns {columns}"
        )
    if kind == "film":
        film(G, out, chosen[0], how, seconds, origin)
    else:
        sheets(G, out, chosen, how, origin, one_picture=kind == "picture")


def kind_of_output(out: Path) -> Literal["directory", "picture", "film"]:
    """What to write, as the name says. Raises `ConfigError`."""
    from allaprima.errors import ConfigError

    suffix = out.suffix.lower()
    if suffix in FILMS:
        return "film"
    if suffix == ".png":
        return "picture"
    if suffix and not out.is_dir():
        raise ConfigError(f"{out} can be a directory, a .png or a film ({', '.join(FILMS)}), but no {suffix} file")
    return "directory"


def sheets(
    G: Any, out: Path, chosen: list[str], how: dict[str, Any], origin: "Origin | None", *, one_picture: bool
) -> None:
    """Write one sheet for each choice of layers, or all of them as one picture."""
    import numpy as np

    from allaprima.files import make_directory
    from allaprima.images import caption, write_png
    from allaprima.latents.mixing import mix as mix_styles

    pages = {}
    for layers in chosen:
        mixed = mix_styles(G, layers=layers, **how)
        pages[layers] = caption(mixed.sheet(), f"{layers} layers from above, all others from the left")
    if one_picture:
        make_directory(out.parent)
        write_png(out, np.concatenate(list(pages.values())), texts=texts_of(origin, ", ".join(chosen)))
        click.echo(f"mixed {len(how['rows'])} × {len(how['columns'])} images ({', '.join(chosen)}) into {out}")
        return
    make_directory(out)
    for layers, page in pages.items():
        write_png(out / f"{layers}.png", page, texts=texts_of(origin, layers))
    names = ", ".join(f"{layers}.png" for layers in pages)
    click.echo(f"mixed {len(how['rows'])} × {len(how['columns'])} images into {out}: {names}")


def texts_of(origin: "Origin | None", layers: str) -> dict[str, str] | None:
    """The texts of a sheet on which these layers are mixed."""
    return replace(origin, more={"Mixed layers": layers}).texts() if origin else None


def film(G: Any, out: Path, layers: str, how: dict[str, Any], seconds: float, origin: "Origin | None") -> None:
    """Write a film."""
    from allaprima.cli import filming
    from allaprima.files import make_directory
    from allaprima.latents.mixing import mixing_film

    per_column = max(1, round(seconds * FRAMES_PER_SECOND))
    frames = mixing_film(G, layers=layers, frames_per_column=per_column, **how)
    make_directory(out.parent)
    count = filming.film(
        out, frames, per_column * len(how["columns"]), fps=FRAMES_PER_SECOND, texts=texts_of(origin, layers)
    )
    click.echo(f"filmed {layers} layers in {count} frames: {out}")
