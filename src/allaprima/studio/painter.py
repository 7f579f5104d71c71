"""Pictures for many at once: wishes that wait together are painted in one batch, the live ones first."""

import asyncio
import logging
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from allaprima.studio.errors import BrokenError, BusyError, LateError, StudioError, WorkerDiedError
from allaprima.studio.settings import Limits
from allaprima.studio.wish import ImageFormat, Wish
from allaprima.studio.worker import Worker

PIXELS_AT_ONCE = 2 * 256 * 256
MOST_AT_ONCE = 64
LIVE_AT_ONCE = 8  # while somebody paints live: a hand does not wait for a long batch
TRIES = 2
log = logging.getLogger("allaprima.studio")


@dataclass(slots=True, eq=False)
class _Waiting:
    wish: Wish
    format: ImageFormat
    found: dict[str, Path]
    answer: asyncio.Future[bytes]
    tries: int = 0

    @property
    def kind(self) -> tuple[str, ImageFormat]:
        """Wishes of one kind can be painted together."""
        return self.wish.model, self.format


class Painter:
    """A queue before a worker.

    Whoever has gone away is left out when his turn comes. If a batch fails, each of its wishes is tried once more
    alone, so that a bad one takes no good one with it.

    Args:
        worker: Who paints.
        limits: How many may wait, and for how long.
    """

    def __init__(self, worker: Worker, limits: Limits) -> None:
        self.worker, self.limits = worker, limits
        self.pixels: dict[str, int] = {}  # of an image, by model
        self.batches = self.images = 0
        self._live: deque[_Waiting] = deque()
        self._others: deque[_Waiting] = deque()
        self._batch: list[_Waiting] = []  # that is being painted
        self._more = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to paint. Must be called in the event loop."""
        self.worker.start()
        self._task = asyncio.create_task(self._paint_all())

    async def stop(self) -> None:
        """Paint no more."""
        if self._task is not None:
            self._task.cancel()
        for each in (*self._batch, *self._live, *self._others):
            if not each.answer.done():
                each.answer.set_exception(WorkerDiedError("the studio is closing"))

    @property
    def waiting(self) -> int:
        """How many wishes wait."""
        return len(self._live) + len(self._others)

    async def paint(
        self,
        wish: Wish,
        *,
        format_: ImageFormat = "png",
        found: dict[str, Path] | None = None,
        live: bool = False,
    ) -> bytes:
        """An image file. Raises `BusyError`, `LateError`, or what the worker says against it."""
        if self.waiting >= self.limits.queue:
            raise BusyError(f"{self.waiting} pictures are waiting to be painted: try again in a moment")
        answer: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        waiting = _Waiting(wish, format_, found or {}, answer)
        (self._live if live else self._others).append(waiting)
        self._more.set()
        try:
            async with asyncio.timeout(self.limits.seconds):
                return await answer
        except TimeoutError as error:
            raise LateError(f"the picture was not painted within {self.limits.seconds:g} s: try again later") from error
        finally:
            if answer.cancelled():  # gone away, or tired of waiting: others may have the place
                for line in (self._live, self._others):
                    with suppress(ValueError):
                        line.remove(waiting)

    async def paint_many(self, wishes: Sequence[Wish], *, format_: ImageFormat = "png",
                         found: dict[str, Path] | None = None) -> list[bytes]:  # fmt: skip
        """An image file for each wish."""
        tasks = [asyncio.ensure_future(self.paint(wish, format_=format_, found=found)) for wish in wishes]
        try:
            return list(await asyncio.gather(*tasks))
        finally:
            for task in tasks:
                task.cancel()

    async def _paint_all(self) -> None:
        while True:
            await self._more.wait()
            self._batch = self._next_batch()
            if not self._batch:
                self._more.clear()
                continue
            await self._paint(self._batch)

    async def _paint(self, batch: list[_Waiting]) -> None:
        wishes = [each.wish for each in batch]
        found = {number: path for each in batch for number, path in each.found.items()}
        try:
            files = await self.worker.run("painting:paint_files", wishes, found, batch[0].format)
        except StudioError as error:
            self._try_again(batch, error)
            return
        except Exception as error:  # no process could be started, say: the next batch may fare better
            log.exception("a batch of %s was not painted", wishes[0].model)
            self._try_again(batch, BrokenError(f"the picture was not painted ({type(error).__name__})"))
            return
        self.batches += 1
        self.images += len(files)
        for each, file in zip(batch, files, strict=True):
            if not each.answer.done():
                each.answer.set_result(file)

    def _try_again(self, batch: list[_Waiting], error: StudioError) -> None:
        """One that failed alone has its answer, unless the worker died, maybe of another's; others get another try."""
        for each in batch:
            each.tries += 1
            if each.answer.done():
                continue
            final = len(batch) == 1 and (not isinstance(error, WorkerDiedError) or each.tries >= TRIES)
            if final:
                each.answer.set_exception(error)
            else:
                self._others.append(each)

    def _next_batch(self) -> list[_Waiting]:
        """The next wishes of one kind, in their order, the live ones first; what was tried before comes alone."""
        batch: list[_Waiting] = []
        most = LIVE_AT_ONCE if self._live else MOST_AT_ONCE
        for line in (self._live, self._others):
            kept: list[_Waiting] = []
            while line and len(batch) < min(most, self._at_once(batch)):
                each = line.popleft()
                if each.answer.done():  # gone away
                    continue
                fits = not batch or (each.kind == batch[0].kind and not each.tries and not batch[0].tries)
                (batch if fits else kept).append(each)
            line.extendleft(reversed(kept))
        return batch

    def _at_once(self, batch: list[_Waiting]) -> int:
        if not batch:
            return 1
        pixels = self.pixels.get(batch[0].wish.model, PIXELS_AT_ONCE)
        return 1 if batch[0].tries else max(1, min(MOST_AT_ONCE, PIXELS_AT_ONCE // pixels))
