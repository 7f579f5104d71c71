"""Fetching a large file from the web: goes on where it broke off, and leaves the right bytes or none.

What arrives is kept in ``PATH.part`` until it is complete and its hash is right; then it becomes ``PATH`` in one step.
An attempt goes on where the last one ended, also after days, if the server still has the same version of the file
(``Range`` with ``If-Range``, RFC 9110, 13.1.5 and 14.2); if it does not say which version it has, all is fetched anew.
"""

import http.client
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from allaprima.errors import ConfigError, DownloadError, OutputError
from allaprima.interchange.limits import MIB, Limits
from allaprima.interchange.partial_file import PartialFile, only_one, sha256_of
from allaprima.interchange.web import (
    BrokenOffError,
    Marks,
    NoSuchRangeError,
    RefusedError,
    content_range,
    in_words,
    is_web_address,
    looks_like_a_page,
    marks_of,
    open_url,
    require_file,
)

Progress = Callable[[int, int | None], None]
"""Called with the number of bytes that are there, and of all (None if the server does not say)."""

CHUNK = 256 * 1024
MOST_BYTES = Limits().file_bytes


class WrongBytesError(DownloadError):
    """The file arrived, but it is not the one of the hash."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How often to try again.

    Attributes:
        attempts: In a row that bring less than ``worthwhile_bytes`` of new data.
        pause_seconds: Before the second one; each further pause is twice as long.
        timeout_seconds: How long the server may be silent.
        worthwhile_bytes: New data that make up for the failures before.
    """

    attempts: int = 4
    pause_seconds: float = 1.0
    timeout_seconds: float = 30.0
    worthwhile_bytes: int = MIB

    def __post_init__(self) -> None:
        if self.attempts < 1 or self.pause_seconds < 0 or self.timeout_seconds <= 0 or self.worthwhile_bytes < 1:
            raise ConfigError("patience needs at least one attempt, a time to wait and a number of bytes")


PATIENT = Patience()


def download(
    url: str,
    path: Path,
    *,
    sha256: str | None = None,
    progress: Progress | None = None,
    patience: Patience = PATIENT,
) -> str:
    """Fetch ``url`` to ``path``, unless the right file is there already; other processes that want it, too, wait.

    Args:
        url: An https address.
        path: Where the file shall be; its directory is made.
        sha256: What its hash must be, if that is known.
        progress: Called as bytes arrive.
        patience: How often to try again.

    Returns:
        The SHA-256 of the file.

    Raises:
        WrongBytesError: It is not the file of the hash. Nothing of it is kept.
        DownloadError: It cannot be fetched; what has arrived is kept for the next time.
        OutputError: The disk is full, or cannot be written.
    """
    if not is_web_address(url):
        raise DownloadError(f"{url!r} is no https address, and files are fetched from no other")
    with only_one(path):
        if path.is_file():
            digest = _digest(path)
            if sha256 in (None, digest):
                return digest
        partial = PartialFile(path, url)
        for is_last in (False, True):
            began_with = partial.size
            _fetch(partial, progress, patience)
            digest = _digest(partial.part)
            if sha256 in (None, digest):
                partial.finish()
                return digest
            partial.discard()
            if is_last or not began_with:  # two halves of different files are worth another attempt
                break
    raise WrongBytesError(
        f"what {url} sent has the SHA-256 {digest}, not the expected {sha256}:"
        f" it was damaged or replaced, so nothing of it is kept; the right file would belong at {path}"
    )


def _fetch(partial: PartialFile, progress: Progress | None, patience: Patience) -> None:
    """All bytes, in as many attempts as it takes. Raises `DownloadError`."""
    failures, most = 0, partial.size
    while True:
        try:
            return _attempt(partial, progress, patience.timeout_seconds)
        except RefusedError as error:
            raise _failure(partial, error) from error
        except BrokenOffError as error:
            failures = 1 if partial.size - most >= patience.worthwhile_bytes else failures + 1
            most = max(most, partial.size)
            if failures >= patience.attempts:
                raise _failure(partial, error) from error
            time.sleep(patience.pause_seconds * 2 ** (failures - 1))


def _attempt(partial: PartialFile, progress: Progress | None, timeout: float) -> None:
    """What is missing. Raises `RefusedError` or `BrokenOffError`."""
    known = partial.marks()
    offset = partial.size if known.validator else 0
    if offset and offset == known.total:
        return  # complete, but the process ended before it got its name
    try:
        with open_url(partial.url, offset=offset, marks=known, timeout=timeout) as response:
            require_file(response)
            marks = marks_of(response)
            start = _start(response, offset, known, marks)
            if start and marks.total is None:
                marks = replace(marks, total=known.total)
            _require_room(partial, marks.total)
            _receive(response, partial, start, marks, progress)
    except NoSuchRangeError:
        partial.discard()
        raise
    if marks.total is not None and partial.size < marks.total:
        raise BrokenOffError(f"the server fell silent after {partial.size:,} of {marks.total:,} bytes")


def _start(response: http.client.HTTPResponse, offset: int, known: Marks, marks: Marks) -> int:
    """The byte at which the answer begins: ``offset``, or 0 if the server sends everything."""
    span = content_range(response)
    if span is None:
        return 0
    if span[0] != offset or not offset:
        raise NoSuchRangeError(f"the server sends the bytes from {span[0]:,} on, but {offset:,} were asked for")
    if known.contradicts(marks) or (marks.total is not None and marks.total < offset):
        raise NoSuchRangeError("the file on the server has changed while it was being fetched")
    return offset


def _require_room(partial: PartialFile, total: int | None) -> None:
    if total is None:
        return
    if total > MOST_BYTES:
        raise RefusedError(f"the file has {total:,} bytes, more than any model")
    free = shutil.disk_usage(partial.path.parent).free + partial.size
    if total > free:
        raise OutputError(f"{partial.path} needs {total:,} bytes, but the disk has only {free:,} left")


def _receive(
    response: http.client.HTTPResponse, partial: PartialFile, start: int, marks: Marks, progress: Progress | None
) -> None:
    """Append what the server sends to the first ``start`` bytes; the rest goes once something new is here."""
    size, most = start, MOST_BYTES if marks.total is None else marks.total
    chunk = _read(response, size)
    if start == 0 and looks_like_a_page(chunk):
        raise RefusedError("the server sends a page instead of the file")
    partial.begin(start, marks)
    with partial.writing():
        file = partial.part.open("ab")
    with file:
        while chunk:
            size += len(chunk)
            if size > most:
                raise NoSuchRangeError(f"the server sends more than the {most:,} bytes of the file")
            with partial.writing():
                file.write(chunk)
                file.flush()
            if progress is not None:
                progress(size, marks.total)
            chunk = _read(response, size)


def _read(response: http.client.HTTPResponse, size: int) -> bytes:
    try:
        return response.read(CHUNK)
    except (OSError, http.client.HTTPException) as error:
        raise BrokenOffError(f"the connection broke after {size:,} bytes ({in_words(error)})") from error


def _failure(partial: PartialFile, reason: Exception) -> DownloadError:
    return DownloadError(
        f"cannot download {partial.url}: {reason}; fetch it in another way and put it at {partial.path}"
    )


def _digest(path: Path) -> str:
    try:
        return sha256_of(path)
    except OSError as error:
        raise OutputError(f"cannot read {path} back: {error.strerror or error}") from error
