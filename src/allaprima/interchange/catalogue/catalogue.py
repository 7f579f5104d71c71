"""Finding a known public model by any of its names.

Every model has a long name that begins with its system (``stylegan3-t-ffhq-1024``); the stem of its published file is
another name of it (``stylegan3-t-ffhq-1024x1024``, ``ffhq``). A short name (``ffhq-1024``) leaves the system out. It
means the first in the order of `CATALOGUE` that has it: StyleGAN2 in its newest publication (2021, together with
StyleGAN3) before StyleGAN3, because it is faster and is what most editors were made for; then older publications; then
those of other people.
"""

import difflib
import re

from allaprima.interchange.catalogue.community import COMMUNITY
from allaprima.interchange.catalogue.entry import Entry
from allaprima.interchange.catalogue.nvidia import NVIDIA

CATALOGUE: tuple[Entry, ...] = (*NVIDIA, *COMMUNITY)
"""All known public models, the best first."""


def find(name: str) -> Entry | None:
    """The model of that long, short or published name, file name or address, in any case; None if there is none."""
    entry = _NAMES.get(normal(name))
    if entry is None:
        return next((entry for entry in CATALOGUE if entry.url == name), None)
    return entry


def search(text: str) -> list[Entry]:
    """Those in which every word of ``text`` occurs: in a name, the architecture, the licence, the source."""
    words = text.lower().split()
    return [entry for entry in CATALOGUE if all(word in _described(entry) for word in words)]


def near(name: str, count: int = 3) -> list[str]:
    """Names that look like ``name``, the most alike first: for "did you mean"."""
    return difflib.get_close_matches(normal(name), _NAMES, n=count)


def normal(name: str) -> str:
    """One spelling of a name: lower case, hyphens, one number for a square, no ending."""
    name = re.sub(r"\.(pkl|pth|pt)$", "", name.strip().lower()).replace("_", "-")
    return re.sub(r"(\d+)x\1(?!\d)", r"\1", name)


def _described(entry: Entry) -> str:
    parts = (entry.name, *entry.aliases, entry.file_name, entry.architecture, entry.size)
    return " ".join([*parts, entry.format, entry.licence, entry.source, entry.note]).lower()


def _by_name() -> dict[str, Entry]:
    """Each model by its long names; then by its aliases, unless a better one has them already."""
    names = {normal(entry.name): entry for entry in CATALOGUE}
    for entry in CATALOGUE:
        names.setdefault(normal(entry.file_name), entry)
    for entry in CATALOGUE:
        for alias in entry.aliases:
            names.setdefault(normal(alias), entry)
    return names


_NAMES = _by_name()
