"""allaprima inspect: what a dataset holds, before anyone trains on it."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click
from tqdm import tqdm

from allaprima.data.diversity import in_words
from allaprima.data.doctor import Report
from allaprima.data.doctor import inspect as examine_dataset
from allaprima.data.sources import open_source

LISTED = 5
"""Sizes, groups and broken files that are named one by one."""


@click.command()
@click.argument("data", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print everything as JSON.")
def inspect(data: Path, as_json: bool) -> None:
    """Say what DATA holds: sizes, modes, rotation, alpha, labels, duplicates, broken files, diversity.

    \b
    Examples:
      allaprima inspect flowers.zip
      allaprima inspect photos --json > report.json

    DATA is anything that `allaprima dataset` reads. Nothing is changed.
    """  # noqa: D301  click reads the backspace
    source = open_source(data)
    with tqdm(unit=" images", desc="looking", disable=None) as bar:

        def show(done: int, total: int | None) -> None:
            bar.total = total
            bar.update(done - bar.n)

        report = examine_dataset(source, show)
    click.echo(json.dumps(as_plain(report), indent=2) if as_json else "\n".join(as_lines(report)))


def as_plain(report: Report) -> dict[str, Any]:
    """Turn a report into what JSON can hold."""
    plain = asdict(report)
    plain["path"] = str(report.path)
    plain["sizes"] = {f"{height}x{width}": count for (height, width), count in report.sizes.items()}
    return plain | {"is_ready": report.is_ready}


def as_lines(report: Report) -> list[str]:
    """Write a report for people."""
    sizes = {f"{height}×{width}": count for (height, width), count in report.sizes.items()}
    lines = [
        f"{report.path}: {report.num_images:,} images ({report.kind})",
        f"  size        {_counts(sizes)}",
        f"  mode        {_counts(report.modes)}" + _in_files(report),
        f"  alpha       {_counts(report.alpha)}",
        f"  labels      {_counts(report.labels) if report.labels else 'none'}" + _unlabelled(report),
        f"  rotated     {report.rotated:,} by EXIF" + (" (turned upright when read)" if report.rotated else ""),
        f"  duplicates  {_groups(report.exact)} exact, {_groups(report.near)} near",
        *_examples("the same", report.exact),
        *_examples("alike", report.near),
        f"  broken      {len(report.broken):,}",
        *[f"              {broken.name}: {broken.reason}" for broken in report.broken[:LISTED]],
        f"  diversity   {report.diversity:.2f} ({in_words(report.diversity)})",
    ]
    if report.colourless and report.colourless == report.num_images:
        lines.append("  note        all are gray though stored as colours: --channels 1 leaves no colours to learn")
    lines += [f"  advice      {reason}" for reason in report.advice.reasons]
    return [*lines, f"  {_next_step(report)}"]


def _next_step(report: Report) -> str:
    if report.is_ready:
        return report.advice.command(str(report.path))
    height, width = next(iter(report.sizes))
    size = f" --height {height} --width {width}" if len(report.sizes) > 1 else ""
    channels = {"L": 1, "LA": 2, "RGB": 3, "RGBA": 4}[next(iter(report.modes))]
    mode = f" --channels {channels}" if len(report.modes) > 1 else ""
    return f"first make an archive: allaprima dataset {report.path} OUT.zip{size}{mode}"


def _counts(counts: Mapping[str, int]) -> str:
    shown = [f"{name} ({count:,})" for name, count in list(counts.items())[: 2 * LISTED]]
    rest = len(counts) - len(shown)
    return ", ".join(shown) + (f" and {rest} others" if rest else "")


def _in_files(report: Report) -> str:
    return (
        f"; in the files {_counts(report.file_modes)}"
        if report.file_modes != report.modes and report.file_modes
        else ""
    )


def _unlabelled(report: Report) -> str:
    return f"; {report.unlabelled:,} without" if 0 < report.unlabelled < report.num_images else ""


def _groups(groups: list[list[str]]) -> str:
    return f"{sum(len(group) - 1 for group in groups):,} in {len(groups):,} groups" if groups else "0"


def _examples(word: str, groups: list[list[str]]) -> list[str]:
    return [
        f"              {word}: {', '.join(group[:3])}{' …' if len(group) > 3 else ''}" for group in groups[:LISTED]
    ]
