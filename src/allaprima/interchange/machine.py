"""The stack machine that a pickle is a program for, with nothing behind the instructions that import and call.

Python's own unpickler imports what is named and calls it. This one pushes a `Global`, which is a name, and where a call
is asked for it lets `Rebuilder` make a plain value, a tensor, an array or a `Record` of what was to be called.
"""

from collections.abc import Callable
from typing import Any

from allaprima.errors import ModelFileError
from allaprima.interchange.containers import checked_key
from allaprima.interchange.limits import Budget
from allaprima.interchange.names import recognise
from allaprima.interchange.rebuilder import Rebuilder
from allaprima.interchange.records import Global, called
from allaprima.interchange.stream import Stream

NEWEST_PROTOCOL = 5
DIGITS = 20  # of a number that counts values

Persistent = Callable[[Any], Any]
"""Finds what a pickle refers to outside of itself: in PyTorch's files, storages."""


class Machine:
    """The state of one program, and what its instructions do to it."""

    def __init__(self, stream: Stream, rebuilder: Rebuilder, persistent: Persistent | None = None) -> None:
        self.stream = stream
        self.rebuilder = rebuilder
        self.persistent = persistent
        self.budget: Budget = rebuilder.budget
        self.stack: list[Any] = []
        self.outer: list[list[Any]] = []  # stacks below the marks
        self.memo: dict[int, Any] = {}

    def push(self, value: Any) -> None:
        """Put a value on top."""
        self.stack.append(value)

    def pop(self) -> Any:
        """Take the topmost value."""
        if not self.stack:
            raise ModelFileError(f"is damaged: at byte {self.stream.position:,} there is no value to work on")
        return self.stack.pop()

    def top(self, kind: type, action: str) -> Any:
        """Give the topmost value without taking it; it must be of ``kind``."""
        value = self.pop()
        if type(value) is not kind:
            raise ModelFileError(f"{action} a {called(value)}, where a {kind.__name__} was expected")
        self.stack.append(value)
        return value

    def pop_to_mark(self) -> list[Any]:
        """Take all values above the last mark."""
        if not self.outer:
            raise ModelFileError(f"is damaged: at byte {self.stream.position:,} there is no mark to go back to")
        values, self.stack = self.stack, self.outer.pop()
        return values

    def number(self) -> int:
        """Read a whole number written in decimals."""
        number = int(self.stream.line(DIGITS))
        if number < 0:
            raise ModelFileError(f"is damaged: it counts its values by {number}")
        return number

    def name(self) -> str:
        """Read a line that is a name."""
        return self.stream.line(self.budget.limits.name_bytes).decode("utf-8")

    # Stack and memo

    def mark(self) -> None:
        """Begin a stack of its own for what comes next."""
        self.outer.append(self.stack)
        self.stack = []

    def discard(self) -> None:
        """Forget the topmost value, or the mark that is there."""
        if self.stack:
            self.stack.pop()
        else:
            self.pop_to_mark()

    def double(self) -> None:
        """Put the topmost value there twice."""
        self.stack += [self.pop()] * 2

    def put(self, index: int) -> None:
        """Keep the topmost value."""
        value = self.pop()
        self.stack.append(value)
        self.memo[index] = value

    def get(self, index: int) -> None:
        """Push what was kept."""
        if index not in self.memo:
            raise ModelFileError(f"is damaged: it wants value {index:,} again, which it never had")
        self.stack.append(self.memo[index])

    # Containers

    def pop_several(self, size: int) -> list[Any]:
        """Take the topmost values, the lowest first."""
        return [self.pop() for _ in range(size)][::-1]

    def make_dict(self) -> None:
        """Make a dictionary of what is above the mark."""
        values = self.pop_to_mark()
        self.stack.append({})
        self.set_items(values)

    def append(self, values: list[Any]) -> None:
        """Lengthen the topmost list."""
        self.top(list, "appends to").extend(values)

    def add(self, values: list[Any]) -> None:
        """Enlarge the topmost set."""
        self.top(set, "adds members to").update(map(checked_key, values))

    def set_items(self, values: list[Any]) -> None:
        """Enlarge the topmost dictionary: keys and values take turns."""
        target = self.top(dict, "sets items of")
        if len(values) % 2:
            raise ModelFileError("is damaged: one of its dictionaries has a key without a value")
        for key, value in zip(values[::2], values[1::2], strict=True):
            target[checked_key(key)] = value

    # Names and what is asked of them

    def named(self, module: Any, name: Any) -> Global:
        """Give the stand-in of a name, if models use it."""
        if not (isinstance(name, str) and isinstance(module, str)):
            raise ModelFileError("is damaged: a name in it is no text")
        if len(name) + len(module) > self.budget.limits.name_bytes:
            raise ModelFileError("uses a name that is too long for one")
        return recognise(module, name)

    def call(self, target: Any, arguments: Any, keywords: Any = None) -> None:
        """Push what stands for the result of a call."""
        if not isinstance(target, Global):
            raise ModelFileError(f"calls a {called(target)}, which is nothing to call")
        if not isinstance(arguments, tuple):
            raise ModelFileError(f"calls {target} with a {called(arguments)}, where a tuple was expected")
        if keywords is not None and not (isinstance(keywords, dict) and all(isinstance(k, str) for k in keywords)):
            raise ModelFileError(f"calls {target} with keywords that are none")
        self.stack.append(self.rebuilder.call(target, arguments, keywords or {}))

    def make_instance(self) -> None:
        """Push what stands for an object: the class is above the mark, then what it is to be made with."""
        values = self.pop_to_mark()
        if not values:
            raise ModelFileError("is damaged: it makes an object of no class")
        self.call(values[0], tuple(values[1:]))

    def build(self) -> None:
        """Give the object below the topmost value that value as its state."""
        state = self.pop()
        target = self.pop()
        self.stack.append(target)
        self.rebuilder.build(target, state)

    def refer(self, reference: Any) -> None:
        """Push what a reference means."""
        if self.persistent is None:
            raise ModelFileError("refers to something outside of it, which is not there")
        self.stack.append(self.persistent(reference))

    # About the file

    def begin(self) -> None:
        """Check the protocol."""
        if (protocol := self.stream.unsigned(1)) > NEWEST_PROTOCOL:
            raise ModelFileError(f"is written in pickle protocol {protocol}, but only 0 to {NEWEST_PROTOCOL} are known")

    def refuse_extension(self) -> None:
        """Refuse names that are kept in a registry."""
        raise ModelFileError("uses a name registered with the program that wrote it, which no model needs")

    def refuse_buffer(self) -> None:
        """Refuse data that are kept elsewhere."""
        raise ModelFileError("keeps part of its data outside of it, which no model does")
