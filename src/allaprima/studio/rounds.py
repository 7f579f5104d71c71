"""Rounds of "which one is real?": who does not know the answer cannot find it in an address or in a file's length."""

import secrets
import time
from dataclasses import dataclass, field
from typing import Literal

from allaprima.studio.errors import StudioError, UnknownError

Side = Literal["left", "right"]
SIDES: tuple[Side, Side] = ("left", "right")
LIFE = 15 * 60.0  # seconds that a round waits for its answer
MOST_BYTES = 64 * 2**20  # of all rounds' pictures


@dataclass(slots=True, kw_only=True)
class Round:
    """Two pictures, and what is known of them.

    Attributes:
        files: PNG by side.
        real: Where the real one is.
        model: Who painted the other one.
        dataset: Where the real one is from.
        seed: Of the painted one.
        class_: Its class, if the model has any.
        truncation: With which it was painted.
        id: The round's name, which nobody can guess.
        made: When, in seconds.
        is_answered: Whether somebody has guessed.
    """

    files: dict[Side, bytes]
    real: Side
    model: str
    dataset: str
    seed: int
    class_: int | None
    truncation: float
    id: str = field(default_factory=lambda: secrets.token_urlsafe(12))
    made: float = field(default_factory=time.monotonic)
    is_answered: bool = False

    @property
    def size(self) -> int:
        """Bytes of its pictures."""
        return sum(map(len, self.files.values()))


class Rounds:
    """The rounds that are being played, the oldest first. Old ones are forgotten, by their age and for want of room."""

    def __init__(self, *, most_bytes: int = MOST_BYTES, life: float = LIFE) -> None:
        self.most_bytes, self.life = most_bytes, life
        self._all: dict[str, Round] = {}
        self._size = 0

    def __len__(self) -> int:
        return len(self._all)

    def add(self, round_: Round) -> None:
        """Remember a round."""
        self._all[round_.id] = round_
        self._size += round_.size
        oldest = time.monotonic() - self.life
        for each in list(self._all.values()):
            if len(self._all) == 1 or (each.made > oldest and self._size <= self.most_bytes):
                break
            self._forget(each)

    def find(self, number: str) -> Round:
        """The round of that name. Raises `UnknownError`."""
        found = self._all.get(number)
        if found is None or found.made < time.monotonic() - self.life:
            raise UnknownError("this round is over: start another one")
        return found

    def guess(self, number: str, side: Side) -> Round:
        """Answer a round, once. Raises `UnknownError` or `StudioError`."""
        found = self.find(number)
        if found.is_answered:
            raise StudioError("this round has been answered: start another one")
        found.is_answered = True
        return found

    def _forget(self, round_: Round) -> None:
        del self._all[round_.id]
        self._size -= round_.size
