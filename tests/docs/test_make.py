"""The words of the Makefile are those of CONTRIBUTING.md, and do what `.ci/run` and the README say."""

import re
import shutil
import subprocess

import pytest

from tests.docs.blocks import ROOT

MAKEFILE = (ROOT / "Makefile").read_text()
WORDS = re.findall(r"^(\w+):$", MAKEFILE, re.MULTILINE)


def lines_of(word: str) -> list[str]:
    match = re.search(rf"^{word}:\n((?:\t.+\n)+)", MAKEFILE, re.MULTILINE)
    assert match
    return [line.strip() for line in match[1].splitlines()]


def test_contributing_tells_every_word() -> None:
    table = re.findall(r"^\| `make (\w+)", (ROOT / "CONTRIBUTING.md").read_text(), re.MULTILINE)
    assert sorted(table) == sorted(WORDS)


@pytest.mark.parametrize("word", ["test", "lint", "types", "docs"])
def test_a_word_does_what_the_checks_do(word: str) -> None:
    checks = (ROOT / "README.md").read_text() + (ROOT / ".ci" / "run").read_text()
    for line in lines_of(word):
        assert re.sub(r" --site-dir .*", "", line) in checks


@pytest.mark.parametrize("word", WORDS)
def test_make_understands_it(word: str) -> None:
    if shutil.which("make") is None:
        pytest.skip("no make on this machine")
    done = subprocess.run(["make", "-n", word, "DATA=data"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    for path in re.findall(r"python (\S+\.py)", done.stdout):
        assert (ROOT / path).is_file()
