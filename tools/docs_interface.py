"""Writes docs/reference.md and docs/reference/python/: which page shows which public names of Python.

python tools/docs_interface.py

The pages ask for modules and names; what stands there is taken from docstrings and signatures when the docs are built.
"""

import shutil
from itertools import groupby
from pathlib import Path

from public_names import NOT_PUBLIC, Public, public_names

DOCS = Path(__file__).parents[1] / "docs"
INDEX = DOCS / "reference.md"
FOLDER = DOCS / "reference" / "python"
GENERATED = "<!-- Written by tools/docs_interface.py; a test says when it is stale. -->"

HEAD = f"""# Python interface

{GENERATED}

Every public name of allaprima: those that its packages hand out, and those of the modules in the last line of the
table. Signatures and descriptions are those of the source.

## What holds everywhere

- **Images** of networks are float32 tensors [n, channels, height, width] from -1 to 1, colours multiplied by alpha
  where there is alpha. Images for people are uint8 arrays [height, width, channels] from 0 to 255, colours not
  multiplied. Heights come before widths. Channels: 1 gray, 2 gray + alpha, 3 RGB, 4 RGBA.
- **Latents**: z is [n, z_dim], standard normal; w is [n, w_dim]; ws is [n, num_ws, w_dim], one w for each layer. Labels
  c are [n, c_dim], and None or [n, 0] for a model without classes.
- **Shapes in signatures** are [jaxtyping](https://docs.kidger.site/jaxtyping/)'s: `Float[Tensor, "n c h w"]` is a
  tensor of floating-point numbers with these axes. An axis that is named twice has one size; `...` is any number of
  axes. Shapes in sentences are in brackets: [n, c, h, w].
- **Counts** are of images (`images_seen`) or of thousands of images (`kimg`); times are in seconds, sizes in pixels.
- **Randomness** is an argument: a seed or a `torch.Generator`; the same one gives the same. `build` alone draws from
  PyTorch's global generator.
- **Errors** that one can mend are [`AllaPrimaError`][allaprima.errors.AllaPrimaError]s, whose text is one sentence.
  "Raises" names what a function finds out itself; one that reads a file may raise what its reader raises.
- **Sources** are in the descriptions: paper, section, equation. [Papers and code](papers.md) has them in one table.
"""

INTRODUCTIONS = {
    "augment": "Probabilities p are from 0 to 1. A `Draws` gives the numbers that decide, so that a test or a "
    "picture can choose them. See [Training](../../training.md).",
    "checkpoint": "The format is in [File formats](../formats.md); what may be opened, in [Is it "
    "safe?](../../safety.md).",
    "data": "A training begins with `open_images`; an archive is made of what `open_source` reads. See [Data "
    "sets](../../datasets.md) and [Many images, many processes](../../scale.md).",
    "generation": "The image of a seed depends on nothing but the seed, the model and its options, whatever else is in "
    "its batch.",
    "images": "Pictures here are uint8 arrays [height, width, channels], where nothing else is said.",
    "interchange": "Nothing in a file is ever run. See [Models of other programs](../../other-programs.md) and [Is it "
    "safe?](../../safety.md).",
    "latents": "With pictures: [Painting with latents](../../painting.md).",
    "layers": "A module here owns parameters; the mathematics is in [allaprima.ops](ops.md).",
    "losses": "Losses and penalties are one number for each image; logits are [n, 1], higher for what is taken for "
    "real.",
    "metrics": "Names such as `fid50k_full`, and what they need, are in [Metrics](../../metrics.md).",
    "models": "`build` makes a network from its spec. Every generator has `mapping` and `synthesis`, with the "
    "arguments of the reference tools. See [Papers and code](../../papers.md).",
    "ops": "Feature maps are [n, c, h, w], kernels [out, in, height, width]. Each function chooses the quickest "
    "form for the device.",
    "origin": "What such words and marks can and cannot show is in [Is it safe?](../../safety.md).",
    "surgery": "The commands are `allaprima blend` and `allaprima train --init-from`.",
    "training": "The command is `allaprima train`. See [Training](../../training.md) and [Recipes](../recipes.md).",
    "visuals": "The commands are `allaprima explain` and `allaprima film`. See [How a model "
    "paints](../../explaining.md).",
    "modules": "Modules that are imported by their own names.",
}
"""What stands on a package's page before its names."""


def text() -> dict[Path, str]:
    """All pages."""
    pages = {INDEX: _index()}
    return pages | {FOLDER / f"{page}.md": _page(page, names) for page, names in _by_page().items()}


def _by_page() -> dict[str, list[Public]]:
    """Names by the page that shows them: one a package of the first level, and one for modules without a package."""
    found: dict[str, list[Public]] = {page: [] for page in INTRODUCTIONS}
    for public in public_names():
        if public.package != "allaprima":
            page = public.home.split(".")[1]
            found[page if page in INTRODUCTIONS else "modules"].append(public)
    return found


def _index() -> str:
    """The page of the names that `import allaprima` gives."""
    top = [public for public in public_names() if public.package == "allaprima" and public.name != "__version__"]
    rows = [
        f"| [`{_title(page)}`](reference/python/{page}.md) | {len({(public.home, public.name) for public in names})} |"
        for page, names in _by_page().items()
    ]
    left = [f"- `{package}`: {why}." for package, why in NOT_PUBLIC.items()]
    table = ["## Pages", "", "| package | names |", "|---|---|", *rows, "", "Not public:", "", *left]
    own = [
        "## allaprima",
        "",
        f"`import allaprima` gives {_listed(top)}, and `__version__`. They are imported when they are first used.",
    ]
    return "\n".join([HEAD, *table, "", *own, ""])


def _page(page: str, names: list[Public]) -> str:
    """The page of a package: what each of its packages hands out, then everything by the module that defines it."""
    lines = [f"# {_title(page)}", "", GENERATED, ""]
    if page != "modules":
        lines += [_shown(f"allaprima.{page}", "false", heading=False)]
    lines += [INTRODUCTIONS[page], ""]
    for package, own in groupby(names, lambda public: public.package):
        if package == f"allaprima.{page}" or package.count(".") > 1:
            lines += [f"`{package}` has {_listed(list(own))}.", ""]
    by_home = groupby(sorted(names, key=lambda public: (public.home, public.name)), lambda public: public.home)
    lines += [_shown(home, f"[{', '.join(_names(list(own)))}]") for home, own in by_home]
    return "\n".join(lines)


def _shown(module: str, members: str, *, heading: bool = True) -> str:
    """What makes mkdocstrings show a module's own words, and these members."""
    options = f"{{ members: {members}, show_root_heading: {str(heading).lower()} }}"
    return f"::: {module}\n    options: {options}\n"


def _listed(names: list[Public]) -> str:
    return ", ".join(f"[`{public.name}`][{public.home}.{public.name}]" for public in names)


def _names(names: list[Public]) -> list[str]:
    return sorted({public.name for public in names})


def _title(page: str) -> str:
    return "allaprima's modules" if page == "modules" else f"allaprima.{page}"


if __name__ == "__main__":
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    for path, content in text().items():
        path.write_text(content)
