"""Films as steps of a task: written in a thread, while the task says how far it is."""

from collections.abc import Generator, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from allaprima.errors import OutputError
from allaprima.images.film import write_film

BETWEEN = 0.25  # seconds between two reports

Frames = Iterable[NDArray[np.uint8]]


def filmed(path: Path, frames: Frames, total: int, **style: Any) -> Generator[dict[str, Any], None, int]:
    """Write a film that appears under its name when it is complete; yields how far it is, returns how long it is.

    Args:
        path: Its name says its format.
        frames: As `allaprima.images.film.write_film` takes them.
        total: How many frames there will be.
        **style: Options of ``write_film``.

    Raises:
        ConfigError: Of ``write_film``.
        OutputError: The film cannot be written.
    """
    unfinished = path.with_name(f".{path.name}")  # its ending is that of the film: the writer goes by it
    taken = 0

    def counted() -> Iterator[NDArray[np.uint8]]:
        nonlocal taken
        for frame in frames:
            yield frame
            taken += 1

    with ThreadPoolExecutor(1, thread_name_prefix="task film") as thread:
        making = thread.submit(write_film, unfinished, counted(), **style)
        try:
            while not making.done():
                yield {"done": taken, "total": total, "note": "painting frame"}
                wait([making], timeout=BETWEEN)
            count = making.result()
            yield {"done": count, "total": total}
            unfinished.replace(path)
        except OSError as error:
            raise OutputError(f"cannot write {path.name}: {error.strerror or error}") from error
        finally:
            with suppress(OSError):
                unfinished.unlink(missing_ok=True)
    return count
