"""The server's end of a worker: orders go out, answers come back, and if the process dies another one is started."""

import asyncio
import itertools
import logging
import multiprocessing
import queue
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from allaprima.errors import AllaPrimaError
from allaprima.studio.errors import BrokenError, StudioError, WorkerDiedError
from allaprima.studio.places import Places

GOODBYE = 5.0  # seconds until a worker that does not end is killed
Step = Callable[[Any], None]
log = logging.getLogger("allaprima.studio")


@dataclass(slots=True)
class _Order:
    answer: asyncio.Future[Any]
    on_step: Step | None


@dataclass(slots=True, kw_only=True)
class _Life:
    """One process, from its start to its death."""

    process: Any
    connection: Any
    outgoing: queue.SimpleQueue[Any] = field(default_factory=queue.SimpleQueue)
    orders: dict[int, _Order] = field(default_factory=dict)
    is_over: bool = False
    is_ended: bool = False  # on purpose


class Worker:
    """A process that does tasks of `allaprima.studio.work`, in the order in which they were asked for.

    Args:
        name: For the log.
        places: What it may open.
        device: As ``--device`` says it.
        niceness: Added to the process's own.
        threads: Of torch; None: as many as it likes.
    """

    def __init__(
        self, name: str, places: Places, *, device: str = "auto", niceness: int = 0, threads: int | None = None
    ) -> None:
        self.name, self.deaths = name, 0
        self._arguments = (places, device, niceness, threads)
        self._numbers = itertools.count(1)
        self._life: _Life | None = None

    def start(self) -> None:
        """Start the process, unless it runs. Must be called in the event loop."""
        if self._life is not None and not self._life.is_over:
            return
        context = multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe()
        process = context.Process(
            target=_serve, args=(theirs, *self._arguments), name=f"allaprima {self.name}", daemon=True
        )
        process.start()
        theirs.close()
        life = self._life = _Life(process=process, connection=ours)
        loop = asyncio.get_running_loop()
        threading.Thread(target=_send_all, args=(life,), daemon=True).start()
        threading.Thread(target=self._receive_all, args=(life, loop), daemon=True).start()

    @property
    def pid(self) -> int | None:
        """Of the process that runs."""
        return None if self._life is None or self._life.is_over else self._life.process.pid

    async def run(self, task: str, *arguments: Any, on_step: Step | None = None) -> Any:
        """Have a task done.

        Args:
            task: ``module:function`` of `allaprima.studio.work`.
            arguments: Plain data.
            on_step: Called, in the event loop, with each step that the task yields.

        Raises:
            StudioError: What the task says against it, or that the process died.
        """
        self.start()
        life = self._life
        assert life is not None
        number = next(self._numbers)
        order = _Order(asyncio.get_running_loop().create_future(), on_step)
        life.orders[number] = order
        life.outgoing.put((number, task, arguments))
        try:
            return await order.answer
        finally:
            life.orders.pop(number, None)

    def restart(self) -> None:
        """End the process at once, whatever it does, and start another when the next task comes."""
        if self._life is not None and not self._life.is_over:
            self._life.is_ended = True
            self._life.process.kill()

    async def stop(self) -> None:
        """End the process."""
        life = self._life
        if life is None or life.is_over:
            return
        life.is_ended = True
        life.outgoing.put(None)
        await asyncio.to_thread(life.process.join, GOODBYE)
        if life.process.is_alive():
            life.process.kill()
            await asyncio.to_thread(life.process.join, GOODBYE)

    def _receive_all(self, life: _Life, loop: asyncio.AbstractEventLoop) -> None:
        while True:
            try:
                number, kind, content = life.connection.recv()
            except (EOFError, OSError):
                break
            except Exception:  # half a message: whoever waits must not wait for ever
                log.exception("the worker %s cannot be understood", self.name)
                break
            with suppress(RuntimeError):  # the loop is closed: nobody waits
                loop.call_soon_threadsafe(self._answer, life, number, kind, content)
        life.process.join(GOODBYE)
        if life.process.is_alive():
            life.process.kill()
            life.process.join(GOODBYE)
        with suppress(RuntimeError):
            loop.call_soon_threadsafe(self._bury, life)

    def _answer(self, life: _Life, number: int, kind: str, content: Any) -> None:
        order = life.orders.get(number)
        if order is None or order.answer.done():
            return
        match kind:
            case "step":
                if order.on_step is not None:
                    order.on_step(content)
            case "done":
                order.answer.set_result(content)
            case "refused":
                order.answer.set_exception(StudioError(content))
            case _:
                order.answer.set_exception(BrokenError(content))

    def _bury(self, life: _Life) -> None:
        life.is_over = True
        life.outgoing.put(None)
        if life.process.exitcode != 0 and not life.is_ended:
            self.deaths += 1
            log.warning("the worker %s has died with status %s", self.name, life.process.exitcode)
        for order in life.orders.values():
            if not order.answer.done():
                order.answer.set_exception(
                    WorkerDiedError(f"the {self.name} has died, and is started again: try once more")
                )


def _send_all(life: _Life) -> None:
    """Send from a thread: a pipe that is full must not hold up the server."""
    with suppress(OSError, ValueError):
        while (message := life.outgoing.get()) is not None:
            life.connection.send(message)
        life.connection.send(None)  # goodbye: closing this end is not seen while the other thread reads from it


def _serve(*arguments: Any) -> None:
    from allaprima.studio.work.process import serve

    serve(*arguments)


def sentence_of(error: BaseException) -> str:
    """What to tell a person."""
    if isinstance(error, AllaPrimaError):
        return str(error)
    return f"something went wrong ({type(error).__name__}): the log has the rest"
