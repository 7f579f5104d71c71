"""allaprima directions: find them, keep them, paint along them."""

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from allaprima.cli.device import choose_device, device_option
from allaprima.cli.mix import FRAMES_PER_SECOND, kind_of_output
from allaprima.cli.truncation import truncation_of, truncation_option

if TYPE_CHECKING:
    from torch import Tensor

    from allaprima.latents.directions.direction import Direction

FRAMES = 120  # of a film
LATENTS = (".npz", ".npy", ".safetensors")
METHODS = ("sefa", "pca", "boundary", "difference")
MOST_STRENGTHS = 1000


@click.command()
@click.argument("model")
@click.argument("out", type=click.Path(path_type=Path))
@click.option(
    "--method",
    default="sefa",
    show_default=True,
    metavar="METHOD|FILE",
    help="sefa, pca, boundary, difference, or a file of directions; FILE:NAME,NAME for some of them.",
)
@click.option("--count", type=click.IntRange(min=1), default=8, show_default=True, help="How many sefa or pca finds.")
@click.option("--layers", help="coarse, middle, fine, numbers (0-3,7) or names.  [default: all, or the file's own]")
@click.option(
    "--examples",
    nargs=2,
    metavar="POSITIVE NEGATIVE",
    help="Seeds, or files of latents, for boundary and difference. Without: each class against the others.",
)
@click.option("--seeds", default="0-3", show_default=True, help="What to paint: seeds, or a file of latents.")
@click.option("--strength", default="-3..3", show_default=True, help="How far: -3..3, -2,0,2, -1..1..0.25, or one.")
@truncation_option()
@click.option("--class", "class_name", help="Class to paint, by number or name, as in `allaprima generate`.")
@device_option()
def directions(
    model: str,
    out: Path,
    method: str,
    count: int,
    layers: str | None,
    examples: tuple[str, str] | None,
    seeds: str,
    strength: str,
    truncation: str,
    class_name: str | None,
    device_name: str,
) -> None:
    """Find directions in the styles of MODEL, and paint what they do.

    \b
    Examples:
      allaprima directions emoji-64 found                            strips of SeFa's first eight, and a file of them
      allaprima directions emoji-64 found --method pca --layers coarse
      allaprima directions emoji-64 smile --method boundary --examples 1,5,9,12 2,3,7,20
      allaprima directions emoji-64 film.mp4 --method found/directions.safetensors:sefa-2 --seeds 0-7
      allaprima directions emoji-64 moved --method found/directions.safetensors:sefa-2 --strength 2.5

    OUT is a directory, a .png of one sheet, or a film (.mp4, .webm, .gif, .apng) that sways from the largest strength
    to its opposite. With one strength the directory gets the moved images, and latents.safetensors for `allaprima
    generate --latents`. Strength 1 is one standard deviation of random w; for difference it is the whole way: seeds c,
    examples a and b give a - b + c.
    """  # noqa: D301  click reads the backspace
    from allaprima.checkpoint import load_networks
    from allaprima.cli.label import label_of

    strengths, kind = parse_strengths(strength), kind_of_output(out)
    networks = load_networks(model, roles=("G_ema",), device=choose_device(device_name))
    G = networks.G_ema
    label = label_of(class_name, networks.class_names)
    style = {**label, **truncation_of(truncation, G, label)}
    names, ws = styles_of(G, seeds, style)
    if method in METHODS:
        pair = None if examples is None else tuple(styles_of(G, text, label)[1] for text in examples)
        found = find(G, method, count, layers, pair, networks.class_names, label)
    else:
        found = chosen(G, method)
    own = None if method in METHODS else layers
    if kind == "film":
        film(G, out, found, ws, names, max(map(abs, strengths)), own)
    elif kind == "picture":
        picture(G, out, found, ws, names, strengths, own)
    elif len(strengths) == 1:
        images(G, out, found, ws, names, strengths[0], own)
    else:
        pictures(G, out, found, ws, names, strengths, own, is_new=method in METHODS)


