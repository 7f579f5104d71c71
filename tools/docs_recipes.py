"""Writes docs/reference/recipes.md: every recipe, what in it differs from ``auto``, and where it comes from.

python tools/docs_recipes.py
"""

import dataclasses
import json
import re
from pathlib import Path
from typing import Any, NamedTuple

from allaprima.training import RECIPES, Recipe

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "reference" / "recipes.md"
MEASURED = ROOT / "docs" / "benchmarks" / "train-recipes.json"
FIRST = "auto"
HEAD = f"""# Recipes

All recipes that `--recipe` knows, generated from them (`python tools/docs_recipes.py`); a test says when this page is
stale. "Differs" is what a recipe sets otherwise than `{FIRST}`, whose fields are all in the first table; what a group
of recipes has in common stands above its table. `none`: chosen from the images' size, or nothing. What the fields mean
is under [`Recipe`][allaprima.training.recipe.Recipe]; [Training](../training.md#recipes) is the short list.

Data and hardware are those that a recipe was published for; it runs on whatever there is. Length is `kimg` in the
tables: thousands of images seen. **No published recipe has been run to its end here**: what they take on their hardware
and what comes out of them stands in their papers, and here only where it is said whose figure it is.
"""
ADA = "Karras et al. 2020b (StyleGAN2-ADA), appendix D, and the configurations released with it"
NOT_MEASURED = "not measured here"
SIZED = "of the size in their names, if any is"
GPUS_8 = "8 GPUs"
PUBLISHED_TIMES = """published with StyleGAN3 (batch 32, seconds for 1,000 images; not measured here):

| size | T: 8 V100, 8 A100 | R: 8 V100, 8 A100 | T: 1 V100, 1 A100 | R: 1 V100, 1 A100 |
|---|---|---|---|---|
| 128² | 11.3, 4.4 | 8.4, 5.7 | 73.7, 27.2 | 58.4, 34.2 |
| 256² | 13.0, 7.3 | 11.9, 8.0 | 89.2, 49.8 | 87.4, 56.7 |
| 512² | 18.5, 12.3 | 20.4, 14.0 | 137, 90 | 159, 110 |
| 1024² | 28.7, 20.0 | 34.1, 23.4 | 222, 157 | 263, 185 |"""
LAPTOP_RESULTS = """[Bundled models](../models.md) shows what `laptop` makes of 64×64 RGBA and 24×24 gray images, and
[The systems, trained](../systems.md) what the others make of the latter: beginnings, of 4,000 to 160,000 images"""


class Group(NamedTuple):
    """Recipes of one origin; what is said of all of them."""

    pattern: str
    heading: str
    source: str
    hardware: str
    data: str
    time: str = NOT_MEASURED
    result: str = NOT_MEASURED


GROUPS = [
    Group("stylegan2|paper.*", "StyleGAN2-ADA's named ones", ADA, GPUS_8, SIZED),
    Group("cifar.*", "CIFAR's", ADA, "2 GPUs", "CIFAR-10, 32²"),
    Group("stylegan2-[a-f]", "StyleGAN2, A to F", "Karras et al. 2020 (StyleGAN2), table 1", GPUS_8, "FFHQ, 1024²"),
    Group(
        "stylegan3-[tr2].*",
        "StyleGAN3",
        "Karras et al. 2021, and the configurations released with it",
        GPUS_8,
        "named after it; else any. Those for MetFaces go on from a model of FFHQ (`--init-from`)",
        PUBLISHED_TIMES,
    ),
    Group(
        "progan-.*",
        "Progressive GAN",
        "Karras et al. 2018, appendix A.1, and the configurations released with it",
        "as many GPUs as named; `progan-v1`: 1",
        "CelebA-HQ, 1024²",
    ),
    Group(
        "stylegan(-.*)?",
        "StyleGAN",
        "Karras et al. 2019, appendix C, and the configurations released with it",
        "as many GPUs as named, else 8",
        "FFHQ, 1024²",
    ),
    Group(
        "r3gan-.*",
        "R3GAN",
        "Huang et al. 2024; the batches are ours",
        "not known here",
        "named after it",
        result="not measured here; the loss alone, in a small network: [Modes](../systems.md#modes)",
    ),
    Group("eps.*", "eps696's fork", "its program's settings", "1 GPU", "any, also images that are not square"),
    Group("rosinality", "rosinality's program", "its settings, for each GPU", "1 GPU or more", "any"),
    Group("laptop.*", "Ours", "ours", "2 processor cores", "up to 64²; sizes in the names", "", LAPTOP_RESULTS),
]
"""The first whose pattern fits a recipe's name counts."""


