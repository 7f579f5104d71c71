"""Files that appear complete or not at all."""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from allaprima.errors import OutputError


@contextmanager
def atomic_path(path: Path) -> Iterator[Path]:
    """Give a temporary path beside ``path``; on success its file is synced to disk and renamed to ``path``.

    Whatever goes wrong, ``path`` keeps what it held before and the temporary file is removed. A process that is killed
    leaves at most a hidden file ``.NAME.PID.tmp``. An `OSError` becomes an `OutputError` that names ``path``.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        yield temporary
        sync(temporary)
        temporary.replace(path)
        sync(path.parent)
    except OutputError:
        raise
    except OSError as error:
        raise OutputError(f"cannot write {path}: {error.strerror or error}") from error
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)


@contextmanager
def atomic_file(path: Path) -> Iterator[BinaryIO]:
    """Open a file for writing that becomes ``path`` on success; see `atomic_path`."""
    with atomic_path(path) as temporary, temporary.open("w+b") as file:
        yield file


def write_bytes(path: Path, data: bytes) -> None:
    """Write ``data`` to ``path``, completely or not at all."""
    with atomic_path(path) as temporary:
        temporary.write_bytes(data)


def write_text(path: Path, text: str) -> None:
    """Write ``text`` to ``path`` as UTF-8, completely or not at all."""
    write_bytes(path, text.encode())


def lock(path: Path) -> BinaryIO | None:
    """Claim the file ``path`` for this process until the result is closed or the process ends, however it ends.

    Returns:
        The open file; None where the system or the file system has no locks.

    Raises:
        BlockingIOError: Another process holds it.
        OutputError: The file cannot be written.
    """
    try:
        import fcntl
    except ImportError:  # Windows
        return None
    try:
        file = path.open("a+b")
    except OSError as error:
        raise OutputError(f"cannot write {path}: {error.strerror or error}") from error
    try:
        fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        file.close()
        if error.errno in (errno.EACCES, errno.EAGAIN):
            raise BlockingIOError(f"{path} is locked") from error
        return None
    return file


def make_directory(path: Path) -> None:
    """Make ``path`` and its parents, unless they are there. Raises `OutputError`."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"cannot make the directory {path}: {error.strerror or error}") from error


def sync(path: Path) -> None:
    """Ask the disk to hold what was written to a file or a directory."""
    if os.name == "nt" and path.is_dir():
        return  # Windows has no handle for that
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
