"""Can a damaged or hostile model file make us run something, hang, or use up the memory?

    python benchmarks/fuzz_pickles.py --mutations 100000 --progress fuzz.json

Takes the sample files of every era and a few files made here in the other formats, damages each in a few places (bits,
opcodes, lengths, pieces cut out, doubled, exchanged between files, names of things that run code put in), reads and
lists what comes out, and where there is a model in it, imports and builds it. Every event that Python's audit hooks
tell of is counted: imports, ``exec``, ``compile``, files opened, processes, sockets. Mutation i depends on the seed and
i alone. With ``--progress`` the command may be stopped and given again: it goes on where it was. Prints JSON; exit
status 1 if anything was run, hung, or grew too large.
"""

import argparse
import codecs
import io
import json
import os
import pickle
import pickletools
import random
import resource
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from measuring import show

from allaprima.errors import ModelFileError
from allaprima.interchange import describe, import_value, read_pickle_bytes
from allaprima.interchange.state_dict_file import export_state_dict
from allaprima.models import StyleGAN2Generator, build

PICKLES = Path(os.environ.get("ALLAPRIMA_REFERENCE", "/work/shared/reference")) / "pickles"
HANG = 5.0  # seconds
MEMORY = 2**30  # bytes beyond what was used before
LINES = 2000  # of the listing of what a file holds
EVERY = 500  # mutations after which the progress is written
HOSTILE = (
    b"cos\nsystem\n(S'touch canary'\ntR",
    b"cbuiltins\neval\n(S'1'\ntR",
    b"c__builtin__\nexec\n(V1\ntR",
    b"\x8c\x05posix\x8c\x06system\x93\x8c\x04true\x85R",
    b"(S'true'\nios\nsystem\n",
    b"(cos\nsystem\nS'true'\no",
    b"csubprocess\nPopen\n)R",
    b"ctorch\nload\n(U\x01xtR",
    b"cnumpy\nload\n(U\x01xtR",
    b"\x82\x01",
    b"\x97\x98",
)
EXTREMES = (b"\x00\x00\x00\x00", b"\xff\xff\xff\xff", b"\xff\xff\xff\x7f", b"\x00\x00\x00\x80", b"\x01\x00\x00\x00")
HARMLESS = {"builtins.id", "sys._getframe", "object.__getattr__", "object.__setattr__", "signal.setitimer"}


class Hang(BaseException):
    """A file took too long. Not an `Exception`: nothing may catch it."""


class Watch:
    """Counts what Python tells of while a file is read. A hook cannot be removed, so that there is one."""

    def __init__(self) -> None:
        self.is_on = False
        self.seen: Counter[str] = Counter()
        sys.addaudithook(self._note)

    def _note(self, event: str, arguments: tuple[Any, ...]) -> None:
        if self.is_on and event not in HARMLESS and not is_reading(event, arguments):
            self.seen[event] += 1

    @contextmanager
    def on(self) -> Iterator[None]:
        """Watch what is done within the block."""
        self.is_on = True
        try:
            yield
        finally:
            self.is_on = False


def is_reading(event: str, arguments: tuple[Any, ...]) -> bool:
    """Whether an event is the opening of a file to read it."""
    if event != "open":
        return False
    _, mode, flags = arguments
    return mode in ("r", "rb") or (mode is None and isinstance(flags, int) and not flags & (os.O_WRONLY | os.O_RDWR))


class Sample(NamedTuple):
    """A sound file, and the places in it where opcodes and lengths are."""

    data: bytes
    places: list[int]


def samples(folder: Path = PICKLES) -> dict[str, Sample]:
    """Give the sample files, if they are there, and files in the formats of which there is no sample."""
    files = {path.name: path.read_bytes() for path in sorted(folder.glob("*.pkl"))}
    state = {
        "g_ema": {"w": torch.randn(3, 4), "b": torch.zeros(3, dtype=torch.float16).t()},
        "latent_avg": torch.ones(4),
    }
    given = {**state, "args": argparse.Namespace(size=8, path="x"), "module": torch.nn.Linear(2, 3)}
    for is_zip in (True, False):
        file = io.BytesIO()
        torch.save(given, file, _use_new_zipfile_serialization=is_zip)
        files["zip.pt" if is_zip else "legacy.pt"] = file.getvalue()
    files |= exported()
    arrays = {"a": np.arange(12.0).reshape(3, 4), "b": np.float32(2), "c": np.zeros((2, 2), order="F"), "d": {1, 2}}
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        files[f"protocol{protocol}.pkl"] = pickle.dumps([arrays, (arrays, "é", -(2**40), 1.5, b"\x00", None)], protocol)
    return {name: Sample(data, places(data)) for name, data in files.items()}


