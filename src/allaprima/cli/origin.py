"""allaprima origin: where pictures come from, as far as their files and their pixels say."""

import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from allaprima.origin import Origin, Statement, Verdict

SMALLEST = 1e-300  # what is below is said to be below


def metadata_option() -> Callable[[Any], Any]:
    """``--no-metadata``."""
    return click.option(
        "--no-metadata",
        "metadata",
        is_flag=True,
        flag_value=False,
        default=True,
        help="Files say nothing of their origin.",
    )


def watermark_option() -> Callable[[Any], Any]:
    """``--watermark``."""
    return click.option("--watermark", is_flag=True, help="Mark the pixels invisibly, for `allaprima origin` to find.")


def require_room(height: int, width: int) -> None:
    """Raise `ConfigError` for pictures that have no room for the mark; warn of those that have little."""
    from allaprima.origin import require_room_for_mark, warning_of_size

    require_room_for_mark(height, width)
    if warning := warning_of_size(height, width):
        click.echo(f"allaprima: {warning}", err=True)


def origin_of(
    *networks: Any, truncation: str, class_name: str | None, label: dict[str, Any], seed: str | None = None
) -> "Origin":
    """What the files of these networks' pictures say of themselves.

    Args:
        networks: The generators; several of a film from model to model.
        truncation: As it was given.
        class_name: As it was given.
        label: What it means, see `allaprima.cli.label.label_of`.
        seed: One or more, where they are not said of each picture.
    """
    from allaprima.metrics.detector import hash_of
    from allaprima.origin import Origin

    return Origin(
        model_sha256=", ".join(map(hash_of, networks)),
        seed=seed,
        truncation=truncation.strip(),
        label=class_name if label.get("class_index") is None else label["class_index"],
    )


@click.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="FILE...")
@click.option(
    "--size", metavar="HEIGHTxWIDTH", help="Bring pictures to the size at which they were painted, and look there."
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object for each file.")
def origin(files: tuple[Path, ...], size: str | None, as_json: bool) -> None:
    """Say of each FILE what its metadata tell of its origin, and whether its pixels have the watermark.

    \b
    Examples:
      allaprima origin out/seed0007.png downloaded.jpg
      allaprima origin smaller.jpg --size 512x512

    Metadata are what somebody wrote: they can be removed or invented. The watermark is found with at most one false
    alarm in a million pictures that have none; that it is not found proves nothing. Exit status 2 if a file could not
    be read.
    """  # noqa: D301  click reads the backspace
    from allaprima.errors import DataError
    from allaprima.interchange.records import printable
    from allaprima.origin import read_statement

    wanted = size_of(size)
    failed = False
    for path in files:
        try:
            statement, verdict = read_statement(path), verdict_of(path, wanted)
        except DataError as error:
            click.echo(f"allaprima: {printable(str(error), 1000)}", err=True)
            failed = True
            continue
        click.echo(as_line(path, statement, verdict) if as_json else f"{path}: {told(statement)}; {found(verdict)}")
    if failed:
        sys.exit(2)


def size_of(text: str | None) -> tuple[int, int] | None:
    """Height and width. Raises `ConfigError`."""
    from allaprima.errors import ConfigError

    if text is None:
        return None
    match = re.fullmatch(r"\s*([1-9]\d{0,4})\s*[x×X]\s*([1-9]\d{0,4})\s*", text)
    if match is None:
        raise ConfigError(f"{text!r} is no size: give height and width, as 512x512")
    return int(match[1]), int(match[2])


def verdict_of(path: Path, size: tuple[int, int] | None) -> "Verdict":
    """What the pixels say. Raises `DataError`."""
    from PIL import Image

    from allaprima.images import read_image
    from allaprima.images.png import to_array
    from allaprima.origin import look_for_mark

    picture = read_image(path)
    if size is not None and size != (picture.height, picture.width):
        picture = picture.resize((size[1], size[0]), Image.Resampling.BICUBIC)
    return look_for_mark(to_array(picture))


def told(statement: "Statement") -> str:
    """What a file's metadata say, in words."""
    from allaprima.interchange.records import printable

    parts = []
    if statement.is_synthetic:
        parts.append("says it is synthetic")
    elif statement.source is not None:
        parts.append(f"says its digital source is {printable(statement.source)}")
    if statement.software is not None:
        parts.append(f"made by {printable(statement.software)}")
    if statement.is_ours:
        parts += [f"{name.lower()} {printable(text)}" for name, text in statement.words.items()]
    return ", ".join(parts) or "says nothing of its origin"


def found(verdict: "Verdict") -> str:
    """What the pixels say, in words."""
    if verdict.projections == 0:
        return "nothing in it could hold a watermark"
    p = verdict.p_value
    chance = f"p < {SMALLEST:g}" if p < SMALLEST else f"p = {p:.2g}"
    return f"watermark {'found' if verdict.is_marked else 'not found'} ({chance})"


def as_line(path: Path, statement: "Statement", verdict: "Verdict") -> str:
    """Both as JSON."""
    import json

    return json.dumps(
        {
            "file": str(path),
            "digital_source_type": statement.source,
            "software": statement.software,
            "words": statement.words,
            "watermark": verdict.is_marked,
            "p_value": verdict.p_value,
            "agreement": round(verdict.agreement, 4),
            "projections": verdict.projections,
        }
    )
