"""Code in the docs is the source itself: a hook of MkDocs that puts a function or class where a page asks for it.

A line ``--8<-- losses/path_length.py:path_lengths`` outside of code blocks becomes the source of ``path_lengths``, as
it is in ``src/allaprima/losses/path_length.py`` now, with the file and its lines above it. ``Class.method`` names a
method. A file or a name that is not there stops the build.
"""

import ast
import re
from pathlib import Path
from textwrap import dedent
from typing import Any

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "src" / "allaprima"
INCLUDE = re.compile(r"^--8<-- (?P<path>\S+?):(?P<name>\S+)$", re.MULTILINE)
Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Fill in one page; MkDocs calls this for each (its name and arguments are MkDocs's)."""
    return INCLUDE.sub(lambda found: shown(found["path"], found["name"]), markdown)


def shown(path: str, name: str) -> str:
    """A caption and a code block.

    Raises:
        LookupError: There is no such file in the package, or nothing of that name in it.
    """
    text, first, last = source_of(path, name)
    return f"`src/allaprima/{path}`, lines {first}–{last}:\n\n```py\n{text}\n```"


def source_of(path: str, name: str) -> tuple[str, int, int]:
    """The source of ``name`` in a file of the package, decorators included, and its first and last line."""
    file = PACKAGE / path
    if not file.is_file():
        raise LookupError(f"the docs include {path}:{name}, but there is no file src/allaprima/{path}")
    text = file.read_text()
    node: ast.Module | Definition = ast.parse(text)
    for part in name.split("."):
        inside = [child for child in node.body if isinstance(child, Definition) and child.name == part]
        if not inside:
            raise LookupError(f"the docs include {path}:{name}, but {path} defines no {part} there")
        node = inside[-1]
    assert isinstance(node, Definition)
    assert node.end_lineno is not None
    first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
    return dedent("\n".join(text.splitlines()[first - 1 : node.end_lineno])), first, node.end_lineno
