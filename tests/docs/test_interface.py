"""Every public name is on a page of the reference, and its description says what one must know to use it."""

import ast
import re
import sys
from collections.abc import Callable
from importlib import import_module
from types import ModuleType

import pytest

from tests.docs import docstring_rules as rules
from tests.docs.blocks import ROOT
from tests.docs.docstring_rules import Public, source

sys.path.insert(0, str(ROOT / "tools"))
import docs_interface

sys.path.pop(0)
PUBLIC = [public for public in source.public_names() if public.name != "__version__"]
SHOWN = re.compile(r"^::: (\S+)\n    options: \{ members: \[([^\]]*)\]", re.MULTILINE)
RULES = [rules.undescribed, rules.without_shape, rules.silent_errors, rules.unexplained, rules.without_source]
each_rule = pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)


def test_pages_are_fresh_and_no_others_are_there() -> None:
    texts = docs_interface.text()
    assert {path.name for path in docs_interface.FOLDER.iterdir()} == {path.name for path in texts} - {"reference.md"}
    for path, text in texts.items():
        assert path.read_text() == text, f"{path.name} is stale: python tools/docs_interface.py"


def test_every_public_name_is_shown_once_on_the_pages() -> None:
    pages = [path.read_text() for path in docs_interface.FOLDER.iterdir()]
    shown = [f"{home}.{name}" for page in pages for home, names in SHOWN.findall(page) for name in names.split(", ")]
    assert sorted(shown) == sorted({f"{public.home}.{public.name}" for public in PUBLIC})


def test_every_page_is_in_the_navigation_and_in_the_index() -> None:
    navigation, index = (ROOT / "mkdocs.yml").read_text(), docs_interface.INDEX.read_text()
    for path in docs_interface.FOLDER.iterdir():
        assert f"reference/python/{path.name}" in navigation
        assert f"(reference/python/{path.name})" in index


def test_the_source_was_read_as_python_imports_it() -> None:
    assert len(PUBLIC) > 350
    for public in PUBLIC:
        assert getattr(import_module(public.package), public.name) is getattr(import_module(public.home), public.name)


def test_no_package_hands_out_what_the_reader_of_the_source_overlooks() -> None:
    for package in {public.package for public in PUBLIC if public.package not in source.ALSO}:
        module = import_module(package)
        listed = {name for name in getattr(module, "__all__", ()) if name != "__version__"}
        assert listed <= {public.name for public in PUBLIC if public.package == package}
        assert listed or {name for name in vars(module) if handed(module, name)} <= {
            public.name for public in PUBLIC if public.package == package
        }


def handed(module: ModuleType, name: str) -> bool:
    """Whether a name is one that a package without ``__all__`` took from its own modules to hand it out."""
    home = getattr(getattr(module, name), "__module__", "")
    return not name.startswith("_") and isinstance(home, str) and home.startswith(f"{module.__name__}.")


@each_rule
def test_descriptions_say_what_they_must(rule: Callable[[Public], list[str]]) -> None:
    assert [f"{public.home}.{found}" for public in PUBLIC for found in rule(public)] == []


BAD = '''
"""Lengths."""

def length(x: Tensor, axis: int, sign: int) -> Float[Tensor, "n"]:
    """How long they are."""
    return _checked(x)

def _checked(x):
    raise ConfigError(x)

class Ruler:
    def measure(self): ...
'''
GOOD = '''
"""Lengths: Euclid (1908), section 1."""

def length(x: Tensor, axis: int, sign: int) -> Float[Tensor, "n"]:
    """How long x [n, d] is along ``axis``, times ``sign``. Raises `ConfigError`."""
    return _checked(x)

def _checked(x):
    raise ConfigError(x)

class Ruler:
    """Measures."""
    def measure(self):
        """Do it."""
'''


@pytest.fixture
def read_as(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], list[Public]]:
    """Makes a text the source of ``allaprima.ops.lengths``; its names."""

    def read(text: str) -> list[Public]:
        monkeypatch.setattr(source, "tree", lambda module: ast.parse(text))
        home = "allaprima.ops.lengths"
        return [Public("allaprima.ops", name, home) for name in source.defined(home) if not name.startswith("_")]

    return read


@each_rule
def test_each_rule_finds_what_is_missing_and_nothing_else(
    rule: Callable[[Public], list[str]], read_as: Callable[[str], list[Public]]
) -> None:
    missing = {
        "undescribed": ["Ruler", "measure"],
        "without_shape": ["length"],
        "silent_errors": ["length raises ConfigError"],
        "unexplained": ["length(x, axis, sign)"],
        "without_source": ["length"],
    }
    assert [found for public in read_as(BAD) for found in rule(public)] == missing[rule.__name__]
    assert [found for public in read_as(GOOD) for found in rule(public)] == []
