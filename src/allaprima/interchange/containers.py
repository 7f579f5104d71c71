"""Plain values that a pickle makes by a call: dictionaries of all kinds, sets, bytes. All copies are paid for."""

from collections.abc import Callable
from typing import Any

from allaprima.errors import ModelFileError
from allaprima.interchange.limits import Budget
from allaprima.interchange.records import Global, Record, called

KEY_BITS = 60
"""Whole numbers of up to so many bits are their own hash; of larger ones a file could have thousands with the same."""

Builder = Callable[..., Any]
"""Makes a value from a budget and the arguments of a call."""


def checked_key(key: Any) -> Any:
    """Let through what may be a key; not tuples and the like, whose hash takes a file's whole depth to compute."""
    if not (key is None or type(key) in (str, bytes, bool, int)):
        raise ModelFileError(f"uses a {called(key)} as a key, where a text or a number was expected")
    if type(key) is int and key.bit_length() > KEY_BITS:
        raise ModelFileError(f"uses a number of {key.bit_length()} bits as a key, which no model does")
    return key


def make_dict(budget: Budget, content: Any = ()) -> dict[Any, Any]:
    """Make a dictionary from another, or from pairs."""
    if type(content) is dict:
        budget.work(len(content))
        return dict(content)
    pairs = members(budget, content)
    if not all(type(pair) in (list, tuple) and len(pair) == 2 for pair in pairs):
        raise ModelFileError("makes a dictionary of something that is no pairs")
    return {checked_key(key): value for key, value in pairs}


def make_defaultdict(budget: Budget, factory: Any = None, content: Any = ()) -> dict[Any, Any]:
    """Make a dictionary; what it would fill gaps with is left out."""
    if not (factory is None or isinstance(factory, Global)):
        raise ModelFileError(f"makes a dictionary that calls a {called(factory)}")
    return make_dict(budget, content)


def make_set(budget: Budget, content: Any = ()) -> set[Any]:
    """Make a set."""
    return set(map(checked_key, members(budget, content)))


def members(budget: Budget, content: Any) -> list[Any]:
    """Members of a list, a tuple or a set, as a list of their own."""
    if type(content) not in (list, tuple, set, frozenset):
        raise ModelFileError(f"makes a container of a {called(content)}")
    budget.work(len(content))
    return list(content)


def make_bytes(budget: Budget, content: Any = b"", encoding: Any = "latin1") -> bytes:
    """Make bytes from bytes, from a list of numbers, or from the text that older protocols write them as."""
    if type(content) in (list, tuple):
        return bytes(members(budget, content))
    if type(content) not in (str, bytes, bytearray) or encoding not in ("latin1", "latin-1"):
        raise ModelFileError(f"makes bytes of a {called(content)}")
    budget.claim(len(content))
    return content.encode("latin1") if type(content) is str else bytes(content)


def make_complex(_: Budget, real: Any, imaginary: Any = 0.0) -> complex:
    """Make a complex number."""
    if not all(type(part) in (int, float) for part in (real, imaginary)):
        raise ModelFileError(f"makes a complex number of a {called(real)} and a {called(imaginary)}")
    return complex(real, imaginary)


def reconstruct(budget: Budget, kind: Any, base: Any, content: Any) -> Any:
    """Do what protocols 0 and 1 ask for: make an object of class ``kind``, which builds on ``base``."""
    if not (isinstance(kind, Global) and isinstance(base, Global)):
        raise ModelFileError(f"makes an object of a {called(kind)}")
    match str(base):
        case "builtins.dict":
            return make_dict(budget, content)
        case "builtins.list":
            return members(budget, content)
        case "builtins.object" if content is None:
            return Record(kind.module, kind.name)
    raise ModelFileError(f"makes a {called(kind)} out of a {called(base)}")


BUILDERS: dict[str, Builder] = {
    "builtins.bytearray": lambda budget, *a: bytearray(make_bytes(budget, *a)),
    "builtins.bytes": make_bytes,
    "builtins.complex": make_complex,
    "builtins.dict": make_dict,
    "builtins.frozenset": lambda budget, *a: frozenset(make_set(budget, *a)),
    "builtins.list": lambda budget, content=(): members(budget, content),
    "builtins.set": make_set,
    "builtins.tuple": lambda budget, content=(): tuple(members(budget, content)),
    "_codecs.encode": make_bytes,
    "collections.OrderedDict": make_dict,
    "collections.defaultdict": make_defaultdict,
    "copyreg._reconstructor": reconstruct,
    "dnnlib.EasyDict": make_dict,
}
