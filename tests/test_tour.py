"""The tour tells the truth: its code is the source, its blocks run, they print what it says, its pictures are there."""

import re
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[1]
TOUR = ROOT / "docs" / "tour"
PAGES = sorted(TOUR.glob("*.md"))
PICTURES = ROOT / "docs" / "images" / "tour"
NUMBER = re.compile(r"-?\d+(?:\.\d+)?")
each_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)


@pytest.fixture
def tool(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """A module of tools/."""
    monkeypatch.syspath_prepend(str(ROOT / "tools"))
    sys.modules.pop(request.param, None)
    return __import__(request.param)


source = pytest.mark.parametrize("tool", ["included_source"], indirect=True)
running = pytest.mark.parametrize("tool", ["tour_blocks"], indirect=True)


@source
@each_page
def test_every_include_is_filled_in(tool: ModuleType, page: Path) -> None:
    text = page.read_text()
    filled = tool.on_page_markdown(text)
    assert "--8<--" not in filled
    assert filled.count("```py\n") == text.count("\n--8<-- ")
    assert page.stem in ("index", "reading-a-run") or text.count("\n--8<-- ") >= 2


@source
def test_what_is_shown_is_the_source_of_that_name(tool: ModuleType) -> None:
    text, first, last = tool.source_of("losses/path_length.py", "path_lengths")
    lines = (ROOT / "src/allaprima/losses/path_length.py").read_text().splitlines()
    assert text.splitlines() == lines[first - 1 : last]
    assert text.startswith("def path_lengths(")
    assert "def path_length_penalty" not in text
    method, _, _ = tool.source_of("layers/adain.py", "AdaIN.forward")
    assert method.startswith("def forward(")
    decorated, _, _ = tool.source_of("models/stylegan3/plan.py", "Signal.half_width")
    assert decorated.startswith("@property")


@source
@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("--8<-- losses/nowhere.py:f", "no file"),
        ("--8<-- losses/path_length.py:path_lenghts", "defines no path_lenghts"),
        ("--8<-- layers/adain.py:AdaIN.backward", "defines no backward"),
        ("--8<-- losses/path_length.py:DECAY", "defines no DECAY"),
    ],
)
def test_an_include_of_nothing_stops_the_build(tool: ModuleType, line: str, says: str) -> None:
    with pytest.raises(LookupError, match=says):
        tool.on_page_markdown(f"words\n\n{line}\n")


@running
@each_page
def test_every_block_runs_and_prints_what_the_page_says(tool: ModuleType, page: Path, tmp_path: Path) -> None:
    blocks = tool.blocks_of(page)
    assert blocks or page.stem == "index"
    for block, printed in zip(blocks, tool.run(blocks, tmp_path), strict=True):
        if block.shown is not None:
            assert_alike(printed, block.shown)


def assert_alike(printed: str, shown: str) -> None:
    """The same words; numbers to 5 %, as other processors add in another order."""
    assert NUMBER.sub("#", printed).split() == NUMBER.sub("#", shown).split(), printed
    numbers = ([float(n) for n in NUMBER.findall(text)] for text in (printed, shown))
    assert list(next(numbers)) == pytest.approx(next(numbers), rel=0.05, abs=0.011), printed


@running
def test_blocks_are_found_with_what_they_print(tool: ModuleType, tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    python, shell = "```python\na = 2\nprint(a)\n```\n\n```text\n2\n```\n", "```bash\ntrue\n```\n"
    page.write_text(f"{python}\n{shell}\nA formula:\n\n```text\nx = y\n```\n")
    first, second = tool.blocks_of(page)
    assert (first.language, first.shown) == ("python", "2\n")
    assert (second.language, second.code, second.shown) == ("bash", "true\n", None)
    assert list(tool.run([first, second], tmp_path)) == ["2\n", ""]


@pytest.mark.parametrize(("printed", "shown"), [("loss 0.5", "loss 0.6"), ("loss 0.5", "gain 0.5"), ("1 2", "1")])
def test_a_page_that_says_something_else_is_seen(printed: str, shown: str) -> None:
    with pytest.raises(AssertionError):
        assert_alike(printed, shown)


def test_every_page_is_in_the_navigation_and_in_the_index() -> None:
    navigation, index = (ROOT / "mkdocs.yml").read_text(), (TOUR / "index.md").read_text()
    for page in PAGES:
        assert f"tour/{page.name}" in navigation
        assert page.stem == "index" or f"]({page.name})" in index


def test_every_picture_is_shown_made_and_small() -> None:
    shown = {name for page in PAGES for name in re.findall(r"images/tour/([\w-]+)\.png", page.read_text())}
    made = re.findall(r'^    "([\w-]+)": \w+,$', (ROOT / "tools" / "tour_pictures.py").read_text(), re.MULTILINE)
    files = {path.stem: path.stat().st_size for path in PICTURES.glob("*.png")}
    assert shown == set(made) == set(files)
    assert max(files.values()) < 150_000
