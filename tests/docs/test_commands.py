"""Every command and every piece of Python in the README and the pages is understood, and nearly all of it is run."""

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import click
import pytest

from allaprima.cli.main import COMMANDS, cli
from tests.docs.blocks import ROOT, Block, Command, blocks, blocks_in, commands_in, inline_commands, pages
from tests.docs.shortened import (
    NOT_RUN,
    NUMBERS,
    PAGES_NOT_RUN,
    PYTHON_NOT_RUN,
    added_to,
    in_short,
    reason_not_to_run,
)
from tests.docs.studios import Studios
from tests.docs.world import PREPARED, call, world_once

ALL = [command for block in blocks() for command in commands_in(block)]
PYTHON = [block for block in blocks() if block.language == "python"]
PROGRAMS = {"allaprima", "curl", "python", "torchrun", "pip", "make", "pytest", "git", ".ci/run"}
WITH_CODE = [page for page in pages() if any(item.page == page for item in [*ALL, *PYTHON])]
RUN = [page for page in WITH_CODE if page not in PAGES_NOT_RUN]


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    base = tmp_path_factory.getbasetemp()
    return world_once(base if worker_id == "master" else base.parent)


@pytest.fixture
def here(world: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the world that one page may change."""
    place = tmp_path / "world"
    shutil.copytree(world, place)
    monkeypatch.chdir(place)
    monkeypatch.setenv("ALLAPRIMA_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("PYTHONPATH", str(ROOT / "src"))
    return place


def understand(command: Command) -> None:
    """Let click read a command as it would before it runs it. Raises `click.ClickException`."""
    arguments = command.arguments
    assert arguments, command
    name, *words = arguments
    assert name in COMMANDS, f"{command} calls allaprima {name}, which is no command"
    if ">" in words:
        words = words[: words.index(">")]
    found = cli.get_command(click.Context(cli), name)
    assert found
    with suppress(click.exceptions.Exit):  # of an option that prints something and stops
        found.make_context(name, words, parent=click.Context(cli))


@pytest.mark.parametrize("command", [c for c in ALL if c.arguments is not None], ids=str)
def test_every_command_shown_is_one_with_its_options(command: Command) -> None:
    understand(command)


@pytest.mark.parametrize("command", list(inline_commands()), ids=str)
def test_so_is_every_command_within_a_sentence_but_for_what_it_leaves_out(command: Command) -> None:
    with suppress(click.MissingParameter, click.BadOptionUsage):
        understand(command)


@pytest.mark.parametrize("page", RUN)
def test_what_a_page_shows_happens(page: str, here: Path) -> None:
    with ExitStack() as stack:
        run_page([block for block in blocks() if block.page == page], page, Studios(stack))


def run_page(found: list[Block], page: str, studios: Studios) -> None:
    """Run all blocks of a page in their order, in one world; Python blocks share their names."""
    names = PREPARED.get(page, dict)()
    trainings = 1  # the world's own
    for block in found:
        if block.language == "python" and reason_not_to_run(block.text, PYTHON_NOT_RUN) is None:
            exec(compile("\n" * block.line + in_short(block.text), page, "exec"), names)
        for command in commands_in(block):
            if reason_not_to_run(command.text) is None:
                run(command, trainings, studios)
                trainings += command.words[:2] == ("allaprima", "train")


def run(command: Command, trainings: int, studios: Studios) -> None:
    """Run one command. Raises `AssertionError` where it fails."""
    program, *words = command.words
    match program:
        case "allaprima" if words[0] == "studio":
            studios.open(words[1:])
        case "curl":
            studios.request(words)
        case "allaprima" if "--processes" in words:
            whole = [sys.executable, "-m", "allaprima", *words, *added_to(command, trainings)]
            assert subprocess.run(whole, check=False, timeout=100).returncode == 0, command
        case "allaprima":
            assert call([*words, *added_to(command, trainings)]) == 0, f"{command} failed: {command.text}"
        case _:
            raise AssertionError(f"{command}: nobody knows how to run {program}, and NOT_RUN has no reason not to")


def test_every_line_of_a_shell_block_calls_a_program_that_we_know() -> None:
    assert len(ALL) > 60
    assert [f"{c}: {c.text}" for c in ALL if c.words[0] not in PROGRAMS] == []


def test_benchmarks_that_are_named_are_there_and_know_their_options() -> None:
    named = [c for c in ALL if c.words[0] == "python" and "-m" not in c.words]
    assert named
    for command in named:
        source = (ROOT / command.words[1]).read_text()
        wrong = [
            word for word in command.words[2:] if word.startswith("--") and f'"{word.split("=")[0]}"' not in source
        ]
        passed_on = "sys.argv" in source or "parse_known_args" in source
        assert not wrong or passed_on, f"{command}: {command.words[1]} has no {wrong}"


def test_each_reason_not_to_run_something_is_still_needed() -> None:
    texts = [c.text for c in ALL]
    assert [pattern for pattern in NOT_RUN if not any(re.search(pattern, text) for text in texts)] == []
    code = "\n".join(block.text for block in PYTHON)
    assert [pattern for pattern in PYTHON_NOT_RUN if not re.search(pattern, code)] == []
    assert [long for long in NUMBERS if long not in code] == []
    assert [page for page in [*PREPARED, *PAGES_NOT_RUN] if page not in WITH_CODE] == []


PAGE = """# A page

```bash
allaprima generate emoji-64 --sedes 3   # a comment
OMP_NUM_THREADS=1 allaprima generate \\
    emoji-64 --seeds 3
```

Text.

    curl http://127.0.0.1:7860/x --json '{"a": 1,
      "b": 2}' > x.json

