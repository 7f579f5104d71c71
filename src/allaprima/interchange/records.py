"""What stands for the classes and functions that a pickle names: their names, and what they were to be called with."""

from dataclasses import dataclass, field
from typing import Any

SHOWN = 80  # characters of a foreign text in a message


@dataclass(frozen=True, slots=True)
class Global:
    """The name of a class or a function. Nothing is behind it."""

    module: str
    name: str

    def __str__(self) -> str:
        return f"{self.module}.{self.name}"


@dataclass(slots=True, eq=False)
class Record:
    """An object that was not made: its class, what it was to be made with, and what it was to remember.

    Attributes:
        module: Where the class, or the function that makes the object, is at home.
        name: Its name.
        arguments: What it was to be called with.
        keywords: Idem, by name.
        state: What was to become its attributes: nearly always a dict.
    """

    module: str
    name: str
    arguments: tuple[Any, ...] = ()
    keywords: dict[str, Any] = field(default_factory=dict)
    state: Any = None

    def __repr__(self) -> str:
        return f"<record of {self.module}.{self.name}>"  # not its contents, which may be endless

    def is_of(self, module: str, name: str) -> bool:
        """Whether it stands for an object of that class."""
        return (self.module, self.name) == (module, name)


def printable(text: str, length: int = SHOWN) -> str:
    """Foreign text for a message: on one line, without signs that a terminal would obey, cut if it is long."""
    shown = "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text[:length])
    return shown + ("…" if len(text) > length else "")


def called(value: Any) -> str:
    """What to call a value in a message."""
    if isinstance(value, Global | Record):
        return printable(f"{value.module}.{value.name}")
    return type(value).__name__
