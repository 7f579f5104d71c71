"""allaprima models: the models that have a name, bundled ones first."""

import json
from typing import Any

import click

COLUMNS = ("name", "architecture", "size", "channels", "classes", "here", "licence", "source")


@click.command()
@click.option("--search", "text", default="", metavar="TEXT", help="Only those in which all words of TEXT occur.")
@click.option("--json", "as_json", is_flag=True, help="Print everything as JSON.")
def models(text: str, as_json: bool) -> None:
    """List the models that have a name: the bundled ones, and known public files.

    \b
    Examples:
      allaprima models --search "ffhq 1024"
      allaprima generate ffhq-1024 --seeds 0-7 --truncation 0.7

    A public file is fetched when its name is first used, and kept in ~/.cache/allaprima (or under $ALLAPRIMA_HOME).
    Without a network, put the file there by hand: --json tells where. Mind the licences.
    """  # noqa: D301  click reads the backspace
    words = text.lower().split()
    rows = [row for row in bundled() if all(word in " ".join(map(str, row.values())).lower() for word in words)]
    rows += public(text)
    click.echo(json.dumps(rows, indent=2, ensure_ascii=False) if as_json else "\n".join(as_lines(rows)))


def bundled() -> list[dict[str, Any]]:
    """What the models that come with the package say of themselves."""
    from allaprima.checkpoint import bundled_names, locate, read_description
    from allaprima.checkpoint.model_card import system_name
    from allaprima.models import spec_from_dict

    rows = []
    for name in bundled_names():
        path = locate(name)
        description = read_description(path)
        spec = spec_from_dict(description["networks"]["G_ema"])
        provenance = description["provenance"]
        rows.append(
            {
                "name": name,
                "aliases": [],
                "architecture": system_name(spec),
                "height": spec.height,
                "width": spec.width,
                "channels": spec.img_channels,
                "labels": spec.c_dim,
                "here": "bundled",
                "licence": provenance.get("licence", "not stated"),
                "source": provenance.get("images", ""),
                "path": str(path),
            }
        )
    return rows


def public(text: str) -> list[dict[str, Any]]:
    """What the catalogue says of the public files in which all words of ``text`` occur."""
    from allaprima.interchange import cache
    from allaprima.interchange.catalogue import CATALOGUE, Entry, find, search

    def row(entry: Entry) -> dict[str, Any]:
        here = "fetched" if cache.original_path(entry).is_file() else "by hand" if entry.url is None else ""
        return {
            "name": entry.name,
            "aliases": [alias for alias in entry.aliases if find(alias) is entry],
            "architecture": entry.architecture,
            "height": entry.height,
            "width": entry.width,
            "channels": entry.channels,
            "labels": entry.labels,
            "here": "converted" if cache.converted_path(entry).is_file() else here,
            "licence": entry.licence,
            "source": entry.source,
            "url": entry.url,
            "format": entry.format,
            "sha256": entry.sha256,
            "note": entry.note,
            "path": str(cache.original_path(entry)),
        }

    return [row(entry) for entry in (search(text) if text else CATALOGUE)]


def as_lines(rows: list[dict[str, Any]]) -> list[str]:
    """Write the table for people: a line for each model, the page of its publisher at the end."""
    if not rows:
        return ["no model of that kind is known: allaprima models lists all"]
    cells = [COLUMNS, *map(_cells, rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    lines = ["  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip() for row in cells]
    missing = sum(row["here"] == "by hand" for row in rows)
    end = "; those to be fetched by hand have no address of their own" if missing else ""
    return [*lines, f"{len(rows)} models{end}"]


def _cells(row: dict[str, Any]) -> tuple[str, ...]:
    name = f"{row['name']} ({row['aliases'][0]})" if row["aliases"] else row["name"]
    size = "?" if row["height"] is None else f"{row['height']}×{row['width']}"
    labels = "?" if row["labels"] is None else str(row["labels"] or "")
    texts = (name, row["architecture"], size, row["channels"], labels, row["here"], row["licence"], row["source"])
    return tuple(" ".join(str(text).split()) for text in texts)
