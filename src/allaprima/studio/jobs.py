"""Long work: it waits in line, says how far it is, can be stopped, and leaves files behind that can be fetched.

Each job has a directory of its own, which it fills; ``job.json`` there says what was ordered and how it ended. Jobs
that can go on where they stopped do so when the studio starts again.
"""

import asyncio
import json
import logging
import secrets
import shutil
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

from allaprima.errors import OutputError
from allaprima.files import make_directory, write_text
from allaprima.studio.errors import BusyError, StudioError, UnknownError
from allaprima.studio.settings import Limits
from allaprima.studio.visitor import visitor
from allaprima.studio.worker import Worker, sentence_of

State = Literal["waiting", "running", "done", "failed", "stopped"]
RECORD = "job.json"
TYPES = {
    ".png": "image/png",
    ".webp": "image/webp",
    ".gif": "image/gif",
    ".mp4": "video/mp4",
    ".webm": "video/webm",
    ".zip": "application/zip",
    ".json": "application/json",
    ".csv": "text/csv",
    ".html": "text/html",
    ".safetensors": "application/octet-stream",
    ".npz": "application/octet-stream",
}
"""What is given away of a job's directory, by its ending, and as what."""

RETRIES = 1
log = logging.getLogger("allaprima.studio")


@dataclass(slots=True, kw_only=True)
class Job:
    """One long work.

    Attributes:
        id: Its name, which nobody can guess.
        kind: ``walk``, ``project``, ``bulk``, …
        title: For people.
        task: What the worker does, as `allaprima.studio.worker.Worker.run` takes it: it is given the job's directory,
            then ``order``, and yields ``{"done": …, "total": …}`` with what else the page shall know.
        order: What was asked for, as JSON holds it.
        resumes: Whether the task goes on where it stopped when it is started again.
        state: How it stands.
        sentence: Why it failed, or what it wants to say at its end.
        step: The last that the task yielded.
        result: What it returned: for its page.
        made: Seconds since 1970.
        owner: Number of the browser that ordered it; see `allaprima.studio.visitor`.
    """

    id: str
    kind: str
    title: str
    task: str
    order: dict[str, Any]
    resumes: bool = False
    state: State = "waiting"
    sentence: str = ""
    step: dict[str, Any] = field(default_factory=dict)
    result: Any = None
    made: float = field(default_factory=time.time)
    started: float | None = None
    ended: float | None = None
    owner: str = ""

    @property
    def is_over(self) -> bool:
        """Whether nothing more will happen."""
        return self.state in ("done", "failed", "stopped")


