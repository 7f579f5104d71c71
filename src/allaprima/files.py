"""Files that appear complete or not at all."""

import errno
import glob
import os
import platform
import re
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from allaprima.errors import OutputError

PRIVATE = 0o600

FAILURES = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO, errno.EFBIG)
"""What a disk says that cannot be written any further."""


@contextmanager
def atomic_path(path: Path) -> Iterator[Path]:
    """Give a temporary path beside ``path``; on success its file is synced to disk and renamed to ``path``.

    Whatever goes wrong, ``path`` keeps what it held before and the temporary file is removed. A process that is killed
    leaves at most a hidden file ``.NAME.MACHINE-PID.tmp``: see `remove_leftovers`. An `OSError` becomes an
    `OutputError` that names ``path``. Until it is complete nobody else can read it; then the umask says who can.
    """
    temporary = path.with_name(f".{path.name}.{_machine()}-{os.getpid()}.tmp")
    try:
        mode = _make_private(temporary)
        yield temporary
        temporary.chmod(mode)
        sync(temporary)
        temporary.replace(path)
        sync(path.parent)
    except OutputError:
        raise
    except OSError as error:
        raise OutputError(f"cannot write {path}: {error.strerror or error}") from error
    except Exception as error:
        if (failure := _of_the_disk(error)) is None:
            raise
        raise OutputError(f"cannot write {path}: {failure.strerror}") from error
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)


def _make_private(temporary: Path) -> int:
    """Make an empty file that is nobody else's business; give the mode that the user's files have.

    It is a new one: what somebody may have laid there, a link to another file say, is not written through.
    """
    temporary.unlink(missing_ok=True)  # of a killed process that had this number
    handle = os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666)
    try:
        mode = stat.S_IMODE(os.fstat(handle).st_mode)
        if hasattr(os, "fchmod"):  # not on Windows
            os.fchmod(handle, PRIVATE)
    finally:
        os.close(handle)
    return mode


def _of_the_disk(error: BaseException) -> OSError | None:
    """The disk's failure that a library has told in other words, as `torch.save` does; None if it was another."""
    context = error.__cause__ or error.__context__
    while context is not None and not (isinstance(context, OSError) and context.errno in FAILURES):
        context = context.__cause__ or context.__context__
    return context


def remove_leftovers(path: Path) -> None:
    """Remove what killed processes of this machine have left of their writing of ``path``.

    It is for before a large file is written: it looks through the directory, too much for each of many small files.
    """
    beginning = f".{path.name}.{_machine()}-"
    for leftover in path.parent.glob(f"{glob.escape(beginning)}*.tmp"):
        number = leftover.name.removeprefix(beginning).removesuffix(".tmp")
        if number.isdecimal() and not _lives(int(number)):
            with suppress(OSError):
                leftover.unlink()


def _machine() -> str:
    """The machine's name as part of a file's."""
    return re.sub("[^A-Za-z0-9]", "_", platform.node())[:32]


def _lives(pid: int) -> bool:
    """Whether there is such a process; where the system cannot be asked, there is."""
    if os.name == "nt":  # where signal 0 is no question
        return True
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except OSError:
        return True  # of another user
    return True


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
