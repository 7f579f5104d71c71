"""What a call in a pickle gives: a plain value, an array, a tensor, or a record of the call. Never a call.

Mappings of every kind become dicts: an ``OrderedDict`` or an ``EasyDict`` adds nothing to that.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

from allaprima.errors import ModelFileError
from allaprima.interchange import containers, torch_payload
from allaprima.interchange.limits import Budget
from allaprima.interchange.numpy_payload import Arrays
from allaprima.interchange.records import Global, Record, called

ReadStorage = Callable[[bytes], torch_payload.Storage]
"""Reads a storage out of the bytes of a file within the file."""


class Rebuilder:
    """Makes what a pickle asks for, within a budget.

    Args:
        budget: What may be spent.
        read_storage: Reads a file within the file; None where there can be none.
    """

    def __init__(self, budget: Budget, read_storage: ReadStorage | None = None) -> None:
        self.budget = budget
        self.arrays = Arrays(budget)
        self._read_storage = read_storage
        tables = {**containers.BUILDERS, **torch_payload.BUILDERS}
        self.builders: dict[str, Callable[..., Any]] = {
            **{name: partial(builder, budget) for name, builder in tables.items()},
            **self.arrays.builders,
            "torch.storage._load_from_bytes": self._storage,
        }

    def call(self, target: Global, arguments: tuple[Any, ...], keywords: dict[str, Any]) -> Any:
        """Give what stands for ``target(*arguments, **keywords)``."""
        builder = self.builders.get(str(target))
        if builder is None:
            return Record(target.module, target.name, arguments, keywords)
        if keywords:
            raise ModelFileError(f"calls {target} with keywords, which it does not have")
        try:
            return builder(*arguments)
        except TypeError as error:
            raise ModelFileError(f"calls {target} with {len(arguments)} arguments that do not suit it") from error

    def build(self, target: Any, state: Any) -> None:
        """Give an object its state."""
        if isinstance(target, Record):
            if target.state is not None:
                raise ModelFileError(f"gives a {called(target)} its state twice")
            target.state = state
        elif self.arrays.is_pending(target):
            self.arrays.fill(target, state)
        elif type(target) is not dict:  # attributes of a dictionary, such as PyTorch's versions, are nothing to keep
            raise ModelFileError(f"gives a state to a {called(target)}, which has none")

    def _storage(self, content: Any) -> torch_payload.Storage:
        if self._read_storage is None:
            raise ModelFileError("has a file within a file within it, which no model needs")
        if not isinstance(content, bytes):
            raise ModelFileError(f"has a {called(content)} where the bytes of a storage were expected")
        return self._read_storage(content)
