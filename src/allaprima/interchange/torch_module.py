"""A record of a PyTorch module, seen as one: its tensors by name, the modules in it, and what it was made with.

NVIDIA's pickles keep each module as a call of ``_reconstruct_persistent_obj`` with the source text of its class; whole
modules in other files have PyTorch's own form. Both keep the attributes of the module, and these tell everything.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from torch import Tensor

from allaprima.errors import ModelFileError
from allaprima.interchange.records import Record, called, printable

HOOKS = "_hooks"
PARTS = ("_parameters", "_buffers", "_modules")
INNER = {*PARTS, "_non_persistent_buffers_set", "_is_full_backward_hook", "_init_args", "_init_kwargs"}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TorchModule:
    """A module that was not made.

    Attributes:
        class_name: Its class, without the module where that was at home.
        parameters: Own parameters that are there, by name.
        buffers: Own buffers, idem. Frozen layers keep their weights here.
        children: Modules in it, by name.
        attributes: Everything else that it was to remember.
        arguments: What it was made with, if that was kept.
        keywords: Idem, by name.
        source: Text of the Python module that defines the class, if that was kept. It is never run.
    """

    class_name: str
    parameters: dict[str, Tensor]
    buffers: dict[str, Tensor]
    children: dict[str, "TorchModule"]
    attributes: dict[str, Any]
    arguments: tuple[Any, ...] = ()
    keywords: dict[str, Any]
    source: str = ""

    def state_dict(self, prefix: str = "") -> dict[str, Tensor]:
        """All parameters and buffers [any shape], named from here."""
        own = {f"{prefix}{name}": tensor for name, tensor in {**self.parameters, **self.buffers}.items()}
        for name, child in self.children.items():
            own |= child.state_dict(f"{prefix}{name}.")
        return own

    def walk(self, name: str = "") -> Iterator[tuple[str, "TorchModule"]]:
        """The module and all in it, by dotted name."""
        yield name, self
        for part, child in self.children.items():
            yield from child.walk(f"{name}.{part}" if name else part)


def torch_module(value: Any) -> TorchModule | None:
    """Give the module that a record stands for; None if it stands for anything else.

    Raises:
        ModelFileError: It is a module, but what should be a tensor or a module in it is none.
    """
    found = _class_and_state(value)
    if found is None:
        return None
    class_name, state, source = found
    if not all(isinstance(state.get(part), dict) for part in PARTS):
        return None
    children = {name: torch_module(child) for name, child in _present(state["_modules"], class_name).items()}
    for name, child in children.items():
        if child is None:
            wrong = called(state["_modules"][name])
            raise ModelFileError(f"the file has a {wrong} where the module {printable(class_name)}.{name} was expected")
    return TorchModule(
        class_name=class_name,
        parameters=_tensors(state["_parameters"], class_name),
        buffers=_tensors(state["_buffers"], class_name),
        children={name: child for name, child in children.items() if child is not None},
        attributes={k: v for k, v in state.items() if k not in INNER and not (isinstance(k, str) and HOOKS in k)},
        arguments=_of_kind(state.get("_init_args", ()), tuple),
        keywords=_of_kind(state.get("_init_kwargs", {}), dict),
        source=source,
    )


def _class_and_state(value: Any) -> tuple[str, dict[Any, Any], str] | None:
    """Class, attributes and source, if ``value`` is a record that has them."""
    match value:
        case Record(
            module="torch_utils.persistence",
            name="_reconstruct_persistent_obj",
            arguments=({"class_name": str(name), "state": dict(state)} as meta,),
        ):
            source = meta.get("module_src", "")
            return name, state, source if isinstance(source, str) else ""
        case Record(name=name, state=dict(state)):
            return name, state, ""
    return None


def _present(parts: dict[Any, Any], class_name: str) -> dict[str, Any]:
    """Parts that are there: a module may have a name for one that it has not."""
    for name in parts:
        if not isinstance(name, str):
            raise ModelFileError(f"the file has a part of {printable(class_name)} that has no name")
    return {name: part for name, part in parts.items() if part is not None}


def _tensors(parts: dict[Any, Any], class_name: str) -> dict[str, Tensor]:
    present = _present(parts, class_name)
    for name, part in present.items():
        if not isinstance(part, Tensor):
            where = printable(f"{class_name}.{name}")
            raise ModelFileError(f"the file has a {called(part)} where the tensor {where} was expected")
    return present


def _of_kind(value: Any, kind: type) -> Any:
    return value if isinstance(value, kind) else kind()
