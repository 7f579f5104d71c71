"""`allaprima` in a process that may be killed at any moment: forked from this one, so that it starts at once.

This process has imported all that the commands need and computed nothing, which is what makes its copies sound.
"""

import os
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import torch._dynamo  # imported once, for all copies, as what follows

import allaprima.cli.dataset
import allaprima.cli.exporting
import allaprima.cli.generate
import allaprima.cli.train
import allaprima.training.loop  # noqa: F401
from allaprima.cli.main import main

with suppress(ImportError):
    import torch.utils.tensorboard  # noqa: F401

Change = Callable[[], object]
PATIENCE = 600  # seconds, as this machine may be busy
OPENING_TO_WRITE = os.O_WRONLY | os.O_RDWR | os.O_CREAT
CHANGING = {"os.rename", "os.remove", "os.mkdir", "os.chmod", "os.truncate"}


class Process:
    """The command in a copy of this process; what it says lies in files beside ``folder``."""

    def __init__(self, arguments: Sequence[object], folder: Path, before: Change = lambda: None) -> None:
        """Start it.

        Args:
            arguments: Of the command line.
            folder: Where to keep what it says.
            before: What the copy does to itself first.
        """
        self.said, self.complained = folder / "stdout.txt", folder / "stderr.txt"
        self.status: int | None = None
        sys.stdout.flush()
        self.pid = os.fork()
        if not self.pid:
            self._be([str(argument) for argument in arguments], before)

    def _be(self, arguments: list[str], before: Change) -> None:
        status = 99
        try:
            os.setsid()
            for path, stream in ((self.said, 1), (self.complained, 2)):
                os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), stream)
            before()
            main(arguments)
        except SystemExit as end:
            status = end.code if isinstance(end.code, int) else 1
        except BaseException:
            traceback.print_exc()
            status = 1
        finally:
            with suppress(OSError, ValueError):
                sys.stdout.flush()
                sys.stderr.flush()
            os._exit(status)

    def is_over(self) -> bool:
        """Whether it has ended."""
        if self.status is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.status = os.waitstatus_to_exitcode(status)
        return self.status is not None

    def wait(self, seconds: float = PATIENCE) -> int | None:
        """Its exit status; None if it needs longer."""
        end, pause = time.monotonic() + seconds, 0.0005
        while not self.is_over() and time.monotonic() < end:
            time.sleep(min(pause, max(end - time.monotonic(), 0)))
            pause = min(pause * 1.5, 0.01)
        return self.status

    def kill(self) -> bool:
        """Kill it, and all that it has started; False if it was over before."""
        with suppress(ProcessLookupError):
            if not self.is_over():
                os.killpg(self.pid, signal.SIGKILL)
        self.wait()
        return self.status == -signal.SIGKILL

    def workers(self) -> list[int]:
        """Processes that it has started and that live."""
        with suppress(OSError):
            return [int(pid) for pid in Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()]
        return []

    def words(self) -> str:
        """All that it has said."""
        return self.said.read_text() + self.complained.read_text()

    def sentence(self) -> str | None:
        """The one sentence that it ended in; None if it did not end so."""
        lines = self.complained.read_text().splitlines()
        told = self.status == 2 and lines and lines[-1].startswith("allaprima: ") and "Traceback" not in self.words()
        return lines[-1] if told else None


@contextmanager
def running(*arguments: Any, **options: Any) -> Iterator[Process]:
    """A `Process` that does not outlive the block."""
    process = Process(*arguments, **options)
    try:
        yield process
    finally:
        process.kill()


def finish(arguments: Sequence[object], folder: Path, before: Change = lambda: None) -> Process:
    """Run the command to its end."""
    with running(arguments, folder, before) as process:
        process.wait()
    return process


def require(process: Process, what: str) -> None:
    """Raise `SystemExit` unless it ended well: without a fault nothing may go wrong."""
    if process.status != 0:
        raise SystemExit(f"{what} ended with status {process.status}:\n{process.words()}")


def kill_at_change(folder: Path, number: int, delay: float) -> Change:
    """Let the process kill itself so many seconds after its ``number``-th change to the files in ``folder`` begins."""

    def die() -> None:
        time.sleep(delay)
        os.kill(os.getpid(), signal.SIGKILL)

    def at(count: int) -> None:
        if count == number:
            threading.Thread(target=die, daemon=True).start() if delay else die()

    return lambda: _watch(folder, at)


def count_changes(folder: Path, result: Path) -> Change:
    """Let the process write how many changes to the files in ``folder`` it has begun."""
    return lambda: _watch(folder, lambda count: result.write_text(str(count)))


def _watch(folder: Path, tell: Callable[[int], object]) -> None:
    """Tell each time that a file in ``folder`` is opened to be written, renamed, removed or made."""
    count, place = 0, str(folder)

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        nonlocal count
        opened = event == "open" and isinstance(arguments[2], int) and arguments[2] & OPENING_TO_WRITE
        if (opened or event in CHANGING) and str(arguments[0]).startswith(place):
            count += 1
            tell(count)

    sys.addaudithook(hook)
