"""A file that is being fetched: what has arrived of it, of which version, and that only one process fetches it."""

import hashlib
import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict
from pathlib import Path

from allaprima.errors import OutputError
from allaprima.files import make_directory, sync, write_text
from allaprima.interchange.web import Marks

POLL_SECONDS = 0.2


class PartialFile:
    """``PATH.part`` with what has arrived, and ``PATH.part.json`` with where it comes from; both go in the end."""

    def __init__(self, path: Path, url: str) -> None:
        self.path = path
        self.url = url
        self.part = path.with_name(path.name + ".part")
        self.memo = path.with_name(path.name + ".part.json")

    @property
    def size(self) -> int:
        """Number of bytes that have arrived."""
        try:
            return self.part.stat().st_size
        except FileNotFoundError:
            return 0

    def marks(self) -> Marks:
        """The version that the bytes belong to; empty if nobody knows, so that they cannot be gone on with."""
        try:
            memo = json.loads(self.memo.read_text(encoding="utf-8"))
            marks = Marks(etag=memo["etag"], modified=memo["modified"], total=memo["total"])
            texts_fit = all(isinstance(text, str | None) for text in (marks.etag, marks.modified))
            known = memo["url"] == self.url and texts_fit and isinstance(marks.total, int | None)
        except (OSError, ValueError, KeyError, TypeError, RecursionError):
            return Marks()
        return marks if known else Marks()

    def begin(self, start: int, marks: Marks) -> None:
        """Get ready for bytes from ``start`` on, of the version ``marks``. Raises `OutputError`."""
        with self.writing():
            with self.part.open("ab") as file:
                file.truncate(start)
            write_text(self.memo, json.dumps({"url": self.url, **asdict(marks)}))

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Whatever the disk says is an `OutputError`."""
        try:
            yield
        except OutputError:
            raise
        except OSError as error:
            raise OutputError(f"cannot write {self.part}: {error.strerror or error}") from error

    def discard(self) -> None:
        """Forget all that has arrived."""
        with self.writing():
            self.part.unlink(missing_ok=True)
            self.memo.unlink(missing_ok=True)

    def finish(self) -> None:
        """Make it the file itself, in one step. Raises `OutputError`."""
        with self.writing():
            sync(self.part)
            self.part.replace(self.path)
            sync(self.path.parent)
            self.memo.unlink(missing_ok=True)


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file, in hexadecimals."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextmanager
def only_one(path: Path) -> Iterator[None]:
    """Wait until no other thread or process works on ``path``, and let none begin. Raises `OutputError`.

    Holds a lock on ``.NAME.lock`` beside it, which ends with the process. Systems without `fcntl` have no such lock.
    """
    make_directory(path.parent)
    lock = path.with_name(f".{path.name}.lock")
    while (handle := _claim(lock)) is None:
        time.sleep(POLL_SECONDS)
    try:
        yield
    finally:
        with suppress(OSError):
            lock.unlink(missing_ok=True)
        os.close(handle)


def _claim(lock: Path) -> int | None:
    """Hold the lock file; None if someone else does."""
    try:
        handle = os.open(lock, os.O_RDWR | os.O_CREAT, 0o666)
    except OSError as error:
        raise OutputError(f"cannot write {lock}: {error.strerror or error}") from error
    try:
        import fcntl

        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except ImportError:  # Windows
        return handle
    except BlockingIOError:
        os.close(handle)
        return None
    except OSError:  # a file system without locks
        return handle
    with suppress(OSError):
        if os.path.samestat(os.fstat(handle), lock.stat()):  # not one that its holder has just removed
            return handle
    os.close(handle)
    return None
