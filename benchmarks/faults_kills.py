"""kill -9 at random moments: of a training, of its writing of files, of the making of a dataset, of bulk generation."""

import math
import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from faults_jobs import DatasetJob, GenerationJob, Job, TrainingJob
from faults_process import count_changes, finish, kill_at_change, require, running

from allaprima.errors import AllaPrimaError

KILLS_IN_A_ROW = 5  # of one job, before it may end in peace
MIDST = 0.004  # seconds after a change to a file has begun


@dataclass(frozen=True)
class Goal:
    """How many faults to try, and how long at most."""

    count: int
    until: float = math.inf  # of time.monotonic

    def is_open(self, tried: int) -> bool:
        """Whether another fault is to be tried."""
        return tried < self.count and time.monotonic() < self.until

    def share(self, part: int, parts: int) -> "Goal":
        """One of so many parts of it, one after the other."""
        now = time.monotonic()
        count = (self.count + parts - 1 - part) // parts
        return Goal(count, now + (self.until - now) / (parts - part))


@dataclass
class Tally:
    """What came of the faults of one kind.

    Attributes:
        kind: Name of the fault.
        tried: Faults.
        survived: Those after which everything was as promised.
        data_lost: Finished files, or images in them, that were unreadable or other than they should be afterwards.
        notes: Figures of this kind alone.
        failures: The first sentences about what went wrong.
    """

    kind: str
    tried: int = 0
    survived: int = 0
    data_lost: int = 0
    notes: dict[str, Any] = field(default_factory=dict)
    failures: list[str] = field(default_factory=list)

    def add(self, failure: str | None = None, *, lost: int = 0) -> None:
        """One fault."""
        self.tried += 1
        self.survived += failure is None and not lost
        self.data_lost += lost
        if failure is not None and len(self.failures) < 10:
            self.failures.append(failure)

    def note(self, name: str, number: float = 1) -> None:
        """Add to a figure of this kind."""
        self.notes[name] = self.notes.get(name, 0) + number


Strike = Callable[[Job, Path, random.Random], bool]
"""Starts the job and kills it; False if it was over before."""


def killed(kind: str, make: Callable[[Path], Job], folder: Path, goal: Goal, seed: int, *, in_files: bool) -> Tally:
    """Kill a job again and again until ``goal`` is reached; after at most five it may end, and is compared."""
    tally, chance = Tally(kind), random.Random(seed)
    peace, seconds, changes = in_peace(make, folder / "peace")
    tally.notes["seconds_undisturbed"] = round(seconds, 2)
    strike = at_changes(changes) if in_files else at_moments(seconds)
    war = 0
    while goal.is_open(tally.tried):
        war += 1
        battle = folder / f"war{war}"
        battle.mkdir()
        _one_war(make(battle), battle, strike, chance, tally, peace, goal)
    tally.notes["jobs"] = war
    return tally


def in_peace(make: Callable[[Path], Job], folder: Path) -> tuple[Any, float, int]:
    """What an undisturbed run ends with, its seconds, and how many changes to files it makes."""
    folder.mkdir()
    job, begun = make(folder), time.monotonic()
    require(finish(job.arguments, folder, count_changes(job.place, folder / "changes")), "the undisturbed run")
    return job.outcome(), time.monotonic() - begun, int((folder / "changes").read_text())


def _one_war(
    job: Job, battle: Path, strike: Strike, chance: random.Random, tally: Tally, peace: Any, goal: Goal
) -> None:
    kills, lost, before, failures = 0, 0, job.finished(), []
    while kills < KILLS_IN_A_ROW and goal.is_open(tally.tried + kills) and strike(job, battle, chance):
        kills += 1
        tally.note("while_a_file_was_written", bool(half_written(job.place)))
        try:
            now = job.finished()
        except (AllaPrimaError, OSError, ValueError) as error:
            failures.append(str(error))
            now, lost = {}, lost + 1
        changed = [name for name in before if now.get(name) != before[name]]
        failures += [f"{name} was finished and is not what it was" for name in changed]
        before, lost = now, lost + len(changed)
    end = finish(job.arguments, battle)
    if end.status != 0:
        failures.append(f"the same command did not go on: {end.words()[-300:]}")
    differing = _differing(peace, job.outcome()) if end.status == 0 else []
    failures += [f"{name} is not that of the undisturbed run" for name in differing]
    failures += [f"{path} is left over" for path in half_written(job.place)]
    for kill in range(kills):  # all of them, as nobody knows which it was
        tally.add(failures[0] if failures else None, lost=lost + len(differing) if kill == 0 else 0)


