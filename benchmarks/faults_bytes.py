"""Files that are cut short, and files in which a bit has flipped: is it told, named, and never silently loaded?"""

import random
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from faults_jobs import GenerationJob, TrainingJob, bare_images_of, digest, images_of, model_of
from faults_kills import Goal, Tally
from faults_process import finish, require

from allaprima.checkpoint import load_networks, read_tensors
from allaprima.data import ImageDataset
from allaprima.errors import AllaPrimaError

Damage = Callable[[bytes, random.Random], bytes]
Outcome = str | None  # what went wrong
COSTLY = 10  # one in so many of the states and shards goes through the command line, which goes on from it


def truncation(folder: Path, inputs: Path, goal: Goal, seed: int) -> Tally:
    """A model, a state, an archive and a shard, each cut short at as many places."""
    return _damaged("truncation", folder, inputs, goal, seed, cut_short)


def bit_flips(folder: Path, inputs: Path, goal: Goal, seed: int) -> Tally:
    """A model, a state, an archive and a shard, with as many bits flipped in each, one at a time."""
    return _damaged("bit-flips", folder, inputs, goal, seed, flipped)


def cut_short(content: bytes, chance: random.Random) -> bytes:
    """The beginning of it."""
    return content[: chance.randrange(len(content))]


def flipped(content: bytes, chance: random.Random) -> bytes:
    """One bit is another; half of them where files say what they hold: in the first or last 2 kB."""
    ends = min(2000, len(content))
    place = chance.randrange(len(content))
    if chance.random() < 0.5:
        place = chance.choice([place % ends, len(content) - 1 - place % ends])
    changed = bytearray(content)
    changed[place] ^= 1 << chance.randrange(8)
    return bytes(changed)


def _damaged(kind: str, folder: Path, inputs: Path, goal: Goal, seed: int, damage: Damage) -> Tally:
    tally, chance = Tally(kind), random.Random(seed)
    kinds = (
        ("model", models(folder, inputs)),
        ("state", states(folder, inputs)),
        ("archive", archives(folder, images_of(inputs), tally)),
        ("archive without labels", archives(folder, bare_images_of(inputs), tally)),
        ("shard", shards(folder, inputs)),
    )
    for part, (name, faults) in enumerate(kinds):
        content, look = next(faults)
        number, until = 0, goal.share(part, len(kinds)).until
        while Goal(goal.count, until).is_open(number):
            wrong = look(damage(content, chance), number)
            number += 1
            tally.note(name)
            tally.add(f"{name}: {wrong}" if wrong else None, lost=wrong is not None)
    return tally


Look = Callable[[bytes, int], Outcome]


def refused(read: Callable[[], object], name: str) -> Outcome:
    """What is wrong, unless reading ends in one sentence that names the file."""
    try:
        read()
    except AllaPrimaError as error:
        sentence = str(error)
        return None if name in sentence and "\n" not in sentence else f"the sentence does not name it: {sentence}"
    except Exception as error:  # whatever it is, it is no sentence of ours
        return f"ended in {type(error).__name__}: {error}"
    return "it was silently read"


def models(folder: Path, inputs: Path) -> Iterator[tuple[bytes, Look]]:
    """A model file."""
    victim = folder / "victim.safetensors"

    def look(content: bytes, number: int) -> Outcome:
        victim.write_bytes(content)
        return refused(lambda: load_networks(victim), victim.name)

    yield model_of(inputs).read_bytes(), look


def states(folder: Path, inputs: Path) -> Iterator[tuple[bytes, Look]]:
    """The newest state of a training, which then goes on from the older one."""
    whole = folder / "trained"
    whole.mkdir()
    job = TrainingJob(whole, inputs, ticks=4)
    require(finish(job.arguments, whole), "the training")
    half = folder / "half"
    half.mkdir()
    stopped = TrainingJob(half, inputs, ticks=3)
    require(finish(stopped.arguments, half), "the training")
    newest = stopped.training.states()[-1]

    def look(content: bytes, number: int) -> Outcome:
        again = folder / "again"
        shutil.rmtree(again, ignore_errors=True)
        shutil.copytree(half, again)
        victim = again / newest.relative_to(half)
        victim.write_bytes(content)
        wrong = refused(lambda: read_tensors(victim, kind="state", version=1), victim.name)
        return wrong or (_goes_on(again) if number % COSTLY == 0 else None)

    def _goes_on(again: Path) -> Outcome:
        resumed = TrainingJob(again, inputs, ticks=4)
        end = finish(resumed.arguments, again)
        if end.status != 0:
            return f"the training did not go on: {end.words()[-300:]}"
        if newest.name not in end.words():
            return f"the training did not name {newest.name}: {end.words()}"
        return None if resumed.outcome() == job.outcome() else "the end is not that of the undamaged run"

    yield newest.read_bytes(), look


def archives(folder: Path, archive: Path, tally: Tally) -> Iterator[tuple[bytes, Look]]:
    """A dataset archive: what is read is told to be damaged, or is what was written."""
    victim = folder / "victim.zip"

    def content_of(path: Path) -> tuple[Any, ...]:
        dataset = ImageDataset(path, use_labels=has_labels)
        images, labels = dataset.load_all()
        return dataset.names, dataset.class_names, images.numpy().tobytes(), np.asarray(labels).tobytes()

    has_labels = ImageDataset(archive).has_labels
    original = content_of(archive)

    def look(content: bytes, number: int) -> Outcome:
        victim.write_bytes(content)
        found: list[Any] = []
        wrong = refused(lambda: found.append(content_of(victim)), victim.name)
        if found and found[0] == original:
            tally.note("in bytes of an archive that carry nothing")
            return None
        return wrong

    yield archive.read_bytes(), look


def shards(folder: Path, inputs: Path) -> Iterator[tuple[bytes, Look]]:
    """A finished shard of a bulk job, which the same command finds and paints again."""
    job = GenerationJob(folder, inputs, images=12, shards=3)
    require(finish(job.arguments, folder), "the job")
    whole = job.outcome()
    shard = job.place / "shard-00001.zip"

    def look(content: bytes, number: int) -> Outcome:
        shard.write_bytes(content)
        end = finish(job.arguments, folder)
        if end.status != 0 or f"{shard} is damaged: it is painted again" not in end.words():
            return f"the damage was not told: {end.words()[-300:]}"
        return None if job.outcome() == whole and digest(shard) == whole[shard.name] else "it was not mended"

    yield shard.read_bytes(), look