class Jobs:
    """The line of long works, which one worker does one after the other.

    Args:
        worker: Who does them.
        directory: Where each gets a directory.
        limits: How many may wait, and how many are kept.
    """

    def __init__(self, worker: Worker, directory: Path, limits: Limits) -> None:
        self.worker, self.directory, self.limits = worker, directory, limits
        self.all: dict[str, Job] = {}
        self._line: asyncio.Queue[Job] = asyncio.Queue()
        self._task: asyncio.Task[None] | None = None
        self._running: Job | None = None

    def start(self) -> None:
        """Read what earlier studios left, and begin to work."""
        make_directory(self.directory)
        for record in sorted(self.directory.glob(f"*/{RECORD}")):
            self._read(record)
        for job in sorted(self.all.values(), key=lambda job: job.made):
            if not job.is_over:
                job.state = "waiting"
                self._line.put_nowait(job)
        self._task = asyncio.create_task(self._work())

    async def stop(self) -> None:
        """Leave off: what can be gone on with stays as it is, and the rest is said to be stopped."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
        for job in self.all.values():
            if not job.is_over:
                if job.resumes:
                    job.state = "waiting"
                else:
                    self._end(job, "stopped", "the studio was closed")
                self._write(job)

    def order(self, kind: str, title: str, task: str, order: dict[str, Any], *, resumes: bool = False) -> Job:
        """Put a work into the line. Raises `BusyError` or `OutputError`."""
        waiting = sum(not job.is_over for job in self.all.values())
        if waiting >= self.limits.jobs:
            raise BusyError(f"{waiting} works are waiting already: stop one, or wait until one is done")
        job = Job(
            id=secrets.token_urlsafe(12),
            kind=kind,
            title=title,
            task=task,
            order=order,
            resumes=resumes,
            owner=visitor.get(),
        )
        make_directory(self.folder(job))
        self.all[job.id] = job
        self._write(job)
        self._line.put_nowait(job)
        self._forget()
        return job

    def find(self, number: str) -> Job:
        """The job of that id. Raises `UnknownError`."""
        if number not in self.all:
            raise UnknownError("there is no such work: it was removed, or never ordered")
        return self.all[number]

    def folder(self, job: Job) -> Path:
        """Its directory."""
        return self.directory / job.id

    def files(self, job: Job) -> dict[str, Path]:
        """What can be fetched of a job, by name. Hidden files are not finished."""
        names = sorted(path for path in self.folder(job).glob("*") if path.is_file())
        return {
            path.name: path
            for path in names
            if path.suffix in TYPES and path.name != RECORD and not path.name.startswith(".")
        }

    def stop_one(self, job: Job) -> None:
        """Stop a work. What runs is ended with its process; files that are complete stay."""
        if job.is_over:
            return
        self._end(job, "stopped", "it was stopped")
        if job is self._running:
            self.worker.restart()

    def remove(self, job: Job) -> None:
        """Stop a work, and remove its files."""
        self.stop_one(job)
        self.all.pop(job.id, None)
        shutil.rmtree(self.folder(job), ignore_errors=True)

    async def _work(self) -> None:
        while True:
            job = await self._line.get()
            if job.is_over:
                continue
            self._running = job
            try:
                await self._do(job)
            except Exception as error:  # whatever it is, the line goes on
                log.exception("%s failed", job.title)
                job.step, job.result = {}, None  # maybe no JSON
                self._end(job, "failed", sentence_of(error))
            finally:
                self._running = None
            if job.id not in self.all:  # it was removed while it ran: its process may have made files since
                shutil.rmtree(self.folder(job), ignore_errors=True)

    async def _do(self, job: Job) -> None:
        job.state, job.started = "running", time.time()
        self._write(job)
        tries = 0
        while True:
            deaths, step = self.worker.deaths, job.step
            try:
                job.result = await self.worker.run(
                    job.task, str(self.folder(job)), job.order, on_step=self._keeper(job)
                )
            except StudioError as error:
                if job.is_over:  # it was stopped
                    break
                tries = 0 if job.step.get("done") != step.get("done") else tries + 1
                if self.worker.deaths > deaths and tries <= RETRIES and job.resumes:
                    log.warning("%s goes on after the death of its worker", job.title)
                    continue
                self._end(job, "failed", sentence_of(error))
            else:
                if not job.is_over:
                    self._end(job, "done", job.sentence)
            break

    def _keeper(self, job: Job) -> Callable[[Any], None]:
        def keep(step: Any) -> None:
            if not job.is_over and isinstance(step, dict):
                job.step = step

        return keep

    def _end(self, job: Job, state: State, sentence: str) -> None:
        job.state, job.sentence, job.ended = state, sentence, time.time()
        self._write(job)

    def _write(self, job: Job) -> None:
        if job.id not in self.all:
            return
        with suppress(OutputError):  # a full disk is told by the work itself
            write_text(self.folder(job) / RECORD, json.dumps(asdict(job), indent=2) + "\n")

    def _read(self, record: Path) -> None:
        try:
            job = Job(**json.loads(record.read_text(encoding="utf-8")))
        except (OSError, TypeError, ValueError, RecursionError):
            log.warning("%s is no record of a work: it is left alone", record)
            return
        if job.id != record.parent.name:
            return
        if not job.is_over and not job.resumes:
            job.state, job.sentence = "stopped", "the studio was closed"
        self.all[job.id] = job

    def _forget(self) -> None:
        over = sorted((job for job in self.all.values() if job.is_over), key=lambda job: job.made)
        for job in over[: max(0, len(over) - self.limits.kept)]:
            self.remove(job)
