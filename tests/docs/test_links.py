"""Every link in our pages leads somewhere: files and headings are looked for, addresses need only be well formed."""

import re
import subprocess
from html import unescape
from urllib.parse import urlsplit

import pytest

from tests.docs.blocks import FENCED, ROOT

LINK = re.compile(
    r"(?<!\\)!?\[[^\]]*\]\(([^()\s]*(?:\([^()\s]*\)[^()\s]*)*)(?: \"[^\"]*\")?\)|(?:src|href)=\"([^\"]+)\""
)
HEADING = re.compile(r"^#{1,6} (.+?)(?: \{#([\w-]+)\})?$", re.MULTILINE)
CODE = re.compile(r"`[^`\n]*`")
TOP = ["README.md", "ARCHITECTURE.md", "SECURITY.md", "CONTRIBUTING.md", "CHANGELOG.md"]
PAGES = [*TOP, *sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / "docs").rglob("*.md"))]


def slugs(text: str) -> set[str]:
    """The anchors of a page's headings, as Python-Markdown's table of contents names them."""
    found: set[str] = set()
    for title, own in HEADING.findall(FENCED.sub("", text)):
        plain = re.sub(r"!?\[([^\]]*)\]\([^)]*\)|<[^>]+>", r"\1", title)
        slug = re.sub(r"[-\s]+", "-", re.sub(r"[^\w\s-]", "", plain.encode("ascii", "ignore").decode()).strip().lower())
        slug = own or slug
        number, name = 0, slug
        while name in found:
            number += 1
            name = f"{slug}_{number}"
        found.add(name)
    return found


def links(text: str) -> list[str]:
    """Targets of links and pictures, without those in code."""
    plain = CODE.sub("", FENCED.sub("", text))
    return [unescape(a or b) for a, b in LINK.findall(plain)]


def broken(page: str, target: str) -> str | None:
    """Why a link leads nowhere, or None."""
    parts = urlsplit(target)
    if parts.scheme or target.startswith("//"):
        good = parts.scheme in ("https", "mailto") and (parts.scheme == "mailto" or "." in parts.netloc)
        return None if good else "is no https:// address"
    home = ROOT / page
    file = home if not parts.path else (home.parent / parts.path)
    if not file.exists() and target.startswith("../images/"):  # HTML in a page is one folder deeper on the site
        file = home.parent / parts.path.removeprefix("../")
    if not file.resolve().is_relative_to(ROOT):
        return "is outside the repository"
    if not file.exists():
        return "is not there"
    if page.startswith("docs/") and not file.resolve().is_relative_to(ROOT / "docs"):
        return "is outside the site"
    if parts.fragment and parts.fragment not in slugs(file.read_text()):
        return "has no such heading"
    return None


@pytest.mark.parametrize("page", PAGES)
def test_every_link_leads_somewhere(page: str) -> None:
    found = {target: broken(page, target) for target in links((ROOT / page).read_text())}
    assert {target: reason for target, reason in found.items() if reason} == {}


def test_files_that_links_lead_to_are_in_the_repository() -> None:
    ignored = subprocess.run(
        ["git", "check-ignore", "--stdin"],
        cwd=ROOT,
        input="\n".join(_files()),
        capture_output=True,
        text=True,
        check=False,
    )
    if ignored.returncode == 128:
        pytest.skip("this is no git repository")
    assert ignored.stdout.split() == []


def _files() -> set[str]:
    targets = ((page, urlsplit(target)) for page in PAGES for target in links((ROOT / page).read_text()))
    places = ((ROOT / page).parent / parts.path for page, parts in targets if parts.path and not parts.scheme)
    return {place.resolve().relative_to(ROOT).as_posix() for place in places if place.exists()}


@pytest.mark.parametrize(
    ("target", "reason"),
    [
        ("docs/nothing.md", "is not there"),
        ("docs/training.md#nothing", "has no such heading"),
        ("docs/training.md#few-images", None),
        ("#paint", None),
        ("#pain", "has no such heading"),
        ("http://example.org", "is no https:// address"),
        ("https://example", "is no https:// address"),
        ("https://example.org/a#b", None),
        ("../../etc/passwd", "is outside the repository"),
    ],
)
def test_a_link_that_leads_nowhere_is_noticed(target: str, reason: str | None) -> None:
    assert broken("README.md", target) == reason


def test_the_parser_of_links_finds_them_all() -> None:
    text = 'a [b](c.md#d) ![e](f.png "g") <img src="h.png"> `[not](this)` [i](j(k).md)\n```\n[nor](that)\n```\n'
    assert links(text) == ["c.md#d", "f.png", "h.png", "j(k).md"]
    assert slugs("# A, b `c`\n\n## Modes\n\n## Modes\n\n```\n# not this\n```\n") == {"a-b-c", "modes", "modes_1"}