```python
nothing = 1 / 0
```

```
just a text
```
"""


def test_blocks_and_commands_are_found_whole() -> None:
    found = blocks_in(PAGE, "page.md")
    commands = [command for block in found for command in commands_in(block)]
    assert [block.language for block in found] == ["bash", "", "python", ""]
    assert [command.line for command in commands] == [4, 5, 11]
    assert commands[1].words == ("allaprima", "generate", "emoji-64", "--seeds", "3")
    assert commands[2].words[2:4] == ("--json", '{"a": 1,\n  "b": 2}')
    assert commands[2].arguments is None


def test_a_wrong_option_is_noticed() -> None:
    wrong, right, _ = [command for block in blocks_in(PAGE, "page.md") for command in commands_in(block)]
    understand(right)
    with pytest.raises(click.NoSuchOption, match="sedes"):
        understand(wrong)


@pytest.mark.parametrize(
    ("words", "kind"),
    [(["generate"], click.MissingParameter), (["mix", "a", "b", "c"], click.UsageError)],
)
def test_so_is_a_wrong_number_of_arguments(words: list[str], kind: type[Exception]) -> None:
    with pytest.raises(kind):
        understand(Command("page.md", 1, "", ("allaprima", *words)))


@pytest.fixture
def nobody() -> Iterator[Studios]:
    with ExitStack() as stack:
        yield Studios(stack)


@pytest.mark.usefixtures("here")
def test_a_command_and_a_block_that_fail_are_noticed(nobody: Studios) -> None:
    missing = Block("page.md", 3, "bash", "allaprima inspect nothing.zip\n")
    with pytest.raises(AssertionError, match=r"page\.md:3 failed"):
        run_page([missing], "page.md", nobody)
    with pytest.raises(ZeroDivisionError):
        run_page([block for block in blocks_in(PAGE, "page.md") if block.language == "python"], "page.md", nobody)
    with pytest.raises(AssertionError, match="NOT_RUN has no reason"):
        run_page([Block("page.md", 3, "bash", "zebra --stripes\n")], "page.md", nobody)


@pytest.mark.usefixtures("here")
def test_the_bait_on_the_page_about_safety_is_refused() -> None:
    from allaprima import load
    from allaprima.errors import ModelFileError

    (bait,) = [block for block in PYTHON if block.page == "docs/safety.md"]
    exec(bait.text, PREPARED["docs/safety.md"]())
    with pytest.raises(ModelFileError, match=r"wants (posix|nt)\.system"):
        load("stylegan2-cats.pkl")
