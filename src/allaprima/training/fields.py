"""The fields of a frozen dataclass as users write them: kinds, ranges, choices, texts of the form ``field=value``."""

import dataclasses
import types
from collections.abc import Iterable, Mapping
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from allaprima.errors import ConfigError

Table = tuple[tuple[int, float], ...]
"""Values at single resolutions, in a text ``4:128 8:64``."""

IN_WORDS: dict[Any, str] = {
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    str: "a name",
    Table: "pairs of a resolution and a number, as 4:128 8:64",
}
Fields = TypeVar("Fields")


def check_kinds(fields: Any) -> None:
    """Raise `ConfigError` unless each field holds a value of its kind."""
    for name, hint in get_type_hints(type(fields)).items():
        kind, may_be_open = kind_of(hint)
        value = getattr(fields, name)
        if not (is_of(value, kind) or (value is None and may_be_open)):
            raise ConfigError(f"{name} is {value!r}: it must be {IN_WORDS[kind]}")


def check_ranges(fields: Any, ranges: Mapping[str, tuple[float, float]]) -> None:
    """Raise `ConfigError` unless each number is in its range."""
    for name, (low, high) in ranges.items():
        value = getattr(fields, name)
        if value is not None and not low <= value <= high:
            raise ConfigError(f"{name} is {value}: it must be between {low:g} and {high:g}")


def check_choices(fields: Any) -> None:
    """Raise `ConfigError` unless each name is one of those that its field knows."""
    for name, hint in get_type_hints(type(fields)).items():
        value = getattr(fields, name)
        if get_origin(hint) is Literal and value not in get_args(hint):
            raise ConfigError(f"{name} is {value!r}: it must be one of {', '.join(get_args(hint))}")


def kind_of(hint: Any) -> tuple[Any, bool]:
    """The type of a field's values, and whether it may also be None."""
    may_be_open = get_origin(hint) in (Union, types.UnionType)
    if may_be_open:
        (hint,) = (kind for kind in get_args(hint) if kind is not type(None))
    return str if get_origin(hint) is Literal else hint, may_be_open


def is_of(value: object, kind: Any) -> bool:
    """Whether ``value`` is of ``kind``; a whole number is a number too, a truth value is none."""
    if isinstance(value, bool):
        return kind is bool
    if kind == Table:
        return isinstance(value, tuple) and all(
            isinstance(row, tuple) and len(row) == 2 and is_of(row[0], int) and is_of(row[1], float) for row in value
        )
    return isinstance(value, (int, float) if kind is float else kind)


def with_overrides(fields: Fields, overrides: Iterable[str]) -> Fields:
    """``fields`` with some changed by texts of the form ``field=value``. Raises `ConfigError`."""
    changes: dict[str, Any] = {}
    hints = get_type_hints(type(fields))
    for text in overrides:
        name, equals, value = text.partition("=")
        if not equals:
            raise ConfigError(f"--set takes FIELD=VALUE, got {text!r}")
        if name not in hints:
            raise ConfigError(f"a recipe has no field {name!r}; its fields are {', '.join(hints)}")
        changes[name] = parse(name, value, hints[name])
    return dataclasses.replace(fields, **changes)  # type: ignore[type-var]


def parse(name: str, text: str, hint: Any) -> Any:
    """The value of type ``hint`` that ``text`` means. Raises `ConfigError`."""
    kind, may_be_open = kind_of(hint)
    if may_be_open and text.lower() in ("none", "auto"):
        return None
    try:
        if kind is bool:
            return {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}[text.lower()]
        if kind == Table:
            rows = (row.split(":") for row in text.replace(",", " ").split())
            return tuple((int(at), float(value)) for at, value in rows)
        return kind(text)
    except (ValueError, KeyError):
        raise ConfigError(f"{name} is {text!r}: it must be {IN_WORDS[kind]}") from None


def from_json(kind: type[Fields], data: Mapping[str, Any]) -> Fields:
    """The fields that JSON holds, which has lists where `Table` has tuples. Raises `ConfigError` or `TypeError`."""
    return kind(**{name: _tuples(value) for name, value in data.items()})


def _tuples(value: Any) -> Any:
    return tuple(_tuples(item) for item in value) if isinstance(value, list) else value
