"""Work that tells a function how far it is, as the generator of steps that a worker wants."""

import queue
import threading
from collections.abc import Callable, Generator
from typing import Any, TypeVar

T = TypeVar("T")
Step = dict[str, Any]


def steps_of(work: Callable[[Callable[[Step], None]], T]) -> Generator[Step, None, T]:
    """Do ``work`` in a thread of its own, and yield each step that it tells the function it is given.

    What it raises is raised here. If the process is ended, the thread ends with it.
    """
    told: queue.SimpleQueue[Step | None] = queue.SimpleQueue()
    made: list[T] = []
    failed: list[BaseException] = []

    def run() -> None:
        try:
            made.append(work(told.put))
        except BaseException as error:  # it is raised again where it can be answered
            failed.append(error)
        told.put(None)

    threading.Thread(target=run, daemon=True).start()
    while (step := told.get()) is not None:
        yield step
    if failed:
        raise failed[0]
    return made[0]
