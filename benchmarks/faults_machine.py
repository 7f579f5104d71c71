"""What happens to the machine under a training: a worker dies, the clock jumps, memory runs out."""

import os
import random
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from faults_jobs import TICKS, TrainingJob
from faults_kills import Goal, Tally, judge
from faults_process import Process, finish, require, running
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.data import dataloader

from allaprima.data import loader
from allaprima.training import step
from allaprima.training.run import Run

HOUR, DAY, YEAR = 3600.0, 86_400.0, 31_557_600.0
BATCH_GPU, WORKERS = ("--set", "batch_gpu=4"), ("--set", "workers=2")
REFUSAL = (
    "[enforce fail at alloc_cpu.cpp:124] err == 0. DefaultCPUAllocator: can't allocate memory: you tried to allocate"
)
TICK_SECONDS = 0.1  # about
GLANCE = 0.2  # seconds between two looks at the workers
OPERATIONS = 150  # of a phase, among which one fails
PHASES = ("generator_step", "discriminator_step")


# A worker dies.


def from_workers() -> None:
    """Let the images of this process come from workers, though they are few."""
    assert loader.batches.__kwdefaults__ is not None
    loader.batches.__kwdefaults__["cache_bytes"] = 0
    dataloader._MultiProcessingDataLoaderIter._try_get_data.__defaults__ = (GLANCE,)  # not each 5 s, to save time


def worker_dies(folder: Path, inputs: Path, goal: Goal, seed: int) -> Tally:
    """One of two processes that decode images is killed; the training goes on, or says so and the command goes on."""
    tally, chance = Tally("worker-dies"), random.Random(seed)
    peace = folder / "peace"
    peace.mkdir()
    whole = TrainingJob(peace, inputs, more=WORKERS)
    require(finish(whole.arguments, peace, from_workers), "the undisturbed run")
    for number in range(5 * goal.count):
        if not goal.is_open(tally.tried):
            break
        war = folder / f"war{number}"
        war.mkdir()
        job = TrainingJob(war, inputs, more=WORKERS)
        with running(job.arguments, war, from_workers) as process:
            if not _one_worker_killed(process, job, chance):
                continue
            process.wait()
        wrong = []
        tally.note("went on by itself", process.status == 0)
        if process.status != 0 and process.sentence() is None:
            wrong.append(f"no one sentence with status 2, but status {process.status}: {process.words()[-400:]}")
        judge(tally, job, war, wrong, whole.outcome())
    return tally


def _one_worker_killed(process: Process, job: TrainingJob, chance: random.Random) -> bool:
    """Kill a worker when some ticks are done; False if the training was over before."""
    ticks = chance.randint(0, TICKS - 2)
    while not process.is_over() and not (process.workers() and job.training.ticks() >= ticks):
        time.sleep(0.001)
    process.wait(chance.uniform(0, TICK_SECONDS))
    with suppress(ProcessLookupError):
        if not process.is_over() and (workers := process.workers()):
            os.kill(chance.choice(workers), signal.SIGKILL)
            return True
    return False


# The clock jumps.


def jumping(by: float, at: float) -> Callable[[], None]:
    """Let all clocks of the process jump by so many seconds, so many seconds from now."""

    def jump() -> None:
        for name in ("time", "monotonic", "perf_counter"):
            clock: Callable[[], float] = getattr(time, name)
            begun = clock()
            setattr(time, name, lambda clock=clock, begun=begun: (now := clock()) + (by if now - begun > at else 0.0))

    return jump


def clock_jumps(folder: Path, inputs: Path, goal: Goal, seed: int) -> Tally:
    """All clocks jump an hour back or a day ahead; before that, some files are of next year."""
    tally, chance = Tally("clock-jumps"), random.Random(seed)
    peace = folder / "peace"
    peace.mkdir()
    whole = TrainingJob(peace, inputs)
    begun = time.monotonic()
    require(finish(whole.arguments, peace), "the undisturbed run")
    seconds = time.monotonic() - begun
    while goal.is_open(tally.tried):
        war = folder / f"war{tally.tried}"
        war.mkdir()
        job = TrainingJob(war, inputs)
        by, at = chance.choice([-HOUR, DAY]), chance.uniform(0, seconds)
        if chance.random() < 0.5:  # on the way to its end, of files of next year
            with running(job.arguments, war) as process:
                process.wait(chance.uniform(0, seconds))
                process.kill()
            for path in war.rglob("*"):
                os.utime(path, (time.time() + YEAR,) * 2)
            tally.note("with files of next year")
        end = finish(job.arguments, war, jumping(by, at))
        tally.note(f"by {by:+.0f} s")
        wrong = [] if end.status == 0 else [f"status {end.status}: {end.words()[-400:]}"]
        judge(tally, job, war, wrong, whole.outcome())
    return tally


# No memory is left.


class _Failing(TorchDispatchMode):
    """The so manieth operation finds no memory, as PyTorch's allocator says it."""

    def __init__(self, operation: int) -> None:
        super().__init__()
        self.left = operation

    def __torch_dispatch__(self, function: Any, types: Any, arguments: Any = (), options: Any = None) -> Any:
        self.left -= 1
        if self.left == 0:
            raise RuntimeError(f"{REFUSAL} 1048576 bytes. Error code 12 (Cannot allocate memory)")
        return function(*arguments, **(options or {}))


def short_of_memory(phase: str, at_step: int, operation: int) -> Callable[[], None]:
    """Let an operation of a phase of a step fail while more than two images go at once; the first of it if it is 1."""

    def change() -> None:
        original = getattr(step, phase)

        def failing(run: Any, *rest: Any) -> None:
            if type(run) is Run and run.step == at_step and run.batch_gpu > 2:  # not the one that is imagined
                with _Failing(operation):
                    original(run, *rest)
                raise RuntimeError(f"{REFUSAL} 1 bytes")  # it has fewer operations: at its end, then
            original(run, *rest)

        setattr(step, phase, failing)

    return change


def out_of_memory(folder: Path, inputs: Path, goal: Goal, seed: int) -> Tally:
    """In the midst of a phase no memory is left: the end is that of a training that is asked for fewer images there."""
    tally, chance = Tally("out-of-memory"), random.Random(seed)
    while goal.is_open(tally.tried):
        war = folder / f"war{tally.tried}"
        war.mkdir()
        phase, at_step = chance.choice(PHASES), chance.randint(0, 7)
        ends = []
        for name, operation in (("midst", chance.randint(2, OPERATIONS)), ("wished", 1)):
            place = war / name
            place.mkdir()
            job = TrainingJob(place, inputs, more=BATCH_GPU)
            end = finish(job.arguments, place, short_of_memory(phase, at_step, operation))
            ends.append((end, job))
        (end, job), (reference, wished) = ends
        require(reference, "the training that is asked for fewer images")
        wrong = []
        if end.status != 0:
            wrong.append(f"status {end.status}: {end.words()[-400:]}")
        elif "2 of the 4 images of an iteration go at once from here on" not in end.words():
            wrong.append(f"it was not told: {end.words()[-400:]}")
        judge(tally, job, place.parent, wrong, wished.outcome())
    return tally