def exported() -> dict[str, bytes]:
    """Give small models in the formats that we write ourselves."""
    size = {"height": 32, "width": 32, "img_channels": 3}
    G = build(StyleGAN2Generator(**size, z_dim=16, w_dim=16, map_depth=2, channel_base=256, channel_max=16))
    files = {}
    with tempfile.TemporaryDirectory() as folder:
        export_state_dict({"G_ema": G}, Path(folder) / "names.pth")
        files["names.pth"] = (Path(folder) / "names.pth").read_bytes()
    return files


def places(data: bytes) -> list[int]:
    """Where the opcodes of a pickle begin; in files within the file: all of their first bytes."""
    if data[:2] == b"PK":
        start = data.index(b"\x80\x02")
        return [*range(start, start + 1000), *range(len(data) - 2000, len(data))]
    found, file = [], io.BytesIO(data)
    while file.tell() < len(data):
        try:
            for _, argument, position in pickletools.genops(file):
                found.append(position or 0)
                if isinstance(argument, bytes) and argument[:1] == b"\x80":
                    found += range(position or 0, (position or 0) + 300, 3)
        except ValueError:  # the storages that follow
            break
    return found


def mutate(files: dict[str, Sample], chance: random.Random) -> bytes:
    """Damage one of the files in one to four places."""
    data, where = files[chance.choice(sorted(files))]
    other = files[chance.choice(sorted(files))]
    mutated = bytearray(data)
    for _ in range(chance.choice((1, 1, 1, 2, 3, 4))):
        at = chance.choice(where) if chance.random() < 0.8 else chance.randrange(len(data))
        chance.choice(MUTATIONS)(mutated, min(at, max(len(mutated) - 1, 0)), other, chance)
    return bytes(mutated)


def _piece(other: Sample, chance: random.Random) -> bytes:
    at = chance.choice(other.places)
    return other.data[at : at + chance.choice((1, 2, 8, 64, 512, 4096))]


def flip_bit(data: bytearray, at: int, _: Sample, chance: random.Random) -> None:
    data[at : at + 1] = bytes(byte ^ 1 << chance.randrange(8) for byte in data[at : at + 1])


def set_byte(data: bytearray, at: int, _: Sample, chance: random.Random) -> None:
    data[at + chance.randrange(5) : at + 5] = chance.randbytes(1)


def set_opcode(data: bytearray, at: int, _: Sample, chance: random.Random) -> None:
    data[at : at + 1] = chance.choice(pickletools.opcodes).code.encode("latin1")


def set_length(data: bytearray, at: int, _: Sample, chance: random.Random) -> None:
    data[at + 1 : at + 5] = chance.choice(EXTREMES)


def delete(data: bytearray, at: int, _: Sample, chance: random.Random) -> None:
    del data[at : at + chance.choice((1, 2, 5, 40, 1000))]


def insert(data: bytearray, at: int, _: Sample, chance: random.Random) -> None:
    data[at:at] = chance.randbytes(chance.choice((1, 2, 8, 100)))


def repeat(data: bytearray, at: int, _: Sample, chance: random.Random) -> None:
    data[at:at] = data[at : at + chance.choice((1, 4, 30, 300))] * chance.choice((1, 2, 100))


def splice(data: bytearray, at: int, other: Sample, chance: random.Random) -> None:
    piece = _piece(other, chance)
    data[at : at + chance.choice((0, len(piece)))] = piece


def insert_hostile(data: bytearray, at: int, _: Sample, chance: random.Random) -> None:
    data[at:at] = chance.choice(HOSTILE)


def cut(data: bytearray, at: int, _: Sample, chance: random.Random) -> None:
    if chance.random() < 0.3:
        del data[at:]


