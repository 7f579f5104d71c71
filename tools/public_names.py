"""The public names of allaprima, read from its source without importing it.

A name is public if a package hands it out: its ``__init__.py`` imports it as itself (``from … import name as name``) or
has it in ``__all__``. So are the names in `ALSO`, which no package hands out.
"""

import ast
from functools import cache
from pathlib import Path
from typing import NamedTuple

SOURCE = Path(__file__).parents[1] / "src"
NOT_PUBLIC = {
    "allaprima.cli": "its commands are public, not its functions: [Commands](reference/commands.md)",
    "allaprima.studio": "is spoken to over HTTP: [The studio](studio.md)",
    "allaprima.ops.plain": "the slow definitions of what allaprima.ops has under the same names",
    "allaprima.ops.fast": "the passes in C that the functions of allaprima.ops use on CPUs",
    "allaprima.ops.kernels": "the compiled twins of what allaprima.ops has under the same names",
}
"""Packages whose names are not for other programs, and why, for docs/reference.md."""

ALSO = {
    "allaprima.checkpoint.hub": ("from_pretrained", "push_to_hub", "save_pretrained"),
    "allaprima.device": ("choose_device",),
    "allaprima.errors": (
        "AllaPrimaError",
        "ConfigError",
        "DataError",
        "DownloadError",
        "LatentError",
        "ModelFileError",
        "NonFiniteError",
        "OutputError",
        "RunError",
    ),
    "allaprima.images.film": ("write_film",),
    "allaprima.interchange.state_dict_file": ("export_state_dict",),
    "allaprima.metrics.moments": ("Moments", "moments_of"),
    "allaprima.metrics.separability": ("Separability", "linear_separability"),
    "allaprima.models.judging": ("as_seen", "company_size", "in_company", "judge", "with_company"),
    "allaprima.processes": ("LostProcessError", "Processes", "joined"),
}
"""Modules that one imports by their own names, and what one imports from them."""

Definition = ast.FunctionDef | ast.ClassDef


class Public(NamedTuple):
    """A public name: what hands it out, and the module in which it is defined."""

    package: str
    name: str
    home: str


def public_names() -> list[Public]:
    """All of them, in the order of packages and names; one that two packages hand out is there twice."""
    found = [
        Public(package, name, home)
        for package in sorted(_modules())
        if _modules()[package].name == "__init__.py" and not is_private(package)
        for name, home in handed_out(package).items()
    ]
    found += [Public(module, name, module) for module, names in ALSO.items() for name in names]
    return sorted(found)


def is_private(module: str) -> bool:
    """Whether a package is in `NOT_PUBLIC`, or within one that is."""
    return any(f"{module}.".startswith(f"{package}.") for package in NOT_PUBLIC)


def handed_out(package: str) -> dict[str, str]:
    """The names that a package hands out, each with the module that defines it."""
    listed = _listed(tree(package))
    return {
        alias.name: home_of(node.module, alias.name)
        for node in ast.walk(tree(package))
        if isinstance(node, ast.ImportFrom) and node.module
        for alias in node.names
        if alias.asname == alias.name or alias.name in listed
    }


def home_of(module: str, name: str) -> str:
    """The module that defines ``name``, which ``module`` may only hand on. Raises `LookupError` if none does."""
    if name in defined(module):
        return module
    for node in ast.walk(tree(module)):
        if isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                if (alias.asname or alias.name) == name:
                    return home_of(node.module, alias.name)
    raise LookupError(f"{module} has no {name}")


def defined(module: str) -> dict[str, Definition | None]:
    """Functions and classes that a module defines; None for its values, which have no body of their own."""
    found: dict[str, Definition | None] = {}
    for node in tree(module).body:
        match node:
            case ast.FunctionDef() | ast.ClassDef():
                found[node.name] = node
            case ast.Assign(targets=[ast.Name(name)]) | ast.AnnAssign(target=ast.Name(name)):
                found[name] = None
    return found


def docstring(module: str, name: str = "") -> str:
    """What is written under a definition or a value, or without a name at the head of the module; else nothing."""
    body = tree(module).body
    if not name:
        return ast.get_docstring(tree(module)) or ""
    for node, after in zip(body, [*body[1:], ast.Pass()], strict=True):
        match node, after:
            case (ast.FunctionDef() | ast.ClassDef(), _) if node.name == name:
                return ast.get_docstring(node) or ""
            case (
                ast.Assign(targets=[ast.Name(found)]) | ast.AnnAssign(target=ast.Name(found)),
                ast.Expr(ast.Constant(str(text))),
            ) if found == name:
                return text
    return ""


@cache
def tree(module: str) -> ast.Module:
    """The parsed source of a module. Raises `KeyError` where there is none of that name."""
    return ast.parse(_modules()[module].read_text())


@cache
def _modules() -> dict[str, Path]:
    """All modules by name."""
    found = {}
    for path in (SOURCE / "allaprima").rglob("*.py"):
        parts = path.relative_to(SOURCE).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def _listed(module: ast.Module) -> set[str]:
    for node in module.body:
        match node:
            case ast.Assign(targets=[ast.Name("__all__")], value=ast.List() as value):
                return set(ast.literal_eval(value))
    return set()
