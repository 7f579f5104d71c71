"""The page: nothing from outside, nothing that runs, all texts as they are."""

import re
from html.parser import HTMLParser

import pytest

from allaprima.visuals.page import Medium, page
from allaprima.visuals.picture import Picture, Section

EVIL = "<script>alert('1')</script>\"><img src=http://evil.example/x onerror=alert(2)>&amp;"
DOT = Medium(mime="image/png", data=b"\x89PNG", width=3, height=2)
FILM = Medium(mime="video/webm", data=b"webm", width=3, height=2)
VOID = {"meta", "img", "br"}


class Tags(HTMLParser):
    """Which tags a page has, with their attributes, whether they are closed, and the text of it all."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.fixture
def hostile() -> str:
    picture = Picture(name="a-picture", caption=f"caption {EVIL}")
    drawn = Picture(name="drawn", caption="drawn", svg="<svg></svg>")
    film = Picture(name="film", caption=EVIL)
    section = Section(name="layers", title=EVIL, text=(EVIL,), pictures=(picture, drawn, film), table=(("h",), (EVIL,)))
    return page(EVIL, [("licence", EVIL), (EVIL, "x")], [section], {"a-picture": DOT, "film": FILM})


def test_texts_of_others_are_text(hostile: str) -> None:
    found = Tags(hostile)
    assert not found.open
    assert found.text.count(EVIL) == 10
    assert {tag for tag, _ in found.tags} <= {
        *(
            "html",
            "head",
            "meta",
            "title",
            "style",
            "body",
            "h1",
            "h2",
            "a",
            "p",
            "nav",
            "ul",
            "li",
            "section",
            "footer",
        ),
        *("figure", "figcaption", "img", "video", "svg", "div", "table", "tr", "th", "td"),
    }
    assert not [name for _, attributes in found.tags for name in attributes if name.startswith("on")]


def test_nothing_comes_from_outside(hostile: str) -> None:
    found = Tags(hostile)
    for tag, attributes in found.tags:
        for name in ("src", "href", "poster", "srcset", "data", "action"):
            value = attributes.get(name)
            assert value is None or value.startswith(("data:image/png;base64,", "data:video/webm;base64,", "#")), tag
    style = re.search(r"<style>(.*?)</style>", hostile, re.DOTALL)
    assert style is not None
    assert "url(" not in style[1]
    assert "@import" not in style[1]
    (policy,) = (a["content"] for tag, a in found.tags if a.get("http-equiv") == "Content-Security-Policy")
    assert policy is not None
    assert policy.startswith("default-src 'none'")
    assert "script" not in policy


def test_headings_can_be_linked_and_pictures_have_a_text_instead(hostile: str) -> None:
    found = Tags(hostile)
    ids = {a["id"] for _, a in found.tags if "id" in a}
    links = {a["href"] for tag, a in found.tags if tag == "a"}
    assert links == {"#layers"}
    assert {"layers", "a-picture", "film"} <= ids
    (image,) = (a for tag, a in found.tags if tag == "img")
    assert image["alt"] == f"caption {EVIL}"
    assert (image["width"], image["height"]) == ("3", "2")
    assert image["src"] == "data:image/png;base64,iVBORw=="
    (video,) = (a for tag, a in found.tags if tag == "video")
    assert video["aria-label"] == EVIL


def test_dark_mode_and_films_that_were_not_made() -> None:
    text = page("m", [], [Section(name="s", title="t", pictures=(Picture(name="film", caption="c"),))], {})
    assert "prefers-color-scheme: dark" in text
    assert "<figure" not in text
