"""Ends a process that hangs, and says where: of several that wait for one another, one that hangs holds up all."""

import faulthandler
import os
import sys
import threading
import time
from pathlib import Path
from types import TracebackType

STATUS = 75  # EX_TEMPFAIL: torchrun counts it as a failure, and may start all processes again


class Watchdog:
    """While entered, expects `feed` to be called again and again.

    When that was not done for too long, the stacks of all threads go to a file, a sentence to the standard error, and
    the process ends at once, as nothing can be said of a thread that does not answer.

    Args:
        seconds: That may pass.
        path: File for the stacks.
        name: Of this process, in the sentence.
    """

    def __init__(self, seconds: float, path: Path, name: str) -> None:
        self.seconds, self.path, self.name = seconds, path, name
        self._fed = time.monotonic()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="watchdog", daemon=True)

    def feed(self) -> None:
        """Say that it goes on."""
        self._fed = time.monotonic()

    def __enter__(self) -> "Watchdog":
        self.feed()
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        self._thread.join()

    def _watch(self) -> None:
        pause = min(self.seconds / 4, 5)
        while not self._ended.wait(pause):
            if time.monotonic() - self._fed > self.seconds:
                self._bark()
                time.sleep(2 * pause)  # the others, who wait for this one, say where they stand before it is gone
                os._exit(STATUS)

    def _bark(self) -> None:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with self.path.open("w") as file:
                faulthandler.dump_traceback(file, all_threads=True)
            where = f"where it stands is in {self.path}"
        except OSError:
            faulthandler.dump_traceback(sys.__stderr__ or 2, all_threads=True)
            where = "where it stands is above"
        sys.stderr.write(f"allaprima: {self.name} has not moved for {self.seconds:g} s: {where}\n")
        sys.stderr.flush()