def _differing(mine: Any, its: Any) -> list[str]:
    return sorted(name for name in mine | its if mine.get(name) != its.get(name))


def at_moments(seconds: float) -> Strike:
    """Kill at a random moment of a job that takes so many seconds."""

    def strike(job: Job, battle: Path, chance: random.Random) -> bool:
        with running(job.arguments, battle) as process:
            process.wait(chance.uniform(0, seconds))
            return process.kill()

    return strike


def at_changes(changes: int) -> Strike:
    """Kill as a change to a file begins, or a moment later, when it is being written."""

    def strike(job: Job, battle: Path, chance: random.Random) -> bool:
        delay = chance.choice([0.0, chance.uniform(0, MIDST)])
        before = kill_at_change(job.place, chance.randint(1, changes), delay)
        with running(job.arguments, battle, before) as process:
            process.wait()
            return process.kill()

    return strike


def half_written(place: Path) -> list[Path]:
    """Files that have not got their final names yet."""
    return [path for path in place.rglob(".*") if path.is_file() and not path.name.endswith(".lock")]


def judge(tally: Tally, job: Job, folder: Path, wrong: list[str], peace: Any, *, name: str = "") -> None:
    """The fault is over: is all there, does the same command go on, and to the end of the undisturbed run?

    Args:
        tally: Gets one fault more.
        job: The one that was hit.
        folder: Of what its command says.
        wrong: What has gone wrong before.
        peace: How the undisturbed run ended.
        name: What the sentence about the first thing that went wrong begins with.
    """
    lost = 0
    try:
        job.finished()
    except (AllaPrimaError, OSError, ValueError) as error:
        lost, wrong = 1, [*wrong, str(error)]
    end = finish(job.arguments, folder)
    if end.status != 0:
        wrong = [*wrong, f"the same command did not go on: {end.words()[-300:]}"]
    elif job.outcome() != peace:
        lost, wrong = lost + 1, [*wrong, "the end is not that of the undisturbed run"]
    wrong = [*wrong, *(f"{path.name} is left over" for path in half_written(job.place))]
    tally.add(f"{name}{wrong[0]}" if wrong else None, lost=lost)


def kill_training(folder: Path, inputs: Path, goal: Goal, seed: int) -> Tally:
    """A training, at random moments."""
    return killed("kill-training", lambda f: TrainingJob(f, inputs), folder, goal, seed, in_files=False)


def kill_checkpoint(folder: Path, inputs: Path, goal: Goal, seed: int) -> Tally:
    """A training, while it touches its files."""
    return killed("kill-checkpoint", lambda f: TrainingJob(f, inputs), folder, goal, seed, in_files=True)


def kill_dataset(folder: Path, inputs: Path, goal: Goal, seed: int) -> Tally:
    """The making of a dataset in the place of an older one: half at random moments, half at its files."""
    return _both("kill-dataset", lambda f: DatasetJob(f, inputs), folder, goal, seed)


def kill_generate(folder: Path, inputs: Path, goal: Goal, seed: int) -> Tally:
    """Bulk generation: half at random moments, half at its files."""
    return _both("kill-generate", lambda f: GenerationJob(f, inputs), folder, goal, seed)


def _both(kind: str, make: Callable[[Path], Job], folder: Path, goal: Goal, seed: int) -> Tally:
    tally = Tally(kind)
    for number, in_files in enumerate((False, True)):
        place = folder / ("files" if in_files else "moments")
        place.mkdir()
        part = killed(kind, make, place, goal.share(number, 2), seed, in_files=in_files)
        tally.tried, tally.survived = tally.tried + part.tried, tally.survived + part.survived
        tally.data_lost += part.data_lost
        tally.failures += part.failures
        for name, number in part.notes.items():
            tally.note(name, number)
    return tally