def text() -> str:
    """The page."""
    first = dataclasses.asdict(RECIPES[FIRST])
    rows = [f"| `{name}` | {_value(value)} |" for name, value in first.items()]
    facts = _facts(Group(FIRST, FIRST, ADA, "1 GPU", "any size"))
    head = "\n".join([f"## {FIRST}", "", *facts, "", "| field | value |", "|---|---|", *rows])
    grouped: dict[str, list[str]] = {group.heading: [] for group in GROUPS}
    for name in RECIPES:
        if name != FIRST:
            grouped[heading_of(name)].append(name)
    return "\n".join([HEAD, head, "", *(_group(group, grouped[group.heading]) for group in GROUPS)])


def heading_of(name: str) -> str:
    """The group of a recipe. Raises `LookupError` for one that nobody has placed."""
    for group in GROUPS:
        if re.fullmatch(group.pattern, name):
            return group.heading
    raise LookupError(f"no pattern in GROUPS of tools/docs_recipes.py fits the recipe {name!r}: add one")


def _facts(group: Group) -> list[str]:
    """Data, hardware, time and result of a group."""
    first = f"Source: {group.source}. Hardware: {group.hardware}. Data: {group.data}."
    result = f"Expected result: {group.result}."
    if group.time == NOT_MEASURED == group.result:
        return [f"{first} Time and result: {NOT_MEASURED}."]
    time = group.time or circumstances()
    return [first, "", f"Time: {time}" if "\n" in time else f"Time: {time}.", "", result]


def _group(group: Group, names: list[str]) -> str:
    apart = {name: differences(RECIPES[name]) for name in names}
    shared = dict(set.intersection(*({(k, v) for k, v in found.items()} for found in apart.values())))
    times = measured()
    lines = [f"## {group.heading}", "", *_facts(group), ""]
    if len(names) > 1 and shared:
        lines += [f"In common: {_fields(shared)}.", ""]
    own = {
        name: {k: v for k, v in found.items() if len(names) == 1 or k not in shared} for name, found in apart.items()
    }
    timed = any(name in times for name in names)
    lines += ["| recipe | batch | differs |" + (" seconds for 1,000 images |" if timed else "")]
    lines += ["|---|---|---|" + ("---|" if timed else "")]
    for name in names:
        batch = RECIPES[name].batch
        row = f"| `{name}` | {'by size' if batch is None else batch} | {_fields(own[name]) or '–'} |"
        lines.append(row + (f" {times.get(name, '')} |" if timed else ""))
    return "\n".join([*lines, ""])


def differences(recipe: Recipe) -> dict[str, Any]:
    """Fields that are not those of `FIRST`, the batch apart."""
    first = RECIPES[FIRST]
    names = (field.name for field in dataclasses.fields(Recipe))
    return {n: getattr(recipe, n) for n in names if n != "batch" and getattr(recipe, n) != getattr(first, n)}


def circumstances() -> str:
    """When and where the benchmark was run."""
    runs = [entry["circumstances"] for entry in json.loads(MEASURED.read_text())]
    (machine,) = {(run["date"][:10], run["processor"], run["torch"]) for run in runs}
    date, processor, torch = machine
    loads = [run["load_before"] for run in runs]
    return (
        f"the last column: seconds for 1,000 images of the size in brackets, measured on {date} "
        f"({processor}, torch {torch}), load averages of "
        f"{min(loads):.1f} to {max(loads):.1f}: [Measured](../benchmarks/index.md#every-laptop-recipe)"
    )


def measured() -> dict[str, str]:
    """What the benchmark has found for recipes with their own batch, at each size that it tried."""
    found: dict[str, list[str]] = {}
    for entry in json.loads(MEASURED.read_text()):
        figures = entry["figures"]
        system, batch = figures["recipe"]["system"], figures["recipe"]["batch"]
        name = "laptop" if system == "stylegan2" else f"laptop-{system}"
        if RECIPES[name].batch == batch:
            size = f"{figures['height']}×{figures['width']}×{figures['channels']}"
            found.setdefault(name, []).append(f"{figures['seconds_per_kimg']:.1f} ({size})")
    return {name: ", ".join(values) for name, values in found.items()}


def _fields(found: dict[str, Any]) -> str:
    return ", ".join(f"`{name}={_value(value)}`" for name, value in sorted(found.items()))


def _value(value: Any) -> str:
    if isinstance(value, bool) or value is None:
        return str(value).lower()
    if isinstance(value, tuple):
        return '"' + " ".join(f"{k:g}:{v:g}" for k, v in value) + '"' if value else "none"
    return f"{value:g}" if isinstance(value, int | float) else str(value)


if __name__ == "__main__":
    PAGE.parent.mkdir(exist_ok=True)
    PAGE.write_text(text())