def find(
    G: Any,
    method: str,
    count: int,
    layers: str | None,
    examples: Any,
    class_names: list[str] | None,
    label: dict[str, Any],
) -> "list[Direction]":
    """New directions. Raises `LatentError` or `ConfigError`."""
    from allaprima.errors import LatentError
    from allaprima.latents.directions.arithmetic import difference
    from allaprima.latents.directions.boundary import boundary_direction, class_boundaries
    from allaprima.latents.directions.pca import pca
    from allaprima.latents.directions.sefa import sefa

    where = layers or "all"
    if examples is not None and method in ("sefa", "pca"):
        raise LatentError(f"{method} takes no examples: it finds directions by itself")
    match method:
        case "sefa":
            return sefa(G, count, layers=where)
        case "pca":
            return pca(G, count, layers=where, class_index=label.get("class_index"))
        case "boundary" if examples is None:
            return class_boundaries(G, class_names, layers=where)
        case "boundary":
            return [boundary_direction(G, *examples, layers=where)]
    if examples is None:
        raise LatentError("difference needs --examples POSITIVE NEGATIVE: seeds, or files of latents")
    return [difference(G, *examples, layers=where)]


def chosen(G: Any, text: str) -> "list[Direction]":
    """The directions of FILE, or those of FILE:NAME,NAME. Raises `LatentError` or `ModelFileError`."""
    from allaprima.errors import LatentError
    from allaprima.latents.directions.direction_file import read_directions

    path, names = Path(text), ""
    if not path.exists() and ":" in text:
        before, _, names = text.rpartition(":")
        path = Path(before)
    if not path.exists() and path.suffix not in LATENTS:
        raise LatentError(f"there is no method {text!r}: give {', '.join(METHODS)}, or a file of directions")
    every = {direction.name: direction for direction in read_directions(path, G)}
    for name in names.split(",") if names else ():
        if name not in every:
            raise LatentError(f"there is no direction {name!r} in {path}: it holds {', '.join(every)}")
    return [every[name] for name in names.split(",")] if names else list(every.values())


def styles_of(G: Any, text: str, style: dict[str, Any]) -> "tuple[list[str], Tensor]":
    """Names and styles of seeds, or of a file of latents. Raises `LatentError`."""
    from allaprima.generation import parse_seeds, read_latents
    from allaprima.latents.styles import styles_of_seeds

    if Path(text).suffix.lower() in LATENTS:
        ws = read_latents(Path(text), G, **({} if is_plain(style) else style)).to(next(G.parameters()).device)
        return [f"latent {index}" for index in range(len(ws))], ws
    seeds = parse_seeds(text)
    return [f"seed {seed}" for seed in seeds], styles_of_seeds(G, seeds, **style)


def is_plain(style: dict[str, Any]) -> bool:
    """Whether there is neither a class nor a truncation."""
    return not any(style.get(key) is not None for key in ("c", "class_index")) and style.get("truncation_psi", 1) == 1


def parse_strengths(text: str) -> list[float]:
    """Strengths of a text such as ``-3..3``, ``-1..1..0.25``, ``-2,0,2`` or ``1.5``. Raises `LatentError`."""
    from allaprima.errors import LatentError

    number = r"\s*[-+−]?(?:\d+\.?\d*|\.\d+)\s*"
    strengths: list[float] = []
    for part in text.replace("−", "-").split(","):
        match = re.fullmatch(rf"({number}?)(?:\.\.({number}?)(?:\.\.({number}))?)?", part)
        if match is None:
            raise LatentError(f"{text!r} are no strengths: give -3..3, -1..1..0.25, -2,0,2 or 1.5")
        first, last, step = float(match[1]), float(match[2] or match[1]), float(match[3] or 1)
        if step <= 0 or last < first or (last - first) / step >= MOST_STRENGTHS:
            raise LatentError(f"the strengths {part.strip()} must go up in at most {MOST_STRENGTHS} steps")
        strengths += [round(first + step * index, 6) for index in range(int((last - first) / step + 1e-6) + 1)]
    return strengths


