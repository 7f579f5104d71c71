"""What the description of a public name must say, as rules that read the source."""

import ast
import re
import sys
from collections.abc import Iterator
from itertools import chain

from tests.docs.blocks import ROOT

sys.path.insert(0, str(ROOT / "tools"))
import public_names as source
from public_names import Public

sys.path.pop(0)
ERRORS = {name for name in source.defined("allaprima.errors") if name != "AllaPrimaError"}
ARRAY = re.compile(r"\b(?:Tensor|NDArray|ndarray)\b")
SHAPED = re.compile(r"\b\w+\[(?:Tensor|np\.ndarray|NDArray\[[^\]]*\]), '[^']*'\]")
SHAPE = re.compile(r"\[[^\]]+\]")
ELSEWHERE = re.compile(r"[Aa]rguments (?:are|as)\b|\b[Ss]ee `|\b[Aa]s (?:in |of )?`|\bare those of `")
CITATION = re.compile(r"et al|\b(?:19|20)\d\d\b|\bequation|\bsection|\bappendix|\bibid\b|PyTorch's", re.IGNORECASE)
CITED = ("ops", "layers", "losses", "augment")
FEW = 2  # parameters that a sentence may leave to their names and types


def undescribed(public: Public) -> list[str]:
    """What nobody says anything of: the name itself, or a method or property that it has of its own."""
    described = {public.name: source.docstring(public.home, public.name)}
    described |= {name: ast.get_docstring(node) or "" for name, node in methods(public) if is_open(name)}
    return [name for name, text in described.items() if not text.strip()]


def without_shape(public: Public) -> list[str]:
    """Functions that take or give an array of which neither the annotation nor the description tells the axes."""
    found = []
    for name, node, text in functions(public):
        annotations = [argument.annotation for argument in parameters(node)] + [node.returns]
        plain = [SHAPED.sub("", ast.unparse(annotation)) for annotation in annotations if annotation]
        if any(ARRAY.search(annotation) for annotation in plain) and not SHAPE.search(text):
            found.append(name)
    return found


def silent_errors(public: Public) -> list[str]:
    """Errors that a function raises, or one of its module that it calls, and that its description does not name."""
    return [
        f"{name} raises {', '.join(sorted(missing))}"
        for name, node, text in functions(public)
        if (missing := raised(public.home, node) - set(re.findall(r"\w+Error", text)))
    ]


def unexplained(public: Public) -> list[str]:
    """Parameters of functions with more than `FEW`, of which the description says nothing, here or where it points."""
    return [
        f"{name}({', '.join(missing)})"
        for name, node, text in functions(public)
        if len(names := [argument.arg for argument in parameters(node)]) > FEW and not ELSEWHERE.search(text)
        if (missing := [one for one in names if not re.search(rf"\b{one}\b", text)])
    ]


def without_source(public: Public) -> list[str]:
    """A function or a layer whose description, and that of its module, names no paper."""
    node = source.defined(public.home)[public.name]
    is_layer = isinstance(node, ast.ClassDef) and public.home.startswith("allaprima.layers")
    if public.home.split(".")[1] not in CITED or not (isinstance(node, ast.FunctionDef) or is_layer):
        return []
    said = source.docstring(public.home, public.name) + source.docstring(public.home)
    return [] if CITATION.search(said) else [public.name]


def functions(public: Public) -> Iterator[tuple[str, ast.FunctionDef, str]]:
    """A function, or the methods of a class, each with its name and with what is said of it and of its class."""
    node = source.defined(public.home)[public.name]
    text = source.docstring(public.home, public.name)
    if isinstance(node, ast.FunctionDef):
        yield public.name, node, text
    for name, method in methods(public):
        if is_open(name) or name in ("__init__", "__call__", "__post_init__"):
            yield f"{public.name}.{name}", method, f"{text}\n{ast.get_docstring(method) or ''}"


def methods(public: Public) -> Iterator[tuple[str, ast.FunctionDef]]:
    """All methods that a class defines."""
    node = source.defined(public.home)[public.name]
    if isinstance(node, ast.ClassDef):
        yield from ((child.name, child) for child in node.body if isinstance(child, ast.FunctionDef))


def raised(module: str, function: ast.FunctionDef, seen: frozenset[str] = frozenset()) -> set[str]:
    """Errors of the tree that a function raises by name, or lets a function of its module raise."""
    found = set()
    near = source.defined(module)
    for node in ast.walk(function):
        match node:
            case ast.Raise(exc=ast.Call(func=ast.Name(name))) if name in ERRORS:
                found.add(name)
            case ast.Call(func=ast.Name(name)) if name not in seen and isinstance(near.get(name), ast.FunctionDef):
                called = near[name]
                assert isinstance(called, ast.FunctionDef)
                found |= raised(module, called, seen | {function.name, name})
    return found


def parameters(function: ast.FunctionDef) -> list[ast.arg]:
    """Without ``self``, and without ``*args`` and ``**kwargs``."""
    every = chain(function.args.posonlyargs, function.args.args, function.args.kwonlyargs)
    return [argument for argument in every if argument.arg not in ("self", "cls")]


def is_open(name: str) -> bool:
    """Whether a method is for its callers."""
    return not name.startswith("_")
