"""What source code of ours must not do, found in its syntax tree."""

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass

RUNS_CODE = {"pickle", "_pickle", "cPickle", "marshal", "shelve", "dill", "cloudpickle", "joblib"}
EVALUATES = {"eval", "exec", "compile", "__import__"}
SHELLS = {"os.system", "os.popen", "subprocess.getoutput", "subprocess.getstatusoutput", "commands.getoutput"}
SHELLS |= {"asyncio.create_subprocess_shell"}
STARTS = {"run", "call", "check_call", "check_output", "Popen"}
FETCHES = {"urlopen": 2, "urlretrieve": None, "HTTPConnection": 2, "HTTPSConnection": 2}
"""Functions of urllib and http.client, and which argument, from 0, is the time limit; None: there is none."""
ASKS = {"get", "post", "put", "head", "patch", "delete", "request", "stream"}  # of requests and httpx
SAFE_LOADERS = {"SafeLoader", "CSafeLoader"}


@dataclass(frozen=True)
class Finding:
    """A place where code does what it must not.

    Attributes:
        rule: Which.
        line: From 1.
        text: The code.
    """

    rule: str
    line: int
    text: str


def findings(code: str) -> list[Finding]:
    """All of them, by line."""
    tree = ast.parse(code)
    imported = Imported(tree)
    found = [
        Finding(rule, node.lineno, ast.unparse(node))
        for node in ast.walk(tree)
        for rule, breaks in RULES.items()
        if isinstance(node, ast.expr | ast.stmt) and breaks(node, imported)
    ]
    return sorted(found, key=lambda finding: finding.line)


class Imported:
    """What names in a file stand for, by its imports: ``from os import system as s`` makes ``s`` be ``os.system``."""

    def __init__(self, tree: ast.AST) -> None:
        self.of: dict[str, str] = {}
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                for name in node.names:
                    self.of[name.asname or name.name.partition(".")[0]] = (
                        name.name if name.asname else name.name.partition(".")[0]
                    )
            elif isinstance(node, ast.ImportFrom):
                for name in node.names:
                    self.of[name.asname or name.name] = f"{node.module}.{name.name}"

    def full(self, node: ast.expr) -> str:
        """``s`` as ``os.system``; the empty text for what is no name."""
        match node:
            case ast.Name():
                return self.of.get(node.id, node.id)
            case ast.Attribute():
                before = self.full(node.value)
                return f"{before}.{node.attr}" if before else f".{node.attr}"
        return ""


def _called(node: ast.AST, imported: Imported) -> str:
    return imported.full(node.func) if isinstance(node, ast.Call) else ""


def _keyword(node: ast.AST, name: str) -> ast.expr | None:
    assert isinstance(node, ast.Call)
    return next((word.value for word in node.keywords if word.arg == name), None)


def _is(node: ast.expr | None, value: object) -> bool:
    return isinstance(node, ast.Constant) and node.value is value


def imports_what_runs_code(node: ast.AST, imported: Imported) -> bool:
    """``import pickle`` and the like, also by a text: ``import_module("pickle")``."""
    names: list[str] = []
    if isinstance(node, ast.Import):
        names = [name.name for name in node.names]
    elif isinstance(node, ast.ImportFrom):
        names = [node.module or ""]
    elif _called(node, imported).rpartition(".")[2] in ("import_module", "__import__"):
        assert isinstance(node, ast.Call)
        names = [str(word.value) for word in node.args if isinstance(word, ast.Constant)]
    return any(name.partition(".")[0] in RUNS_CODE for name in names)


def loads_pickles(node: ast.AST, imported: Imported) -> bool:
    """``torch.load`` without ``weights_only=True``, and what pandas and jit have of that kind."""
    called = _called(node, imported)
    if called in ("torch.jit.load", "torch.package.PackageImporter") or called.endswith("read_pickle_unsafe"):
        return True
    return called in ("torch.load", "torch.serialization.load") and not _is(_keyword(node, "weights_only"), True)


