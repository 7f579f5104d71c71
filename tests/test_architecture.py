"""Imports go one way. The levels are the ones of ARCHITECTURE.md."""

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "src" / "allaprima"

LEVELS = [  # lowest first; a package may import only from levels below its own
    {"errors", "version"},
    {"files", "allocator", "torchrun", "rendezvous", "duration"},
    {"ops", "images", "device", "processes"},
    {"layers", "origin"},
    {"models", "losses", "augment", "data"},
    {"interchange", "surgery"},
    {"checkpoint"},
    {"training", "generation"},
    {"metrics", "latents", "visuals", "doctor"},
    {"studio"},
    {"cli"},
    {"__main__"},
]
LEVEL = {name: level for level, names in enumerate(LEVELS) for name in names}
KNOW_ONLY_MODEL_FILES = {"metrics", "latents", "visuals", "studio"}  # never how a generator was trained


def package_of(source: Path, root: Path = PACKAGE) -> str:
    return source.relative_to(root).parts[0].removesuffix(".py")


def imported_packages(code: str) -> set[str]:
    """First component after ``allaprima.`` of everything that ``code`` imports, at its top or inside functions."""
    names = []
    for node in ast.walk(ast.parse(code)):
        match node:
            case ast.Import():
                names += [alias.name for alias in node.names]
            case ast.ImportFrom(level=0):
                names += [f"{node.module}.{alias.name}" for alias in node.names]
            case ast.ImportFrom():
                names.append("allaprima.(a relative import)")
            case ast.Call(args=[ast.Constant(value=str(name)), *_]) if "import" in ast.unparse(node.func):
                names.append(name)
    return {name.split(".")[1] for name in names if name.startswith("allaprima.")}


def wrong_imports(own: str, code: str) -> list[str]:
    """What a file of the package ``own`` with this text imports, but must not."""
    wrong = []
    for other in sorted(imported_packages(code) - {own}):
        if other not in LEVEL:
            wrong.append(f"allaprima.{other}, which has no level")
        elif LEVEL[other] >= LEVEL[own] or (other == "training" and own in KNOW_ONLY_MODEL_FILES):
            wrong.append(f"allaprima.{other}")
    return wrong


def test_every_import_points_to_a_lower_level() -> None:
    wrong = []
    for source in sorted(PACKAGE.rglob("*.py")):
        own = package_of(source)
        if own != "__init__":
            names = wrong_imports(own, source.read_text(encoding="utf-8"))
            wrong += [f"{source.relative_to(PACKAGE)} imports {name}" for name in names]
    assert not wrong, "\n".join(wrong)


def test_every_package_has_a_level() -> None:
    packages = {package_of(source) for source in PACKAGE.rglob("*.py")} - {"__init__"}
    assert packages <= LEVEL.keys(), f"give a level to {', '.join(sorted(packages - LEVEL.keys()))}"


@pytest.mark.parametrize(
    ("own", "code"),
    [
        ("ops", "import allaprima.layers"),
        ("ops", "from allaprima.layers import EqualizedLinear"),
        ("ops", "from allaprima import layers"),
        ("models", "def lazy():\n   from allaprima.losses import r1_penalty"),
        ("models", "from importlib import import_module\nimport_module('allaprima.data')"),
        ("generation", "from allaprima.training.step import train_step"),
        ("metrics", "import allaprima.training"),
        ("metrics", "import allaprima.latents"),
        ("models", "from .. import losses"),
        ("cli", "import allaprima.utils"),
    ],
)
def test_a_wrong_import_is_seen(own: str, code: str) -> None:
    assert wrong_imports(own, code)


def test_a_right_import_is_let_through() -> None:
    code = "import torch\nfrom allaprima.ops import conv2d\nfrom allaprima.models.geometry import Geometry"
    assert not wrong_imports("models", code)
    assert not wrong_imports("cli", "from allaprima.training import fit\nfrom allaprima.generation import generate")
