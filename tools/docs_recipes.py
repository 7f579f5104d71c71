"""Writes docs/reference/recipes.md: every recipe, what in it differs from ``auto``, and where it comes from.

python tools/docs_recipes.py
"""

import dataclasses
import json
import re
from pathlib import Path
from typing import Any

from allaprima.training import RECIPES, Recipe

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "reference" / "recipes.md"
MEASURED = ROOT / "docs" / "benchmarks" / "train-recipes.json"
FIRST = "auto"
HEAD = f"""# Recipes

All recipes that `--recipe` knows, generated from them (`python tools/docs_recipes.py`); a test says when this page is
stale. "Differs" is what a recipe sets otherwise than `{FIRST}`, whose fields are all in the first table; what a group
of recipes has in common stands above its table. `none`: chosen from the images' size, or nothing. What the fields mean
is under [`Recipe`](../reference.md); [Training](../training.md#recipes) is the short list.

Hardware and data are those that a recipe was published for; it runs on whatever there is. **No published recipe has
been run to its end here**: the results they are known for are their papers'. What was trained here is in
[The systems, trained](../systems.md), and what a thousand images took in
[Measured](../benchmarks/index.md#every-laptop-recipe).
"""
ADA = "Karras et al. 2020b (StyleGAN2-ADA), appendix D"
GROUPS = [
    ("stylegan2|paper.*", "StyleGAN2-ADA's named ones", ADA, "8 GPUs", "the size in their names; `stylegan2`: 1024²"),
    ("cifar.*", "CIFAR's", ADA, "2 GPUs", "CIFAR-10, 32²"),
    ("stylegan2-[a-f]", "StyleGAN2, A to F", "Karras et al. 2020 (StyleGAN2), table 1", "8 GPUs", "FFHQ, 1024²"),
    ("stylegan3-[tr2].*", "StyleGAN3", "Karras et al. 2021, appendix E", "8 GPUs", "named after it; else any"),
    (
        "progan-.*",
        "Progressive GAN",
        "Karras et al. 2018, appendix A.1",
        "as many GPUs as named",
        "CelebA-HQ, 1024²",
    ),
    ("stylegan(-.*)?", "StyleGAN", "Karras et al. 2019, appendix C", "8 GPUs, or as many as named", "FFHQ, 1024²"),
    ("r3gan-.*", "R3GAN", "Huang et al. 2024", "several GPUs", "named after it"),
    ("eps.*", "eps696's fork", "its program's settings", "1 GPU", "images that are not square"),
    ("rosinality", "rosinality's program", "its settings", "1 GPU or more", "any"),
    ("laptop.*", "Ours", "measured here", "2 processor cores", "up to 64²; sizes in the names"),
]
"""Pattern of names, heading, source, hardware, data. The first that fits counts."""


def text() -> str:
    """The page."""
    first = dataclasses.asdict(RECIPES[FIRST])
    rows = [f"| `{name}` | {_value(value)} |" for name, value in first.items()]
    head = f"## {FIRST}\n\nSource: {ADA}, for one GPU and any size.\n\n| field | value |\n|---|---|\n" + "\n".join(rows)
    grouped: dict[str, list[str]] = {heading: [] for _, heading, *_ in GROUPS}
    for name in RECIPES:
        if name != FIRST:
            grouped[heading_of(name)].append(name)
    return "\n".join([HEAD, head, "", *(_group(group, grouped[group[1]]) for group in GROUPS)])


def heading_of(name: str) -> str:
    """The group of a recipe. Raises `StopIteration` for one that nobody has placed."""
    return next(heading for pattern, heading, *_ in GROUPS if re.fullmatch(pattern, name))


def _group(group: tuple[str, ...], names: list[str]) -> str:
    _, heading, source, hardware, data = group
    apart = {name: differences(RECIPES[name]) for name in names}
    shared = dict(set.intersection(*({(k, v) for k, v in found.items()} for found in apart.values())))
    times = measured()
    lines = [f"## {heading}", "", f"Source: {source}. Hardware: {hardware}. Data: {data}.", ""]
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