def pictures(
    G: Any,
    out: Path,
    found: "list[Direction]",
    ws: "Tensor",
    names: list[str],
    strengths: list[float],
    layers: str | None,
    *,
    is_new: bool,
) -> None:
    """Write the directions, if they are new, a sheet of all of them, and one for each with all the seeds."""
    from allaprima.files import make_directory
    from allaprima.images import caption, write_png
    from allaprima.latents.directions.direction_file import write_directions
    from allaprima.latents.directions.strips import strips

    make_directory(out)
    if is_new:
        write_directions(out / "directions.safetensors", found, G)
    picture(G, out / "directions.png", found, ws[:1], names, strengths, layers)
    for direction in found if len(ws) > 1 else []:
        sheet = strips(G, ws, [direction], names, strengths=strengths, layers=layers)
        write_png(out / f"{file_name(direction.name)}.png", caption(sheet, describe(direction)))
    for direction in found if is_new else []:
        click.echo(describe(direction))


def picture(
    G: Any,
    out: Path,
    found: "list[Direction]",
    ws: "Tensor",
    names: list[str],
    strengths: list[float],
    layers: str | None,
) -> None:
    """Write one sheet: of the first image along each direction, or of all images along the only one."""
    from allaprima.files import make_directory
    from allaprima.images import caption, write_png
    from allaprima.latents.directions.strips import strips

    ws, row_names, title = rows_of_picture(found, ws, names)
    sheet = strips(G, ws, found, row_names, strengths=strengths, layers=layers)
    make_directory(out.parent)
    write_png(out, caption(sheet, title))
    click.echo(f"painted {len(row_names)} strips: {out}")


def rows_of_picture(found: "list[Direction]", ws: "Tensor", names: list[str]) -> "tuple[Tensor, list[str], str]":
    """What each row shows: the styles, their names, and a line under them all."""
    if len(found) == 1:
        return ws, names, describe(found[0])
    return ws[:1], [direction.name for direction in found], f"{names[0]} along each direction"


def images(
    G: Any,
    out: Path,
    found: "list[Direction]",
    ws: "Tensor",
    names: list[str],
    strength: float,
    layers: str | None,
) -> None:
    """Write the images moved along all of ``found``, and their latents."""
    from safetensors.torch import save_file

    from allaprima.files import atomic_path, make_directory
    from allaprima.generation import generate
    from allaprima.images import write_png
    from allaprima.latents.directions.direction import apply_direction

    make_directory(out)
    for direction in found:
        ws = apply_direction(G, ws, direction, strength, layers=layers)
    for name, image in zip(names, generate(G, ws=ws), strict=True):
        kind, number = name.split()
        write_png(out / f"{kind}{int(number):04d}.png", image)
    with atomic_path(out / "latents.safetensors") as path:
        save_file({"ws": ws.cpu().contiguous()}, path)
    called = ", ".join(direction.name for direction in found)
    click.echo(f"moved {len(ws)} images by {strength:g} along {called}: {out}")


def film(
    G: Any,
    out: Path,
    found: "list[Direction]",
    ws: "Tensor",
    names: list[str],
    reach: float,
    layers: str | None,
) -> None:
    """Write a film: of all seeds along one direction, or of the first seed along each."""
    from allaprima.cli import filming
    from allaprima.files import make_directory
    from allaprima.latents.directions.strips import strip_film

    ws, names, _ = rows_of_picture(found, ws, names)
    frames = strip_film(G, ws, found, names, reach=reach, frames=FRAMES, layers=layers)
    make_directory(out.parent)
    count = filming.film(out, frames, FRAMES, fps=FRAMES_PER_SECOND)
    click.echo(f"filmed {len(found)} directions in {count} frames: {out}")


def describe(direction: "Direction") -> str:
    """A line about a direction: what it is called, and how much it means."""
    known = [
        f"{name} {value:.1%}" if value <= 1 else f"{name} {value:.3g}" for name, value in direction.figures.items()
    ]
    guess = " (guessing gives 50%)" if "left-out accuracy" in direction.figures else ""
    return f"{direction.name}: {', '.join(known)}{guess}" if known else f"{direction.name}: {direction.method}"


def file_name(name: str) -> str:
    """A direction's name as one of a file."""
    return re.sub(r"[^\w.-]+", "-", name)[:80] or "direction"
