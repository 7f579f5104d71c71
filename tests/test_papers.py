"""docs/papers.md is true: every path in it exists, and every package with a paper's idea is in it."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAPERS = (ROOT / "docs" / "papers.md").read_text()
PATHS = re.findall(r"`((?:src|tests)/[^`]+)`", PAPERS)


def test_every_path_exists() -> None:
    assert len(PATHS) > 40
    assert [path for path in PATHS if not (ROOT / path).is_file()] == []


def test_every_row_has_an_equation_a_file_and_a_test() -> None:
    rows = [line for line in PAPERS.splitlines() if line.startswith("|")][2:]
    for row in rows:
        _, _idea, paper, code, test, _ = row.split("|")
        assert paper.strip(), row
        assert "`src/" in code, row
        assert "`tests/" in test, row


def test_every_file_of_mathematics_is_named() -> None:
    files = [
        path.relative_to(ROOT).as_posix()
        for package in ("ops", "losses")
        for path in (ROOT / "src" / "allaprima" / package).glob("*.py")
        if path.name != "__init__.py"
    ]
    assert sorted(set(files) - set(PATHS)) == []