Mutation = Callable[[bytearray, int, Sample, random.Random], None]
MUTATIONS: tuple[Mutation, ...] = (
    flip_bit,
    set_byte,
    set_opcode,
    set_opcode,
    set_length,
    delete,
    insert,
    repeat,
    splice,
    insert_hostile,
    cut,
)


def attempt(data: bytes) -> str:
    """Read a file, list what it holds, build the networks in it; anything but an error of our own goes through."""
    try:
        value = read_pickle_bytes(data)
        for _ in islice(describe(value), LINES):
            pass
    except ModelFileError as error:
        return "refused" if "which no model needs" in str(error) else "broken"
    try:
        for network in import_value(value).networks.values():
            network.build()
    except ModelFileError:
        return "read"
    return "built"


def warm_up(files: dict[str, Sample]) -> None:
    """Let Python import now what it imports late."""
    codecs.lookup("cp437")  # of names in zip files
    for sample in files.values():
        attempt(sample.data)


@contextmanager
def alarm(seconds: float) -> Iterator[None]:
    """Raise `Hang` if the block takes longer."""

    def ring(*_: Any) -> None:
        raise Hang

    signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def memory() -> int:
    """Give the most memory that this process ever used."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def fuzz(files: dict[str, Sample], first: int, last: int, seed: int, watch: Watch) -> dict[str, Any]:
    """Try mutations ``first`` to ``last`` - 1."""
    outcomes: Counter[str] = Counter()
    slowest, hung, events = 0.0, [], Counter(watch.seen)
    for i in range(first, last):
        data = mutate(files, random.Random(f"{seed}/{i}"))
        begun = time.perf_counter()
        try:
            with alarm(HANG), watch.on():
                outcomes[attempt(data)] += 1
        except Hang:
            hung.append(i)
        slowest = max(slowest, time.perf_counter() - begun)
    return {"outcomes": dict(outcomes), "slowest": slowest, "hung": hung, "events": dict(watch.seen - events)}


def joined(a: dict[str, Any], b: dict[str, Any]) -> dict[str, Any]:
    """Sum up two parts."""
    return {
        "outcomes": dict(Counter(a["outcomes"]) + Counter(b["outcomes"])),
        "slowest": max(a["slowest"], b["slowest"]),
        "hung": a["hung"] + b["hung"],
        "events": dict(Counter(a["events"]) + Counter(b["events"])),
    }


NOTHING: dict[str, Any] = {"outcomes": {}, "slowest": 0.0, "hung": [], "events": {}}


def bench(mutations: int, seed: int, progress: Path | None) -> dict[str, Any]:
    """Try all mutations, from where an earlier command was stopped."""
    files, watch = samples(), Watch()
    warm_up(files)
    before = memory()
    done: dict[str, Any] = {"next": 0, "seed": seed, "grown": 0, "seconds": 0, **NOTHING}
    if progress and progress.exists():
        done = json.loads(progress.read_text())
        if done["seed"] != seed:
            raise SystemExit(f"{progress} is the progress of seed {done['seed']}")
    while done["next"] < mutations:
        begun, last = time.perf_counter(), min(done["next"] + EVERY, mutations)
        part = fuzz(files, done["next"], last, seed, watch)
        seconds = done["seconds"] + time.perf_counter() - begun
        grown = max(done["grown"], memory() - before)
        done = {**joined(done, part), "next": last, "seed": seed, "grown": grown, "seconds": seconds}
        if progress:
            part_file = progress.with_suffix(".part")
            part_file.write_text(json.dumps(done))
            part_file.replace(progress)
    return {
        "mutations": done["next"],
        "samples": len(files),
        **done["outcomes"],
        "executions": sum(done["events"].values()),
        "events": done["events"],
        "hung": done["hung"],
        "slowest_seconds": round(done["slowest"], 3),
        "memory_grown_mb": round(done["grown"] / 2**20, 1),
        "seconds": round(done["seconds"], 1),
        "safe": not (done["events"] or done["hung"] or done["grown"] > MEMORY),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mutations", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--progress", type=Path, help="file to keep the progress in, and to go on from")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    figures = bench(arguments.mutations, arguments.seed, arguments.progress)
    show({"seed": arguments.seed, **figures})
    sys.exit(0 if figures["safe"] else 1)


if __name__ == "__main__":
    main()