def writes_pickles(node: ast.AST, imported: Imported) -> bool:
    """``torch.save``, and ``dump`` of a module of pickles."""
    called = _called(node, imported)
    module, _, name = called.rpartition(".")
    return called in ("torch.save", "torch.serialization.save", "torch.jit.save") or (
        module.partition(".")[0] in RUNS_CODE and name in ("dump", "dumps")
    )


def allows_pickles_in_arrays(node: ast.AST, imported: Imported) -> bool:
    """``allow_pickle`` that is not plainly False."""
    if not isinstance(node, ast.Call):
        return False
    asked = _keyword(node, "allow_pickle")
    return asked is not None and not _is(asked, False)


def evaluates_text(node: ast.AST, imported: Imported) -> bool:
    """``eval``, ``exec``, ``compile`` and ``__import__``; those of re and torch are other functions."""
    called = _called(node, imported)
    return called in EVALUATES or called in {f"builtins.{name}" for name in EVALUATES}


def uses_a_shell(node: ast.AST, imported: Imported) -> bool:
    """A shell, by name or by ``shell=True``, or a program given as one text."""
    called = _called(node, imported)
    if not called:
        return False
    if called in SHELLS:
        return True
    assert isinstance(node, ast.Call)
    shell = _keyword(node, "shell")
    if shell is not None and not _is(shell, False):
        return True
    if called not in {f"subprocess.{name}" for name in STARTS}:
        return False
    command = node.args[0] if node.args else _keyword(node, "args")
    return isinstance(command, ast.JoinedStr) or (isinstance(command, ast.Constant) and isinstance(command.value, str))


def loads_yaml_objects(node: ast.AST, imported: Imported) -> bool:
    """YAML that may make objects: any loader but the safe ones."""
    called = _called(node, imported)
    if called in ("yaml.unsafe_load", "yaml.full_load", "yaml.unsafe_load_all", "yaml.full_load_all"):
        return True
    if called not in ("yaml.load", "yaml.load_all"):
        return False
    assert isinstance(node, ast.Call)
    loader = node.args[1] if len(node.args) > 1 else _keyword(node, "Loader")
    return loader is None or imported.full(loader).rpartition(".")[2] not in SAFE_LOADERS


def guesses_a_name(node: ast.AST, imported: Imported) -> bool:
    """``tempfile.mktemp``: somebody else may take the name first."""
    return _called(node, imported) in ("tempfile.mktemp", "os.tmpnam", "os.tempnam")


def waits_for_ever(node: ast.AST, imported: Imported) -> bool:
    """A request over the network without a time limit."""
    called = _called(node, imported)
    module, _, name = called.rpartition(".")
    if not isinstance(node, ast.Call) or any(word.arg in ("timeout", None) for word in node.keywords):
        return False
    if module.partition(".")[0] in ("requests", "httpx") and name in ASKS:
        return True
    if module.partition(".")[0] in ("urllib", "http") and name in FETCHES:
        place = FETCHES[name]
        return place is None or len(node.args) <= place
    return False


def unpacks_archives(node: ast.AST, imported: Imported) -> bool:
    """Names in an archive become paths: ``extract``, ``extractall`` and ``shutil.unpack_archive``."""
    called = _called(node, imported)
    return called == "shutil.unpack_archive" or (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in ("extractall", "extract")
    )


RULES: dict[str, Callable[[ast.AST, Imported], bool]] = {
    "imports what runs code": imports_what_runs_code,
    "loads pickles": loads_pickles,
    "writes pickles": writes_pickles,
    "allows pickles in arrays": allows_pickles_in_arrays,
    "evaluates text": evaluates_text,
    "uses a shell": uses_a_shell,
    "loads YAML objects": loads_yaml_objects,
    "guesses a name": guesses_a_name,
    "waits for ever": waits_for_ever,
    "unpacks archives": unpacks_archives,
}


def lines(found: list[Finding]) -> Iterator[str]:
    """For a message."""
    for finding in found:
        yield f"line {finding.line} {finding.rule}: {finding.text}"
