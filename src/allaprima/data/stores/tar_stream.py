"""One shard out of a command, read forward once."""

import shlex
import subprocess
import tarfile
import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from tempfile import TemporaryFile
from typing import IO

from allaprima.data.stores.label_texts import ENDINGS, key_of, label_text
from allaprima.data.stores.remote import DELAYS
from allaprima.data.stores.strict_tar import StrictTarInfo
from allaprima.errors import DataError
from allaprima.images.formats import is_image_name

PATIENCE = 5.0
"""Seconds for a command to end by itself after what it wrote turned out to be broken."""


@dataclass(frozen=True, slots=True)
class Sample:
    """An image of a stream.

    Attributes:
        name: The number of its shard and its name there.
        content: Its file.
        text: Its label, as JSON or a word; empty without.
    """

    name: str
    content: bytes
    text: bytes


def samples(command: str, number: int) -> Iterator[Sample]:
    """Run a command and give the images of the tar archive that it writes; if it fails, try again where it broke off.

    Args:
        command: A program and its arguments. No shell reads it, only quotes and backslashes mean something.
        number: Of the shard.

    Raises:
        DataError: The last try failed.
    """
    given = 0
    for delay in (*DELAYS, None):
        try:
            for place, sample in enumerate(_samples_once(command, number)):
                if place >= given:
                    given += 1
                    yield sample
        except DataError:
            if delay is None:
                raise
            time.sleep(delay)
        else:
            return


def _samples_once(command: str, number: int) -> Iterator[Sample]:
    with output_of(command) as output:
        try:
            with tarfile.open(fileobj=output, mode="r|*", tarinfo=StrictTarInfo) as archive:
                yield from _grouped(archive, number)
        except (tarfile.TarError, EOFError, zlib.error, OSError) as error:
            raise DataError(f"what {command!r} writes is no complete tar archive: {error}") from error


def _grouped(archive: tarfile.TarFile, number: int) -> Iterator[Sample]:
    """Put the files of one key together, which lie side by side."""
    key: str | None = None
    images: list[tuple[str, bytes]] = []
    texts: dict[str, bytes] = {}
    while (member := archive.next()) is not None:
        archive.members.clear()  # type: ignore[attr-defined]  # else it remembers all of them
        name = member.name.removeprefix("./")
        if key_of(name) != key:
            yield from _finished(images, texts, number)
            key, images, texts = key_of(name), [], {}
        ending = name[len(key_of(name)) :].lower()
        if not member.isreg() or not (is_image_name(name) or ending in ENDINGS):
            continue
        file = archive.extractfile(member)
        content = b"" if file is None else file.read()
        if is_image_name(name):
            images.append((name, content))
        else:
            texts[ending] = label_text(content, ending)
    yield from _finished(images, texts, number)


def _finished(images: list[tuple[str, bytes]], texts: dict[str, bytes], number: int) -> Iterator[Sample]:
    text = next((texts[ending] for ending in ENDINGS if texts.get(ending)), b"")
    for name, content in images:
        yield Sample(f"{number:06d}/{name}", content, text)


@contextmanager
def output_of(command: str) -> Iterator[IO[bytes]]:
    """Run a command and give what it writes; it is ended when nobody reads on.

    Raises:
        DataError: There is no such program, or it ended with an error.
    """
    with TemporaryFile() as complaints:
        try:
            process = subprocess.Popen(
                shlex.split(command), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=complaints
            )
        except (OSError, ValueError, IndexError) as error:
            raise DataError(f"the command {command!r} cannot be run: {error}") from error
        assert process.stdout is not None
        try:
            broken: DataError | None = None
            try:
                yield process.stdout
                while process.stdout.read(1 << 16):
                    pass  # padding behind the archive's end
            except DataError as error:
                broken = error
            process.stdout.close()
            with suppress(subprocess.TimeoutExpired):
                process.wait(PATIENCE if broken else None)
            if (process.returncode or 0) > 0:  # less than 0: a signal, as nobody reads what it writes
                raise DataError(_failure(command, process.returncode, complaints)) from broken
            if broken:
                raise broken
        finally:
            process.kill()
            process.stdout.close()
            process.wait()


def _failure(command: str, status: int, complaints: IO[bytes]) -> str:
    complaints.seek(0)
    lines = complaints.read().decode("utf-8", "replace").strip().splitlines()
    said = f": {lines[-1].strip()}" if lines else ""
    return f"the command {command!r} ended with status {status}{said}"
