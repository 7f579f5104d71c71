"""The comparison names tests that are there."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
ROWS = [
    line for line in (ROOT / "docs/comparison.md").read_text().splitlines() if line.startswith("| ") and "●" in line
]


def test_every_row_of_ours_names_a_test_that_is_there() -> None:
    assert len(ROWS) > 35
    for row in ROWS:
        _, here, tests, *others = (cell.strip() for cell in row.strip("|").split("|"))
        assert here in ("●", "◐"), row
        assert len(others) == 6, row
        named = re.findall(r"`(tests/[^`]+)`", tests)
        assert named, row
        for name in named:
            path = ROOT / name
            assert path.is_file() or (path.is_dir() and any(path.rglob("test_*.py"))), f"{name} is not there: {row}"
