"""A worker's own process: takes orders from a pipe, one after the other, until the pipe is closed."""

import logging
import os
import signal
import sys
from collections.abc import Generator
from contextlib import suppress
from importlib import import_module
from multiprocessing.connection import Connection
from typing import Any

from allaprima.allocator import keep_memory
from allaprima.errors import AllaPrimaError
from allaprima.studio.places import Places

PACKAGE = "allaprima.studio.work"
log = logging.getLogger("allaprima.studio")


def serve(connection: Connection, places: Places, device: str, niceness: int, threads: int | None) -> None:
    """Do what is asked for: messages are ``(number, task, arguments)``, answers ``(number, kind, content)``.

    Kinds of answers are ``step`` (there may be many), and one of ``done``, ``refused`` (with a sentence), ``broken``.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group: the server ends its workers
    with suppress(OSError, AttributeError):
        os.nice(niceness)
    keep_memory()
    import torch

    from allaprima.device import choose_device
    from allaprima.studio.work.bench import Bench

    if threads:
        torch.set_num_threads(threads)
    bench = Bench(places.models, choose_device(device), places.datasets)
    with suppress(EOFError, OSError, KeyboardInterrupt):
        connection.send((0, "done", os.getpid()))
        while (order := connection.recv()) is not None:
            number, task, arguments = order
            for kind, content in answers(bench, task, arguments):
                connection.send((number, kind, content))


def answers(bench: Any, task: str, arguments: tuple[Any, ...]) -> Generator[tuple[str, Any], None, None]:
    """Steps and the end of a task, whatever happens in it."""
    try:
        made = resolve(task)(bench, *arguments)
        if isinstance(made, Generator):
            made = yield from _steps(made)
        yield "done", made
    except AllaPrimaError as error:
        yield "refused", str(error)
    except MemoryError:
        yield "refused", "there is not enough memory for this: ask for less at once"
    except RuntimeError as error:
        if "out of memory" not in str(error) and "can't allocate memory" not in str(error):
            yield from _broken(task, error)
            return
        yield "refused", "there is not enough memory for this: ask for less at once"
    except Exception as error:  # whatever it is, the worker goes on
        yield from _broken(task, error)


def _steps(made: Generator[Any, None, Any]) -> Generator[tuple[str, Any], None, Any]:
    while True:
        try:
            step = next(made)
        except StopIteration as end:
            return end.value
        yield "step", step


def _broken(task: str, error: Exception) -> Generator[tuple[str, Any], None, None]:
    log.error("the task %s failed", task, exc_info=error)
    yield "broken", f"{task.rpartition(':')[2].replace('_', ' ')} failed ({type(error).__name__}): the log has the rest"
    sys.stderr.flush()


def resolve(task: str) -> Any:
    """The function that ``module:name`` means, of this package alone."""
    module, _, name = task.partition(":")
    return getattr(import_module(f"{PACKAGE}.{module}"), name)
