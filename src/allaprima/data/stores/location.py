"""What a source is written as: a path, an address, a pattern with braces, a command."""

import itertools
import re
from pathlib import Path

PIPE = "pipe:"
MAPPED = "mmap:"
HUGGING_FACE = "hf://"

_SCHEME = re.compile(r"\b(?!mmap:|pipe:)([a-z][a-z0-9+]+):/(?=[^/])")
_BRACES = re.compile(r"\{([^{}]*)\}")
_RANGE = re.compile(r"(\d+)\.\.(\d+)")


def written(source: str | Path) -> str:
    """Give a source as its user wrote it: a `Path` of an address has lost the second slash of ``https://``."""
    return _SCHEME.sub(r"\1://", str(source)) if isinstance(source, Path) else source


def is_address(text: str) -> bool:
    """Tell whether something is ``scheme://…``."""
    return re.match(r"[a-z][a-z0-9+]+://", text) is not None


def expanded(pattern: str) -> list[str]:
    """Expand braces: ``{000..119}`` to numbers of as many digits, ``{a,b}`` to its parts, several of them to all pairs.

    Other braces stay as they are.
    """
    pieces = _BRACES.split(pattern)  # text, content of braces, text, …
    choices = [[piece] if i % 2 == 0 else _choices(piece) for i, piece in enumerate(pieces)]
    return ["".join(parts) for parts in itertools.product(*choices)]


def _choices(content: str) -> list[str]:
    found = _RANGE.fullmatch(content)
    if found:
        first, last = found.groups()
        return [f"{number:0{len(first)}d}" for number in range(int(first), int(last) + 1)] or [f"{{{content}}}"]
    return content.split(",") if "," in content else [f"{{{content}}}"]
