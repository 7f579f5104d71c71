"""Films from the command line: progress with the time that is left, and Ctrl-C that leaves a film."""

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

INTERRUPTED = 130  # exit status after Ctrl-C


def film(out: Path, frames: "Iterable[NDArray[np.uint8]]", count: int, **style: Any) -> int:
    """Write a film of ``count`` frames and show how far it is; see `allaprima.images.film.write_film`.

    After Ctrl-C it says what the film holds, and exits with status 130.

    Returns:
        The number of frames.
    """
    from tqdm import tqdm

    from allaprima.images.film import write_film

    taken = 0

    def counted() -> "Iterator[NDArray[np.uint8]]":
        nonlocal taken
        for frame in tqdm(frames, total=count, unit="frame", disable=not sys.stderr.isatty(), leave=False):
            taken += 1  # before the writer has it: almost all time passes while it does, or while the next is made
            yield frame

    try:
        return write_film(out, counted(), **style)
    except KeyboardInterrupt:
        held = (
            f"{out} holds the first {taken} of {count} frames, and can be played" if taken else "before the film began"
        )
        click.echo(f"allaprima: stopped: {held}", err=True)
        sys.exit(INTERRUPTED)
