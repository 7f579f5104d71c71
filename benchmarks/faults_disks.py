"""Disks that fill up or may only be read: small ones in memory, which this bench mounts; that takes root on Linux."""

import os
import random
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from faults_jobs import JOBS, Job
from faults_kills import Goal, Tally, in_peace, judge
from faults_process import finish, running

SIZE = 48 << 20  # bytes of a disk
PAGE = 4096
ENDINGS = {"disk-full": "No space left on device", "read-only": "Read-only file system"}


class NotHereError(Exception):
    """This machine cannot try that; says why."""


@contextmanager
def disk(place: Path) -> Iterator[Path]:
    """A disk of its own, mounted at ``place``. Raises `NotHereError` where that is not allowed."""
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "faults", str(place)]
    try:
        done = subprocess.run(mount, capture_output=True, text=True, check=False)
    except OSError as error:
        raise NotHereError(f"there is no mount: {error.strerror}") from error
    if done.returncode:
        raise NotHereError(f"mounting is not allowed: {done.stderr.strip()}")
    try:
        yield place
    finally:
        subprocess.run(["umount", "--lazy", str(place)], check=True)


def disk_full(folder: Path, inputs: Path, goal: Goal, seed: int) -> Tally:
    """Each job in turn on a disk that fills up at some moment, from an empty one and from one half done."""
    return _on_disks("disk-full", folder, inputs, goal, seed, _with_little_space)


def read_only(folder: Path, inputs: Path, goal: Goal, seed: int) -> Tally:
    """Each job in turn, killed at some moment; then its disk may only be read for a while."""
    return _on_disks("read-only", folder, inputs, goal, seed, _read_only)


Trouble = Callable[[Path, random.Random, int], Any]


def _on_disks(kind: str, folder: Path, inputs: Path, goal: Goal, seed: int, trouble: Trouble) -> Tally:
    tally, chance = Tally(kind), random.Random(seed)
    makes = {name: (lambda f, kind_of=job: kind_of(f, inputs)) for name, job in JOBS.items()}
    peace = {name: in_peace(make, folder / f"{name}-in-peace") for name, make in makes.items()}
    sizes = {name: size_of(folder / f"{name}-in-peace") for name in makes}
    number = 0
    while goal.is_open(tally.tried) and number < 5 * goal.count + 20:
        name = list(makes)[number % len(makes)]
        number += 1
        with disk(folder / f"disk{number}") as place:
            job = makes[name](place)
            if chance.random() < 0.5:
                with running(job.arguments, folder) as process:
                    process.wait(chance.uniform(0, peace[name][1]))
                    process.kill()
            with trouble(place, chance, sizes[name]):
                wrong = _in_trouble(kind, job, folder)
            if wrong is not None:  # it was not finished before the disk was full
                tally.note(name)
                judge(tally, job, folder, wrong, peace[name][0], name=f"{name}: ")
    return tally


def _in_trouble(kind: str, job: Job, folder: Path) -> list[str] | None:
    """What went wrong besides the disk; None if the job did not notice it."""
    end = finish(job.arguments, folder)
    if end.status == 0:
        return None
    sentence = end.sentence()
    if sentence is None:
        return [f"no one sentence with status 2, but status {end.status}: {end.words()[-400:]}"]
    return [] if ENDINGS[kind] in sentence else [f"the sentence does not name the reason: {sentence}"]


def size_of(folder: Path) -> int:
    """Bytes of the pages that the files in a folder take."""
    return sum(-(-path.stat().st_size // PAGE) * PAGE for path in folder.rglob("*") if path.is_file())


@contextmanager
def _with_little_space(place: Path, chance: random.Random, size: int) -> Iterator[None]:
    """Leave so little that a job which writes ``size`` bytes in all does not end."""
    there = os.statvfs(place)
    free = there.f_bavail * there.f_frsize
    ballast = place / "ballast"
    left = chance.randrange(0, max(size, PAGE), PAGE)
    with ballast.open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, max(free - left, 1))
    try:
        yield
    finally:
        ballast.unlink()


@contextmanager
def _read_only(place: Path, chance: random.Random, size: int) -> Iterator[None]:
    subprocess.run(["mount", "-o", "remount,ro", str(place)], check=True)
    try:
        yield
    finally:
        subprocess.run(["mount", "-o", "remount,rw", str(place)], check=True)
