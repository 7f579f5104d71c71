"""The blocks of code in our pages, and the command lines in them."""

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
TOUR = "docs/tour"  # has a test of its own
FENCED = re.compile(r"^( *)```(\w*)[^\n]*\n(.*?)^\1```", re.MULTILINE | re.DOTALL)
INDENTED = re.compile(r"(?<=\n\n)(?: {4}\S.*\n)(?: {4,}\S.*\n)*")
INLINE = re.compile(r"`(allaprima [a-z]+ [^`…\[]+)`")  # not a usage line
ASSIGNMENT = re.compile(r"[A-Z_]+=\S*")
SHELL = ("bash", "sh", "")
STARTS = re.compile(r"(?:[A-Z_]+=\S+ )*(allaprima|curl|python|torchrun|pip|make|pytest|git) ")


@dataclass(frozen=True, slots=True)
class Block:
    """One block of code, and where it stands."""

    page: str
    line: int
    language: str
    text: str


@dataclass(frozen=True, slots=True)
class Command:
    """One command line: its words without assignments and comments."""

    page: str
    line: int
    text: str
    words: tuple[str, ...]

    @property
    def arguments(self) -> tuple[str, ...] | None:
        """What ``allaprima`` gets, also under torchrun; None where something else is called."""
        if self.words[0] == "allaprima":
            return self.words[1:]
        if "allaprima" in self.words and self.words[self.words.index("allaprima") - 1] == "-m":
            return self.words[self.words.index("allaprima") + 1 :]
        return None

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"


def pages() -> list[str]:
    """The README and all pages of the documentation but the tour's, from the root."""
    found = sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / "docs").rglob("*.md"))
    return ["README.md", *(page for page in found if not page.startswith(TOUR))]


def blocks_in(text: str, page: str) -> list[Block]:
    """Fenced blocks, and indented ones that hold commands, in their order."""
    found = [Block(page, _line(text, m.start(3)), m[2], _dedented(m[3], len(m[1]))) for m in FENCED.finditer(text)]
    blanked = FENCED.sub(lambda m: re.sub(r"[^\n]", "", m[0]), text)
    found += [Block(page, _line(blanked, m.start()), "", _dedented(m[0], 4)) for m in INDENTED.finditer(blanked)]
    return sorted(found, key=lambda block: block.line)


def blocks() -> list[Block]:
    """All blocks of all pages."""
    return [block for page in pages() for block in blocks_in((ROOT / page).read_text(), page)]


def commands_in(block: Block) -> Iterator[Command]:
    """The command lines of a shell block; those that go on in the next line are put together.

    A block without a language counts where it begins with a program that we know.
    """
    if block.language not in SHELL or (not block.language and not STARTS.match(block.text)):
        return
    lines = block.text.splitlines()
    start = 0
    while start < len(lines):
        end = start + 1
        while end < len(lines) and not _is_whole("\n".join(lines[start:end])):
            end += 1
        text = "\n".join(lines[start:end]).replace("\\\n", " ")
        words = tuple(shlex.split(text, comments=True))
        while words and ASSIGNMENT.fullmatch(words[0]):
            words = words[1:]
        if words:
            yield Command(block.page, block.line + start, text, words)
        start = end


def inline_commands() -> Iterator[Command]:
    """Commands within sentences, as `allaprima export M model.onnx`."""
    for page in pages():
        text = (ROOT / page).read_text()
        blanked = FENCED.sub(lambda m: re.sub(r"[^\n]", "", m[0]), text)
        for match in INLINE.finditer(blanked):
            yield Command(page, _line(blanked, match.start()), match[1], tuple(shlex.split(match[1])))


def _is_whole(text: str) -> bool:
    try:
        shlex.split(text, comments=True)
    except ValueError:  # an open quote
        return False
    return not text.endswith("\\")


def _line(text: str, at: int) -> int:
    return text.count("\n", 0, at) + 1


def _dedented(text: str, width: int) -> str:
    return re.sub(rf"^ {{{width}}}", "", text, flags=re.MULTILINE) if width else text
