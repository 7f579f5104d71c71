"""What a foreign file holds, line by line, module by module; nothing is built for it."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from allaprima.interchange.numpy_payload import shown_shape
from allaprima.interchange.records import Global, Record, printable
from allaprima.interchange.tf_network import TFNetwork, tf_network
from allaprima.interchange.torch_module import TorchModule, torch_module

LONGEST_LIST = 8  # plain values that are shown on one line
SOURCE_FROM = 1000  # characters from which a text is taken for source, and only counted


class Line(NamedTuple):
    """One thing in a file: how deep it is, its name, and what it is."""

    depth: int
    name: str
    text: str


def describe(value: Any) -> Iterator[str]:
    """List what `read_pickle` gave, as indented text. Foreign text is made harmless to terminals."""
    for line in outline(value):
        name = f"{printable(line.name)}  " if line.name else ""
        yield "  " * line.depth + name + line.text


def outline(value: Any, name: str = "", depth: int = 0) -> Iterator[Line]:
    """List what `read_pickle` gave: classes, what they were made with, tensors with their shapes and formats.

    The first line is ``value`` itself under this ``name``, at this ``depth``.

    Raises:
        ModelFileError: Something stands where a tensor or a module should.
    """
    if isinstance(value, Record):
        if module := torch_module(value):
            yield from _module(module, name, depth)
        elif network := tf_network(value):
            yield from _network(network, name, depth)
        else:
            yield from _record(value, name, depth)
    elif isinstance(value, Mapping) and not _is_plain(value):
        yield Line(depth, name, f"dict of {len(value)}")
        for key, item in value.items():
            yield from outline(item, str(key), depth + 1)
    elif isinstance(value, list | tuple) and not isinstance(value, torch.Size) and not _is_plain(value):
        yield Line(depth, name, f"{type(value).__name__} of {len(value)}")
        for index, item in enumerate(value):
            yield from outline(item, str(index), depth + 1)
    else:
        yield Line(depth, name, in_words(value))


def _module(module: TorchModule, name: str, depth: int, told: str = "") -> Iterator[Line]:
    tensors = module.state_dict().values()
    count = sum(tensor.numel() for tensor in tensors)
    yield Line(depth, name, f"{printable(module.class_name)}: {len(tensors)} tensors, {count:,} numbers")
    yield from _made_with(module.keywords, "" if module.source == told else module.source, depth + 1)
    for kind, own in (("parameter", module.parameters), ("buffer", module.buffers)):
        for part, tensor in own.items():
            yield Line(depth + 1, part, f"{in_words(tensor)} {kind}")
    for part, child in module.children.items():
        yield from _module(child, part, depth + 1, module.source)


def _network(network: TFNetwork, name: str, depth: int, told: str = "") -> Iterator[Line]:
    arrays = network.all_variables().values()
    count = sum(array.size for array in arrays)
    title = f"{printable(network.name)} by {printable(network.function)}, version {network.version}"
    yield Line(depth, name, f"{title}: {len(arrays)} variables, {count:,} numbers")
    yield from _made_with(network.keywords, "" if network.source == told else network.source, depth + 1)
    for part, array in network.variables.items():
        yield Line(depth + 1, part, in_words(array))
    for part, component in network.components.items():
        yield from _network(component, part, depth + 1, network.source)


def _made_with(keywords: dict[str, Any], source: str, depth: int) -> Iterator[Line]:
    if keywords:
        yield Line(depth, "made with", in_words(keywords))
    if source:
        yield Line(depth, "source", f"{len(source):,} characters (not run)")


def _record(record: Record, name: str, depth: int) -> Iterator[Line]:
    yield Line(depth, name, printable(f"{record.module}.{record.name}") + " (not made)")
    for part, content in (("arguments", record.arguments), ("keywords", record.keywords), ("state", record.state)):
        if content:
            yield from outline(content, part, depth + 1)


def in_words(value: Any) -> str:
    """Put a value on one line."""
    match value:
        case Tensor():
            return f"{str(value.dtype).removeprefix('torch.')} {shown_shape(tuple(value.shape))}"
        case np.ndarray():
            return f"{value.dtype} {shown_shape(value.shape)}"
        case str() if len(value) > SOURCE_FROM:
            return f"text of {len(value):,} characters (not run)"
        case str():
            return f"'{printable(value)}'"
        case bytes() | bytearray():
            return f"{len(value):,} bytes"
        case dict():
            return ", ".join(f"{printable(str(key))} {_inner(item)}" for key, item in value.items()) or "nothing"
        case list() | tuple():
            return "[" + ", ".join(map(_inner, value[:LONGEST_LIST])) + (", …]" if len(value) > LONGEST_LIST else "]")
        case set() | frozenset():
            return f"set of {len(value)}"
        case Global():
            return printable(str(value))
        case np.generic():
            return printable(str(value.item()))
    return printable(str(value))


def _inner(value: Any) -> str:
    """Put a value into a line, shortly."""
    if isinstance(value, dict):
        return "{" + in_words(value) + "}" if _is_plain(value) else f"dict of {len(value)}"
    if isinstance(value, list | tuple) and not _is_plain(value):
        return f"{type(value).__name__} of {len(value)}"
    return in_words(value)


def _is_plain(value: Any) -> bool:
    """Whether a container holds single values only."""
    items = value.values() if isinstance(value, Mapping) else value
    return not any(isinstance(item, Mapping | list | tuple | set | Record | Tensor | np.ndarray) for item in items)
