"""A look at what a pickle left, before anyone walks through it: how deep it is, and how large without sharing."""

from collections.abc import Iterator
from typing import Any

from allaprima.errors import ModelFileError
from allaprima.interchange.limits import Limits
from allaprima.interchange.records import Record


class _Visit:
    """A container that is being looked at."""

    def __init__(self, value: Any) -> None:
        self.value = value
        self.parts = parts_of(value)
        self.depth = 0
        self.nodes = 1


def survey(value: Any, limits: Limits) -> None:
    """Refuse what contains itself, is too deep, or is too large where everything shared is counted again.

    Whoever has the value may then walk it as a tree, by recursion. Each container is looked at once.
    """
    sizes: dict[int, tuple[int, int]] = {}  # depth and nodes of what has been looked at
    open_ids = {id(value)}
    visits = [_Visit(value)]
    while visits:
        visit = visits[-1]
        for part in visit.parts:
            if id(part) in open_ids:
                raise ModelFileError("holds something that contains itself, which no model does")
            if is_container(part) and id(part) not in sizes:
                if len(visits) > limits.depth:
                    _refuse_depth(limits)
                open_ids.add(id(part))
                visits.append(_Visit(part))
                break
            depth, nodes = sizes.get(id(part), (0, 1))
            _count(visit, depth, nodes, limits)
        else:
            visits.pop()
            open_ids.discard(id(visit.value))
            sizes[id(visit.value)] = visit.depth, visit.nodes
            if visits:
                _count(visits[-1], visit.depth, visit.nodes, limits)


def _count(visit: _Visit, depth: int, nodes: int, limits: Limits) -> None:
    visit.depth = max(visit.depth, depth + 1)
    visit.nodes += nodes
    if visit.depth > limits.depth:
        _refuse_depth(limits)
    if visit.nodes > limits.nodes:
        raise ModelFileError(f"holds more than {limits.nodes:,} values, which no model does: it looks like a bomb")


def _refuse_depth(limits: Limits) -> None:
    raise ModelFileError(f"is nested more than {limits.depth} deep, which no model is")


def is_container(value: Any) -> bool:
    """Whether there may be other values in it."""
    return isinstance(value, Record) or type(value) in (dict, list, tuple)


def parts_of(value: Any) -> Iterator[Any]:
    """Values that are directly in it."""
    if isinstance(value, Record):
        return iter((value.arguments, value.keywords, value.state))
    return iter(value.values() if isinstance(value, dict) else value) if is_container(value) else iter(())
