"""One HTML page that needs nothing else: pictures and films are inside it, there is no script, nothing is fetched.

All texts are escaped, those of a model file above all, which may come from anyone; and the page forbids the browser to
load or run anything that it does not carry itself.
"""

from base64 import b64encode
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape

from allaprima.version import __version__
from allaprima.visuals.picture import Picture, Section


@dataclass(frozen=True, slots=True, kw_only=True)
class Medium:
    """A file as a part of the page.

    Attributes:
        mime: Its type.
        data: Its bytes.
        width: Columns.
        height: Rows.
    """

    mime: str
    data: bytes
    width: int
    height: int


def page(title: str, facts: Sequence[tuple[str, str]], sections: Sequence[Section], media: Mapping[str, Medium]) -> str:
    """The page as text.

    Args:
        title: What is explained.
        facts: Name and value of each, as plain text.
        sections: What to show, in order.
        media: Of each picture, by its name; pictures without one that have no drawing are left out.
    """
    name = escape(title)
    return "\n".join(
        [
            "<!doctype html>",
            '<html lang="en">',
            "<head>",
            '<meta charset="utf-8">',
            f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            '<meta name="color-scheme" content="light dark">',
            f"<title>How {name} paints</title>",
            f"<style>{STYLE}</style>",
            "</head>",
            "<body>",
            f"<h1>How {name} paints</h1>",
            _table(facts, head=False),
            _contents(sections),
            *(_section(section, media) for section in sections),
            f"<footer>Written by allaprima {escape(__version__)}. Sizes are height × width.</footer>",
            "</body>",
            "</html>",
            "",
        ]
    )


def _contents(sections: Sequence[Section]) -> str:
    links = "".join(f'<li><a href="#{escape(s.name)}">{escape(s.title)}</a></li>' for s in sections)
    return f"<nav><ul>{links}</ul></nav>"


def _section(section: Section, media: Mapping[str, Medium]) -> str:
    anchor = escape(section.name)
    parts = [
        f'<section id="{anchor}">',
        f'<h2><a href="#{anchor}">{escape(section.title)}</a></h2>',
        *(f"<p>{escape(text)}</p>" for text in section.text),
        *(_figure(picture, media.get(picture.name)) for picture in section.pictures),
    ]
    if section.table:
        parts.append(_table(section.table, head=True))
    return "\n".join([*parts, "</section>"])


def _figure(picture: Picture, medium: Medium | None) -> str:
    if picture.svg is not None:
        shown = picture.svg
    elif medium is not None:
        shown = _shown(medium, picture.caption)
    else:
        return ""
    return f'<figure id="{escape(picture.name)}">{shown}<figcaption>{escape(picture.caption)}</figcaption></figure>'


def _shown(medium: Medium, caption: str) -> str:
    source = f'src="data:{medium.mime};base64,{b64encode(medium.data).decode()}"'
    size = f'width="{medium.width}" height="{medium.height}"'
    if medium.mime.startswith("video/"):
        return f'<video {source} {size} aria-label="{escape(caption)}" autoplay loop muted playsinline></video>'
    return f'<img {source} {size} alt="{escape(caption)}">'


def _table(rows: Iterable[Sequence[str]], *, head: bool) -> str:
    lines = []
    for number, row in enumerate(rows):
        first = "th" if head and number == 0 else "td"
        cells = [f"<{first}>{escape(cell)}</{first}>" for cell in row]
        if not head:
            cells[0] = f'<th scope="row">{escape(row[0])}</th>'
        lines.append(f"<tr>{''.join(cells)}</tr>")
    return f'<div class="table"><table>{"".join(lines)}</table></div>'


POLICY = (
    "default-src 'none'; img-src data:; media-src data:; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
)
STYLE = """
:root { color-scheme: light dark; --ink: #222; --paper: #fdfdfb; --soft: #666; --line: #ddd; --link: #1f5fa8; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e4e4e0; --paper: #18191b; --soft: #a4a4a0; --line: #3a3b3e; --link: #8ab8ee; }
}
body { margin: 2rem auto; max-width: 96rem; padding: 0 1rem; color: var(--ink); background: var(--paper);
  font: 1rem/1.5 system-ui, sans-serif; }
h1 { line-height: 1.2; overflow-wrap: anywhere; }
h2 { margin-top: 3rem; border-top: 1px solid var(--line); padding-top: 1rem; }
h2 a { color: inherit; text-decoration: none; }
a { color: var(--link); }
p { max-width: 46rem; }
figure { margin: 1.5rem 0; }
figure img, figure video { display: block; max-width: 100%; height: auto; border-radius: 4px; }
figure svg { display: block; width: 100%; max-width: 45rem; height: auto; }
figcaption { max-width: 46rem; margin-top: .5rem; color: var(--soft); }
.table { overflow-x: auto; }
table { border-collapse: collapse; font-size: .9rem; }
th, td { text-align: left; vertical-align: top; padding: .25rem 1rem .25rem 0; border-bottom: 1px solid var(--line);
  overflow-wrap: anywhere; }
th { font-weight: 600; }
footer { margin: 3rem 0 1rem; color: var(--soft); font-size: .9rem; }
"""
