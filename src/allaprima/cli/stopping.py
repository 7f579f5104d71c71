"""A wish to stop, which long work meets where it can save what it has."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


class Stop:
    """A wish to stop: of the user, or as no metric gets better any more."""

    wished = False
    enough = False


@contextmanager
def stop_signal() -> Iterator[Stop]:
    """Turn the first Ctrl-C or SIGTERM into a wish to stop; a second Ctrl-C stops at once."""
    stop = Stop()

    def wish(number: int, frame: FrameType | None) -> None:
        stop.wished = True
        signal.signal(signal.SIGINT, signal.default_int_handler)

    before = {number: signal.signal(number, wish) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
