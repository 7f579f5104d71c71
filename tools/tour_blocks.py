"""The code blocks of a page of the tour, and what happens when a reader runs them in their order.

    python tools/tour_blocks.py docs/tour/styles.md

runs one page in a temporary directory and prints what its blocks print.
"""

import contextlib
import io
import re
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

FENCE = re.compile(r"^```(python|bash|text)\n(.*?)^```", re.MULTILINE | re.DOTALL)


class Block(NamedTuple):
    """What is to be run, and what the page says that it prints, if it says it."""

    language: str
    code: str
    shown: str | None


def blocks_of(page: Path) -> list[Block]:
    """Blocks of Python and of the shell; a block of text right after one of them is what it prints."""
    text = page.read_text()
    fences = list(FENCE.finditer(text))
    found = []
    for fence, after in zip(fences, [*fences[1:], None], strict=False):
        if fence[1] == "text":
            continue
        follows = after is not None and after[1] == "text" and not text[fence.end() : after.start()].strip()
        found.append(Block(fence[1], fence[2], after[2] if after is not None and follows else None))
    return found


def run(blocks: list[Block], directory: Path) -> Iterator[str]:
    """Run the blocks in ``directory``, those of Python with one set of names; give what each printed.

    Raises:
        subprocess.CalledProcessError: A command of the shell failed.
    """
    names: dict[str, Any] = {"__name__": "__main__"}
    for block in blocks:
        if block.language == "bash":
            yield _in_shell(block.code, directory)
            continue
        with contextlib.chdir(directory), contextlib.redirect_stdout(io.StringIO()) as printed:
            exec(compile(block.code, "block", "exec"), names)
        yield printed.getvalue()


def _in_shell(code: str, directory: Path) -> str:
    """What ``code`` prints, ``allaprima`` being that of this Python."""
    script = f'allaprima() {{ {shlex.quote(sys.executable)} -m allaprima "$@"; }}\n{code}'
    command = ["bash", "-euo", "pipefail", "-c", script]
    return subprocess.run(command, cwd=directory, check=True, text=True, stdout=subprocess.PIPE).stdout


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as place:
        for output in run(blocks_of(Path(sys.argv[1])), Path(place)):
            print(output)
