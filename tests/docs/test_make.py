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


def test_make_test_is_the_command_of_the_readme() -> None:
    block = re.search(r"<!-- command: test -->\n```bash\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    assert block
    assert lines_of("test") == [block[1].splitlines()[-1]]


def test_the_checks_are_made_of_these_words() -> None:
    checks = (ROOT / ".ci" / "run").read_text()
    assert "readme_command.py test" in checks
    called = re.findall(r"^make .*?(\w+)(?: SITE=.*)?$", checks, re.MULTILINE)
    assert called == ["lint", "types", "docs"]


@pytest.mark.parametrize("word", WORDS)
def test_make_understands_it(word: str) -> None:
    if shutil.which("make") is None:
        pytest.skip("no make on this machine")
    done = subprocess.run(["make", "-n", word, "DATA=data"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    for path in re.findall(r"python (\S+\.py)", done.stdout):
        assert (ROOT / path).is_file()
