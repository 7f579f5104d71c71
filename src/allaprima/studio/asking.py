"""Tasks that a page waits for: only so many at a time, and none for ever."""

import asyncio
from typing import Any

from allaprima.studio.errors import BusyError, LateError
from allaprima.studio.settings import Limits
from allaprima.studio.worker import Worker


class Asking:
    """Quick tasks of a worker, counted: those who come when too many wait are sent away.

    Args:
        worker: Who does them.
        limits: How many may wait, and for how long.
    """

    def __init__(self, worker: Worker, limits: Limits) -> None:
        self.worker, self.limits, self.waiting = worker, limits, 0

    async def ask(self, task: str, *arguments: Any) -> Any:
        """Have a task done. Raises `BusyError`, `LateError`, or what the task says against it."""
        if self.waiting >= self.limits.asked:
            raise BusyError(f"{self.waiting} others are being answered: try again in a moment")
        self.waiting += 1
        try:
            async with asyncio.timeout(self.limits.seconds):
                return await self.worker.run(task, *arguments)
        except TimeoutError as error:
            raise LateError(f"it was not done within {self.limits.seconds:g} s: try again later") from error
        finally:
            self.waiting -= 1
